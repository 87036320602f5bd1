// The physical limit of running many small programs: a loop of posix_spawn and waitpid, and nothing else.
//
//   bench-spawn-loop TASKS THREADS PROGRAM [ARGUMENT...]      prints
//   {"tasks":…,"threads":…,"seconds":…,"per_second":…}
#include <spawn.h>
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

extern char** environ;

namespace {

// Takes numbers below `tasks` until there are none; false if one could not be started or failed.
void RunTasks(std::atomic<int>& next, int tasks, char** argv, std::atomic<bool>& good) {
  while (next.fetch_add(1) < tasks) {
    pid_t pid = 0;
    int status = 0;
    if (posix_spawn(&pid, argv[0], nullptr, nullptr, argv, environ) != 0 || waitpid(pid, &status, 0) != pid ||
        status != 0) {
      good = false;
      return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int tasks = argc > 3 ? std::atoi(argv[1]) : 0;
  const int threads = argc > 3 ? std::atoi(argv[2]) : 0;
  if (tasks < 1 || threads < 1) {
    std::fprintf(stderr,
                 "usage: bench-spawn-loop TASKS THREADS PROGRAM [ARGUMENT...]; PROGRAM is a full path\n");
    return 2;
  }
  std::atomic<int> next{0};
  std::atomic<bool> good{true};
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> pool;
  for (int i = 0; i < threads; ++i) pool.emplace_back([&] { RunTasks(next, tasks, argv + 3, good); });
  for (std::thread& thread : pool) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!good) {
    std::fprintf(stderr, "bench-spawn-loop: %s could not be started or did not exit with 0\n", argv[3]);
    return 1;
  }
  std::printf("{\"tasks\": %d, \"threads\": %d, \"seconds\": %.3f, \"per_second\": %.0f}\n", tasks, threads,
              seconds, tasks / seconds);
  return 0;
}
