// Snapshot chunks: any bytes can be decoded or refused, and an accepted state encodes to one that decodes to
// it.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/check.h"
#include "scheduler/core/state_hash.h"
#include "scheduler/journal/snapshot_codec.h"
#include "tests/support/journal/decoded_state.h"

namespace {

using bsub::journal::test::DecodedState;

// Input: chunks, each behind two bytes of length.
std::vector<std::string> Split(std::string_view bytes) {
  std::vector<std::string> chunks;
  while (bytes.size() >= 2) {
    const std::size_t length = static_cast<std::uint8_t>(bytes[0]) | static_cast<std::uint8_t>(bytes[1]) << 8;
    chunks.emplace_back(bytes.substr(2, length));
    bytes.remove_prefix(std::min(bytes.size(), 2 + length));
  }
  return chunks;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto state = DecodedState(Split({reinterpret_cast<const char*>(data), size}));
  if (!state) return 0;
  std::vector<std::string> chunks;
  const auto encoded = bsub::journal::EncodeState(*state, {}, [&](std::string_view chunk) {
    chunks.emplace_back(chunk);
    return bsub::OkStatus();
  });
  BSUB_CHECK(encoded.has_value());
  const auto again = DecodedState(chunks);
  BSUB_CHECK(again.has_value()) << again.error().message;
  std::uint64_t children = 0;
  for (const auto& [id, job] : state->jobs) children += job.size();
  if (children > 100'000) return 0;  // hashing walks them one by one
  BSUB_CHECK(bsub::sched::HashOf(*again) == bsub::sched::HashOf(*state));
  return 0;
}
