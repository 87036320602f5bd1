// Numbers, texts and lists as bytes, between processes of one program on one machine: both ends are the same
// program, so there is no version in it. Numbers are 8 bytes of this machine's order, texts and lists begin
// with their length. Writer and reader have the same calls, so that one function can walk a struct for both.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bsub::spawner {

class ByteWriter {
 public:
  template <typename Value>
  void Number(const Value& value) {
    const auto wide = static_cast<std::uint64_t>(value);
    bytes_.append(reinterpret_cast<const char*>(&wide), sizeof wide);
  }
  void Text(const std::string& text) {
    Number(text.size());
    bytes_ += text;
  }
  template <typename Value, typename Each>
  void List(const std::vector<Value>& list, Each each) {
    Number(list.size());
    for (const Value& value : list) each(value);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  template <typename Value>
  void Number(Value& value) {
    std::uint64_t wide = 0;
    if (rest_.size() < sizeof wide) {
      good_ = false;
      return;
    }
    std::memcpy(&wide, rest_.data(), sizeof wide);
    rest_.remove_prefix(sizeof wide);
    value = static_cast<Value>(wide);
  }
  void Text(std::string& text) {
    std::size_t size = 0;
    Number(size);
    if (!Has(size)) return;
    text.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  template <typename Value, typename Each>
  void List(std::vector<Value>& list, Each each) {
    std::size_t size = 0;
    Number(size);
    if (!Has(size)) return;  // each takes a byte at least
    list.resize(size);
    for (Value& value : list) each(value);
  }
  bool Done() const { return good_ && rest_.empty(); }

 private:
  bool Has(std::size_t size) { return good_ = good_ && size <= rest_.size(); }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace bsub::spawner
