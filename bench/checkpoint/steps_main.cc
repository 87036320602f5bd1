// bench-steps FILE STEPS MICROSECONDS: a program with a small state that saves by the library, for measuring
// what an interruption costs. Appends a line "restarts step nanoseconds" (CLOCK_REALTIME) to FILE after each
// step. Where it saves and how often, it hears from its environment.
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <bsub/checkpoint.hpp>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace bsub::bench {
namespace {

constexpr std::size_t kNumbers = 1 << 17;  // 1 MiB of doubles

std::int64_t RealtimeNanos() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

void Compute(std::vector<double>& numbers, std::int64_t micros) {
  for (const std::int64_t until = RealtimeNanos() + 1000 * micros; RealtimeNanos() < until;) numbers[0] += 1;
}

bool Tell(int file, std::uint64_t step) {
  const char* restarts = std::getenv("BSUB_RESTART_COUNT");
  std::array<char, 80> line{};
  const int size =
      std::snprintf(line.data(), line.size(), "%s %llu %lld\n", restarts == nullptr ? "0" : restarts,
                    static_cast<unsigned long long>(step), static_cast<long long>(RealtimeNanos()));
  return ::write(file, line.data(), static_cast<std::size_t>(size)) == size;
}

int Fail(const checkpoint::Status& status) {
  std::fprintf(stderr, "bench-steps: %s\n", status.message().c_str());
  return 1;
}

int Run(const char* path, std::uint64_t steps, std::int64_t micros) {
  const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return 1;
  std::vector<double> numbers(kNumbers);
  checkpoint::Store store;
  if (auto opened = store.Open(); !opened) return Fail(opened);
  if (auto declared = store.Dataset("u", {kNumbers}, numbers.data()); !declared) return Fail(declared);
  std::uint64_t step = 0;
  if (auto loaded = store.Load(step); !loaded && !loaded.nothing_saved()) return Fail(loaded);
  for (bool stop = false; step < steps && !stop;) {
    Compute(numbers, micros);
    if (!Tell(file, ++step)) return 1;
    const auto stepped = store.Step(step);
    if (!stepped.status) return Fail(stepped.status);
    stop = stepped.stop;
  }
  return 0;
}

}  // namespace
}  // namespace bsub::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: bench-steps FILE STEPS MICROSECONDS\n");
    return 2;
  }
  return bsub::bench::Run(argv[1], std::strtoull(argv[2], nullptr, 10), std::atoll(argv[3]));
}
