// Fixed-width little-endian integers in byte strings: what the headers of our file formats are made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bsub::journal {

template <typename T>
void PutFixed(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

// The caller has checked that `bytes` reaches offset + sizeof(T).
template <typename T>
T GetFixed(std::string_view bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(
        value | static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes[offset + i])) << (8 * i)));
  }
  return value;
}

}  // namespace bsub::journal
