// bench-checkpoint DIRECTORY [MIB] [RUNS]: what saving and loading cost beside what the machine can do, in
// the same run. DIRECTORY must be on a file system with O_DIRECT and have room for five times the state;
// everything in it is removed again.
#include <tbb/parallel_for.h>

#include <algorithm>
#include <bsub/checkpoint.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/checkpoint/raw_disk.h"

namespace bsub::bench {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kBlock = kMiB;  // the library's default

struct Row {
  const char* what;
  const char* beside;
  const char* reach;
  std::vector<double> ratios;
  std::vector<double> seconds;
};

double Median(std::vector<double> numbers) {
  std::ranges::sort(numbers);
  return numbers[numbers.size() / 2];
}

void Expect(const checkpoint::Status& status) {
  if (status) return;
  std::fprintf(stderr, "%s\n", status.message().c_str());
  std::exit(1);
}

double ParallelCopySeconds(const std::vector<double>& from, std::vector<double>& to) {
  const double began = Now();
  const std::size_t piece = kBlock / sizeof(double);
  tbb::parallel_for(std::size_t{0}, from.size() / piece, [&](std::size_t i) {
    std::memcpy(to.data() + i * piece, from.data() + i * piece, kBlock);
  });
  return Now() - began;
}

// The state: one array of doubles.
class State {
 public:
  explicit State(std::uint64_t bytes) : numbers(bytes / sizeof(double)) {
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
  }
  void ChangeBlocks(std::uint64_t percent) {
    const std::size_t blocks = numbers.size() * sizeof(double) / kBlock;
    for (std::size_t i = 0; i < blocks; ++i) {
      if (i % 100 < percent) numbers[i * (kBlock / sizeof(double))] += 1;
    }
  }
  std::uint64_t bytes() const { return numbers.size() * sizeof(double); }
  std::vector<double> numbers;
};

checkpoint::Store Open(const std::string& directory, State& state,
                       const std::function<void(checkpoint::Options&)>& set) {
  checkpoint::Options options;
  options.directory = directory.c_str();
  options.keep = 1;
  set(options);
  checkpoint::Store store;
  Expect(store.Open(options));
  Expect(store.Dataset("u", {state.numbers.size()}, state.numbers.data()));
  return store;
}

class Bench {
 public:
  Bench(std::string directory, std::uint64_t bytes)
      : directory_(std::move(directory)), state_(bytes), copy_(state_.numbers) {}

  void Round() {
    Write();
    Read();
    Asynchronous();
    Differential();
    std::filesystem::remove_all(directory_ + "/store");
    std::filesystem::remove(directory_ + "/raw");
  }

  void Print() const {
    for (const Row* row : {&save_, &load_, &held_, &changed_bytes_, &changed_time_}) {
      std::printf("%-46s %8.3f s  %6.3f of %s (reach: %s)\n", row->what, Median(row->seconds),
                  Median(row->ratios), row->beside, row->reach);
    }
  }

 private:
  std::string StorePath() const { return directory_ + "/store"; }

  static void Note(Row& row, double seconds, double ratio) {
    row.seconds.push_back(seconds);
    row.ratios.push_back(ratio);
  }

  void Write() {
    const double raw = RawWriteSeconds(directory_ + "/raw", state_.bytes());
    checkpoint::Store store = Open(StorePath(), state_, [](checkpoint::Options&) {});
    const double began = Now();
    Expect(store.Save(1));
    const double seconds = Now() - began;
    Note(save_, seconds, raw / seconds);
  }

  void Read() {
    const double raw = RawReadSeconds(directory_ + "/raw", state_.bytes());
    checkpoint::Store store = Open(StorePath(), state_, [](checkpoint::Options&) {});
    std::uint64_t step = 0;
    const double began = Now();
    Expect(store.Load(step));
    const double seconds = Now() - began;
    Note(load_, seconds, raw / seconds);
  }

  // The second save: the staging memory is there.
  void Asynchronous() {
    checkpoint::Store store =
        Open(StorePath(), state_, [](checkpoint::Options& options) { options.asynchronous = 1; });
    Expect(store.Save(2));
    Expect(store.Wait());
    const double copy = ParallelCopySeconds(state_.numbers, copy_);
    const double began = Now();
    Expect(store.Save(3));
    const double seconds = Now() - began;
    Expect(store.Wait());
    Note(held_, seconds, seconds / copy);
  }

  void Differential() {
    checkpoint::Store store =
        Open(StorePath(), state_, [](checkpoint::Options& options) { options.differential = 8; });
    Expect(store.Save(4));
    const bsub_checkpoint_facts full = store.Facts();
    state_.ChangeBlocks(5);
    const double began = Now();
    Expect(store.Save(5));
    const double seconds = Now() - began;
    const bsub_checkpoint_facts changed = store.Facts();
    Note(changed_time_, seconds, seconds / full.save_seconds);
    Note(changed_bytes_, seconds,
         static_cast<double>(changed.written_bytes) / static_cast<double>(full.written_bytes));
  }

  std::string directory_;
  State state_;
  std::vector<double> copy_;
  Row save_{"synchronous durable save", "the speed of a raw O_DIRECT write and fdatasync", ">= 0.9", {}, {}};
  Row load_{"load, everything verified", "the speed of a raw O_DIRECT read", ">= 0.7", {}, {}};
  Row held_{"asynchronous save: the program is held", "the time of a parallel copy", "<= 1.3", {}, {}};
  Row changed_bytes_{"differential save, 5 % of blocks changed: bytes", "a full save's", "<= 0.08", {}, {}};
  Row changed_time_{"differential save, 5 % of blocks changed: time", "a full save's", "<= 0.25", {}, {}};
};

}  // namespace
}  // namespace bsub::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench-checkpoint DIRECTORY [MIB, default 2048] [RUNS, default 5]\n");
    return 2;
  }
  const std::uint64_t mib = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2048;
  const int runs = argc > 3 ? std::atoi(argv[3]) : 5;
  const std::string directory = std::string(argv[1]) + "/bench-checkpoint";
  std::filesystem::create_directories(directory);
  bsub::bench::Bench bench(directory, std::max<std::uint64_t>(mib / 8 * 8, 8) * bsub::bench::kMiB);
  for (int i = 0; i < std::max(runs, 1); ++i) bench.Round();
  bench.Print();
  std::filesystem::remove_all(directory);
  return 0;
}
