// bsub-lite-agent: see --help.
#include <grpc/support/log.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>

#include "worker/daemon/agent.h"
#include "worker/daemon/settings.h"

namespace {

constexpr int kRefusedStatus = 2;  // also for wrong arguments: starting again will not help

int Fail(const bsub::Error& error, int status) {
  std::fprintf(stderr, "bsub-lite-agent: %s\n", error.message.c_str());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = bsub::worker::ParseArguments(argc, argv);
  if (!arguments) return Fail(arguments.error(), kRefusedStatus);
  if (!arguments->text.empty()) {
    std::fputs(arguments->text.c_str(), stdout);
    return 0;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("agent"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ agent: level=%l %v", spdlog::pattern_time_type::utc);
  // Its words reach the log as the reason why a stream was closed; on its own it repeats them without time or
  // level.
  gpr_set_log_function(
      [](gpr_log_func_args* args) { spdlog::debug("event=grpc text=\"{}\"", args->message); });
  bsub::worker::PrepareSignals();
  bsub::worker::Agent agent(arguments->settings);
  const auto ended = agent.Run();
  return ended ? 0 : Fail(ended.error(), kRefusedStatus);
}
