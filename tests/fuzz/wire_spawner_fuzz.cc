// Anything a spawner may send to its agent: read or not, and whatever was read can be told to the scheduler,
// which reads it. Strings of protobuf that are no UTF-8 would end the stream there.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/bsub/v1/worker.pb.h"
#include "worker/daemon/spawner_link.h"
#include "worker/daemon/spawner_message.h"
#include "worker/rpc/translation.h"

namespace {

void Tell(const bsub::v1::spawner::TaskStatus& status) {
  bsub::v1::TaskReport said;
  bsub::worker::FillReport(bsub::worker::StateFrom(status), said);
  bsub::v1::TaskReport heard;
  if (!heard.ParseFromString(said.SerializeAsString())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bsub::v1::spawner::FromSpawner message;
  if (!bsub::worker::DecodeFromSpawner({reinterpret_cast<const char*>(data), size}, message)) return 0;
  if (message.has_task()) Tell(message.task());
  for (const auto& status : message.tasks().tasks()) Tell(status);
  return 0;
}
