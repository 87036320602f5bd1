// The program bsub-lite-supervisor: see cli/supervisor/supervisor.h. Started by `bsub-lite up` and `down`.
#include <linux/close_range.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "cli/supervisor/supervisor.h"

namespace {

constexpr const char* kUsage =
    "Usage: bsub-lite-supervisor --home DIR --programs DIR [--stop]\n\n"
    "Keeps the daemons of the cluster in DIR running. Started by bsub-lite up, ended by bsub-lite down.\n"
    "SIGTERM ends the daemons and then it; a second SIGTERM gives tasks no more grace.\n";

}  // namespace

int main(int argc, char** argv) {
  bsub::cli::SupervisorOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") {
      std::fputs(kUsage, stdout);
      return 0;
    }
    if (word == "--stop") {
      options.stop_only = true;
    } else if (word == "--home" && i + 1 < argc) {
      options.home = argv[++i];
    } else if (word == "--programs" && i + 1 < argc) {
      options.programs = argv[++i];
    } else {
      std::fprintf(stderr, "bsub-lite-supervisor: unknown option %s\n%s", argv[i], kUsage);
      return 2;
    }
  }
  if (options.home.empty() || options.programs.empty()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  // What was open where `up` ran is none of ours; a pipe kept open would make others wait.
  syscall(SYS_close_range, 3U, ~0U, 0U);
  signal(SIGHUP, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  if (chdir("/") != 0) return 1;
  auto supervisor = bsub::cli::Supervisor::Create(options);
  bsub::Status ended;
  if (supervisor) ended = (*supervisor)->Run();
  const bsub::Error* error = !supervisor ? &supervisor.error() : !ended ? &ended.error() : nullptr;
  if (error == nullptr) return 0;
  std::fprintf(stderr, "bsub-lite-supervisor: %s\n", error->message.c_str());
  return 1;
}
