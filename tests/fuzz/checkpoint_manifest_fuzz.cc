// A manifest and an owner file, damaged in any way: refused, or what encodes to the same bytes again and
// names nothing outside of itself. The checksum is made here, a fuzzer would not find it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "checkpoint/src/block_reader.h"
#include "checkpoint/src/checked_text.h"
#include "checkpoint/src/manifest.h"
#include "checkpoint/src/number_type.h"
#include "checkpoint/src/owner.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckManifest(const std::string& text) {
  const auto manifest = bsub::ckpt::Decode(text);
  if (!manifest) return;
  const auto again = bsub::ckpt::Decode(bsub::ckpt::Encode(*manifest));
  Require(again && *again == *manifest);
  Require(manifest->sources().back() == manifest->generation);
  for (const bsub::ckpt::Shard& shard : manifest->shards) {
    for (const bsub::ckpt::StoredPart& part : shard.parts) {
      const auto* type = bsub::ckpt::FindType(manifest->FindDataset(part.dataset)->type);
      std::uint64_t bytes = 0;
      for (const auto& block : bsub::ckpt::BlocksOf(part, shard.rank, type->bytes, 0)) bytes += block.bytes;
      Require(bytes == part.box.elements() * type->bytes);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  CheckManifest(body);
  CheckManifest(bsub::ckpt::AddChecksum("bsub-checkpoint", body));
  const auto owner = bsub::ckpt::DecodeOwner(bsub::ckpt::AddChecksum("bsub-checkpoint-owner", body));
  if (owner) Require(*bsub::ckpt::DecodeOwner(bsub::ckpt::Encode(*owner)) == *owner);
  return 0;
}
