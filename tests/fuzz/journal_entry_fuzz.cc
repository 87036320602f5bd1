// Entries: any bytes can be decoded or refused, and what is accepted encodes to the very same bytes.
#include <cstdint>
#include <string_view>

#include "common/check.h"
#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/entry_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto entry = bsub::journal::DecodeEntry(bytes);
  if (!entry) return 0;
  BSUB_CHECK(bsub::journal::EncodeEntry(*entry) == bytes);
  BSUB_CHECK(bsub::journal::EntryToJson(bytes).has_value());
  bsub::journal::PayloadsNamedBy(*entry);
  return 0;
}
