// Memory runs out at any allocation of a start, a load or a save that asks for new memory (kLarge; less comes
// out of what the process has): the call says so, nothing ends the program, and when there is memory again
// the next save is good. Smaller ones are granted because the JSON library's destructors, which must not
// throw, make some. A program of its own, for it replaces operator new.
#include <bsub/checkpoint.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <numeric>
#include <string>
#include <vector>

namespace {

std::atomic<bool> scarce{false};
std::atomic<long> left{0};          // allocations that are still granted
std::atomic<bool> for_ever{false};  // or only one is refused

constexpr std::size_t kLarge = 1024;

bool Granted(std::size_t bytes) {
  if (!scarce || bytes < kLarge) return true;
  const long number = --left;
  return number > 0 || (number < 0 && !for_ever);
}

}  // namespace

void* operator new(std::size_t bytes) {
  void* memory = Granted(bytes) ? std::malloc(bytes == 0 ? 1 : bytes) : nullptr;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace bsub::testing {
namespace {

struct Case {
  const char* name;
  bool asynchronous;
  int compression;
  bool for_ever;
};

class MemoryTest : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    folder_ =
        (std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path().string()) +
        "/bsub-memory-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    std::iota(u_.begin(), u_.end(), 1.0);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // One after another; the first that fails ends it.
  bsub_checkpoint_status Begin(bsub_checkpoint** store) {
    bsub_checkpoint_options options;
    bsub_checkpoint_options_init(&options);
    options.directory = folder_.c_str();
    options.asynchronous = GetParam().asynchronous ? 1 : 0;
    options.compression = GetParam().compression;
    options.block_bytes = 512;
    options.threads = 2;
    options.quiet = 1;
    bsub_checkpoint_status status = bsub_checkpoint_open(&options, nullptr, store);
    const std::uint64_t shape[] = {u_.size()}, zero[] = {0};
    if (status == BSUB_CHECKPOINT_OK)
      status =
          bsub_checkpoint_dataset(*store, "u", BSUB_CHECKPOINT_FLOAT64, 1, shape, zero, shape, u_.data());
    return status;
  }
  static bsub_checkpoint_status Save(bsub_checkpoint* store, std::uint64_t step) {
    const bsub_checkpoint_status saved = bsub_checkpoint_save(store, step);
    return saved == BSUB_CHECKPOINT_OK ? bsub_checkpoint_wait(store) : saved;
  }
  // Runs `work` with memory for `granted` allocations; whether it met the end of it.
  template <typename Work>
  static bool WithLittleMemory(long granted, const Work& work) {
    left = granted;
    for_ever = GetParam().for_ever;
    scarce = true;
    work();
    scarce = false;
    return left <= 0;
  }

  std::string folder_;
  std::vector<double> u_ = std::vector<double>(600);
};

TEST_P(MemoryTest, RunsOutInASaveAndTheNextIsGood) {
  bsub_checkpoint* store = nullptr;
  ASSERT_EQ(Begin(&store), BSUB_CHECKPOINT_OK);
  ASSERT_EQ(Save(store, 1), BSUB_CHECKPOINT_OK);
  std::uint64_t step = 1;
  int failures = 0;
  bool scarce_enough = true;
  for (long granted = 1; scarce_enough; ++granted) {
    bsub_checkpoint_status status = BSUB_CHECKPOINT_OK;
    scarce_enough = WithLittleMemory(granted, [&] { status = Save(store, step + 1); });
    failures += status == BSUB_CHECKPOINT_OK ? 0 : 1;
    EXPECT_TRUE(scarce_enough || status == BSUB_CHECKPOINT_OK) << bsub_checkpoint_message(store);
    ASSERT_EQ(Save(store, step += 2), BSUB_CHECKPOINT_OK) << bsub_checkpoint_message(store);
  }
  EXPECT_GE(failures, 2);
  EXPECT_EQ(bsub_checkpoint_close(store), BSUB_CHECKPOINT_OK);
}

TEST_P(MemoryTest, RunsOutInAStartOrALoadAndTheNextIsGood) {
  bsub_checkpoint* store = nullptr;
  ASSERT_EQ(Begin(&store), BSUB_CHECKPOINT_OK);
  ASSERT_EQ(Save(store, 7), BSUB_CHECKPOINT_OK);
  ASSERT_EQ(bsub_checkpoint_close(store), BSUB_CHECKPOINT_OK);
  const std::vector<double> saved = u_;
  bool scarce_enough = true;
  for (long granted = 1; scarce_enough; ++granted) {
    scarce_enough = WithLittleMemory(granted, [&] {
      bsub_checkpoint* unlucky = nullptr;
      std::uint64_t step = 0;
      if (Begin(&unlucky) == BSUB_CHECKPOINT_OK) bsub_checkpoint_load(unlucky, &step);
      bsub_checkpoint_abandon(unlucky);
    });
    std::fill(u_.begin(), u_.end(), 0.0);
    bsub_checkpoint* next = nullptr;
    ASSERT_EQ(Begin(&next), BSUB_CHECKPOINT_OK) << bsub_checkpoint_message(next);
    std::uint64_t step = 0;
    ASSERT_EQ(bsub_checkpoint_load(next, &step), BSUB_CHECKPOINT_OK) << bsub_checkpoint_message(next);
    EXPECT_EQ(step, 7u);
    EXPECT_EQ(u_, saved);
    bsub_checkpoint_close(next);
  }
}

INSTANTIATE_TEST_SUITE_P(Saves, MemoryTest,
                         ::testing::Values(Case{"Synchronous", false, 0, false},
                                           Case{"ForEver", false, 0, true},
                                           Case{"Asynchronous", true, 0, false},
                                           Case{"AsynchronousForEver", true, 0, true},
                                           Case{"CompressedForEver", true, 1, true}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace bsub::testing
