// Anything a node may send: taken as inputs of the core or refused with a one-line message.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/utf8.h"
#include "scheduler/rpc/node_translation.h"

namespace {

template <typename T>
void CheckMessage(const bsub::Result<T>& result) {
  if (!result && result.error().message.find('\n') != std::string::npos) std::abort();
}

void CheckReport(const bsub::v1::TaskReport& report) {
  const auto task = bsub::rpc::TranslateTask(report);
  CheckMessage(task);
  if (task && bsub::ToUtf8(task->end.reason) != task->end.reason) std::abort();  // it goes into strings again
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bsub::v1::FromNode message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  if (message.has_hello()) CheckMessage(bsub::rpc::TranslateHello(message.hello()));
  if (message.has_task()) CheckReport(message.task());
  for (const bsub::v1::TaskReport& report : message.tasks().tasks()) CheckReport(report);
  return 0;
}
