#include "checkpoint/src/window.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "checkpoint/src/checksum.h"
#include "checkpoint/src/file_system.h"

namespace bsub::ckpt {

void AppendWindows(std::size_t dataset, bool hashed, std::uint64_t offset, std::vector<WindowItem> items,
                   std::vector<Window>& windows) {
  Window window{dataset, hashed, offset, 0, {}};
  for (WindowItem& item : items) {
    const std::uint64_t bytes = item.bytes + item.padding;
    if (!window.items.empty() && window.bytes + bytes > kWindowBytes) {
      const std::uint64_t next = window.offset + window.bytes;
      windows.push_back(std::exchange(window, Window{dataset, hashed, next, 0, {}}));
    }
    window.bytes += bytes;
    window.items.push_back(item);
  }
  if (!window.items.empty()) windows.push_back(std::move(window));
}

std::uint64_t LargestWindow(std::uint64_t block_bytes) { return std::max(kWindowBytes, block_bytes); }

void CopyWindow(const Window& window, char* to) {
  for (const WindowItem& item : window.items) {
    std::memcpy(to, item.from, item.bytes);
    std::memset(to + item.bytes, 0, item.padding);
    to += item.bytes + item.padding;
  }
}

const char* InPlace(const Window& window) {
  const char* begin = window.items.front().from;
  const char* next = begin;
  for (const WindowItem& item : window.items) {
    if (item.from != next || item.padding != 0) return nullptr;
    next += item.bytes;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  return address % kDirectAlignment == window.offset % kDirectAlignment ? begin : nullptr;
}

void HashWindow(const Window& window, const char* data) {
  if (window.hashed) return;
  for (const WindowItem& item : window.items) {
    item.block->checksum = Checksum(data, item.bytes);
    data += item.bytes + item.padding;
  }
}

Outcome<std::string> Deflate(const char* data, std::uint64_t bytes, int level) {
  uLongf packed_bytes = ::compressBound(bytes);
  std::string packed(packed_bytes, '\0');
  const int code = ::compress2(reinterpret_cast<Bytef*>(packed.data()), &packed_bytes,
                               reinterpret_cast<const Bytef*>(data), bytes, level);
  if (code == Z_MEM_ERROR) return Failure{BSUB_CHECKPOINT_NO_MEMORY, "out of memory while compressing"};
  if (code != Z_OK) return InternalFailure("zlib cannot compress: code " + std::to_string(code));
  packed.resize(packed_bytes);
  return packed;
}

Done Inflate(const char* data, std::uint64_t packed_bytes, char* to, std::uint64_t bytes) {
  uLongf out = bytes;
  const int code =
      ::uncompress(reinterpret_cast<Bytef*>(to), &out, reinterpret_cast<const Bytef*>(data), packed_bytes);
  if (code == Z_MEM_ERROR) return Failure{BSUB_CHECKPOINT_NO_MEMORY, "out of memory while decompressing"};
  if (code != Z_OK || out != bytes) return Damaged("it cannot be decompressed");
  return {};
}

}  // namespace bsub::ckpt
