// bsub-lite-scheduler: the queue manager of one cluster.
#include <malloc.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "scheduler/daemon/daemon.h"
#include "scheduler/daemon/log.h"
#include "scheduler/daemon/options.h"

namespace bsub::daemon {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUse = 2;
constexpr int kDamaged = 3;

int Fail(const Error& error, int code) {
  std::fprintf(stderr, "bsub-lite-scheduler: %s\n", error.message.c_str());
  return code;
}

// The signals that end the daemon, blocked in all threads so that one waits for them.
sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Each client, node and file takes a descriptor; the usual soft limit of 1024 is for programs that use
// select(2).
void RaiseDescriptorLimit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

void SetAllocator(const MemorySettings& memory) {
  mallopt(M_MMAP_THRESHOLD, static_cast<int>(memory.mapped_bytes));
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(memory.spare_bytes));
}

int Serve(Options options) {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is an error of the write that meets it
  StartLog(options.settings.log_level);
  RaiseDescriptorLimit();
  SetAllocator(options.settings.memory);
  const pthread_t main_thread = pthread_self();
  auto daemon = Daemon::Start(std::move(options), [main_thread] { pthread_kill(main_thread, SIGTERM); });
  if (!daemon) return Fail(daemon.error(), daemon.error().code == Code::kDataLoss ? kDamaged : kFailed);
  int signal = 0;
  sigwait(&signals, &signal);
  Log(LogLevel::kInfo, {{"event", "stopping"}, {"signal", std::to_string(signal)}});
  (*daemon)->Stop();
  Log(LogLevel::kInfo, {{"event", "stopped"}});
  return 0;
}

int Main(const std::vector<std::string>& words) {
  auto options = ParseOptions(words);
  if (!options) return Fail(options.error(), kWrongUse);
  if (options->help) return std::fputs(HelpText().c_str(), stdout), 0;
  if (options->version) return std::puts("bsub-lite-scheduler " BSUB_VERSION), 0;
  if (options->print_settings) return std::fputs(PrintSettings(options->settings).c_str(), stdout), 0;
  return Serve(std::move(*options));
}

}  // namespace
}  // namespace bsub::daemon

int main(int argc, char** argv) { return bsub::daemon::Main({argv + 1, argv + argc}); }
