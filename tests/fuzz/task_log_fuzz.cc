// The spawner's log of tasks: damaged in any way it is read to its end, and what it says of a task it says
// once.
//
// The input is one byte of damage, its place (2 bytes), then records, each behind a byte with its length:
// hashes that fit are made here, a fuzzer would not find them.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "common/check.h"
#include "worker/spawner/task_log.h"

namespace {

void Check(std::string_view bytes) {
  const bsub::spawner::RecoveredLog log = bsub::spawner::RecoverTaskLog(bytes);
  BSUB_CHECK(log.good_bytes <= bytes.size());
  BSUB_CHECK(log.damage.empty() == (log.good_bytes == bytes.size())) << log.damage;
  std::set<std::string> seen;
  for (const auto& launched : log.running)
    BSUB_CHECK(seen.insert(launched.attempt().SerializeAsString()).second);
  for (const auto& status : log.unacknowledged)
    BSUB_CHECK(seen.insert(status.attempt().SerializeAsString()).second);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Check({reinterpret_cast<const char*>(data), size});
  if (size < 3) return 0;
  std::string bytes;
  for (std::size_t at = 3; at < size;) {
    const std::size_t length = std::min<std::size_t>(data[at], size - at - 1);
    bsub::v1::spawner::LogRecord record;
    if (record.ParseFromArray(data + at + 1, static_cast<int>(length)))
      bsub::spawner::AppendRecord(bytes, record);
    at += 1 + length;
  }
  if (bytes.empty()) return 0;
  const std::size_t place = static_cast<std::size_t>(data[1] << 8 | data[2]) % bytes.size();
  bytes[place] = static_cast<char>(bytes[place] ^ data[0]);
  Check(bytes);
  return 0;
}
