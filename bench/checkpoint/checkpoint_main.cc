// bench-checkpoint DIRECTORY [MIB] [RUNS]: what saving and loading cost beside what the machine can do, in
// the same run; a line of JSON for each figure. DIRECTORY must be on a file system with O_DIRECT and have
// room for five times the state; everything in it is removed again.
#include <tbb/parallel_for.h>

#include <algorithm>
#include <bsub/checkpoint.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "bench/checkpoint/raw_disk.h"

namespace bsub::bench {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kBlock = kMiB;  // the library's default

// As many threads as the library takes for its files: what is beside it gets the same.
int Threads() { return std::max(4, static_cast<int>(std::thread::hardware_concurrency())); }

// Of one figure, a number for each round.
struct Row {
  const char* figure;
  std::vector<double> ratios;
  std::vector<double> seconds;
  std::vector<double> beside_seconds;  // of what the ratio compares it with
};

void PrintNumbers(const char* name, const std::vector<double>& numbers) {
  std::printf(", \"%s\": [", name);
  for (std::size_t i = 0; i < numbers.size(); ++i) std::printf("%s%.6g", i == 0 ? "" : ", ", numbers[i]);
  std::printf("]");
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
    for (const Row* row :
         {&save_, &save_many_, &load_, &load_alone_, &held_, &changed_bytes_, &changed_time_}) {
      std::printf("{\"figure\": \"%s\", \"threads\": %d", row->figure, Threads());
      PrintNumbers("ratios", row->ratios);
      PrintNumbers("seconds", row->seconds);
      PrintNumbers("beside_seconds", row->beside_seconds);
      std::printf("}\n");
    }
  }

 private:
  std::string StorePath() const { return directory_ + "/store"; }

  static void Note(Row& row, double seconds, double beside, double ratio) {
    row.seconds.push_back(seconds);
    row.beside_seconds.push_back(beside);
    row.ratios.push_back(ratio);
  }

  void Write() {
    const double many = RawWriteSeconds(directory_ + "/raw", state_.bytes(), Threads());
    const double raw = RawWriteSeconds(directory_ + "/raw", state_.bytes(), 1);
    checkpoint::Store store = Open(StorePath(), state_, [](checkpoint::Options&) {});
    const double began = Now();
    Expect(store.Save(1));
    const double seconds = Now() - began;
    Note(save_, seconds, raw, raw / seconds);
    Note(save_many_, seconds, many, many / seconds);
  }

  void Read() {
    const double raw = RawReadSeconds(directory_ + "/raw", state_.bytes(), Threads());
    const double alone = RawReadSeconds(directory_ + "/raw", state_.bytes(), 1);
    checkpoint::Store store = Open(StorePath(), state_, [](checkpoint::Options&) {});
    std::uint64_t step = 0;
    const double began = Now();
    Expect(store.Load(step));
    const double seconds = Now() - began;
    Note(load_, seconds, raw, raw / seconds);
    Note(load_alone_, seconds, alone, alone / seconds);
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
    Note(held_, seconds, copy, seconds / copy);
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
    Note(changed_time_, seconds, full.save_seconds, seconds / full.save_seconds);
    Note(changed_bytes_, seconds, full.save_seconds,
         static_cast<double>(changed.written_bytes) / static_cast<double>(full.written_bytes));
  }

  std::string directory_;
  State state_;
  std::vector<double> copy_;
  Row save_{"save", {}, {}, {}};              // speed, of a raw O_DIRECT write and fdatasync by one thread
  Row save_many_{"save-many", {}, {}, {}};    // of one by as many threads as the library takes
  Row load_{"load", {}, {}, {}};              // speed, of a raw O_DIRECT read by as many threads
  Row load_alone_{"load-alone", {}, {}, {}};  // of one by one thread
  Row held_{"held", {}, {}, {}};              // time, of a parallel copy
  Row changed_bytes_{"changed-bytes", {}, {}, {}};  // bytes, of a full save
  Row changed_time_{"changed-time", {}, {}, {}};    // time, of a full save
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
