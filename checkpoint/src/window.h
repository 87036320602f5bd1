// Windows: whole blocks that lie one behind the other in a shard, about as many bytes as one write should
// have. What threads copy, hash, compress and write at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "checkpoint/src/manifest.h"
#include "checkpoint/src/result.h"

namespace bsub::ckpt {

inline constexpr std::uint64_t kWindowBytes = std::uint64_t{8} << 20;  // disks are at full speed from here on

struct WindowItem {
  StoredBlock* block = nullptr;
  std::uint64_t number = 0;  // of the block in its dataset in the file
  const char* from = nullptr;
  std::uint64_t bytes = 0;
  std::uint64_t padding = 0;  // zeros behind it, up to a full block
};

struct Window {
  std::size_t dataset = 0;
  bool hashed = false;       // the blocks' checksums are known already
  std::uint64_t offset = 0;  // in the file; of compressed blocks, nothing
  std::uint64_t bytes = 0;   // with padding
  std::vector<WindowItem> items;
};

// Cuts `items`, which follow each other from `offset` on, into windows and appends them.
void AppendWindows(std::size_t dataset, bool hashed, std::uint64_t offset, std::vector<WindowItem> items,
                   std::vector<Window>& windows);

// The largest window that blocks of `block_bytes` make.
std::uint64_t LargestWindow(std::uint64_t block_bytes);

void CopyWindow(const Window& window, char* to);
// Null unless the window's bytes lie in the program's memory as they are to be written.
const char* InPlace(const Window& window);
// Sets the blocks' checksums from the window's bytes.
void HashWindow(const Window& window, const char* data);

Outcome<std::string> Deflate(const char* data, std::uint64_t bytes, int level);
// Exactly `bytes` bytes must come out. DAMAGED.
Done Inflate(const char* data, std::uint64_t packed_bytes, char* to, std::uint64_t bytes);

}  // namespace bsub::ckpt
