// Every byte of a small generation is changed in turn: it is never loaded as good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/unit/checkpoint/test_store.h"

namespace bsub::testing {
namespace {

std::string Bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void Put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class DamageTest : public ::testing::TestWithParam<int> {};

TEST_P(DamageTest, EveryChangedByteIsNoticed) {
  const TestDirectory directory;
  ckpt::SessionOptions options = QuietOptions(directory / "store");
  options.saver.save.compression = GetParam();
  options.saver.save.threads = 1;  // to start one for each of thousands of loads takes long
  SaveSteps(options, 1, 2);
  options.read_only = true;  // nothing is marked, so each round begins alike
  for (const char* name : {"manifest.json", "master.h5", "shard-00000.h5"}) {
    const std::string path = directory / (std::string("store/2/") + name);
    const std::string good = Bytes(path);
    ASSERT_GT(good.size(), 100u);
    std::string bad = good;
    for (std::size_t i = 0; i < good.size(); ++i) {
      bad[i] = static_cast<char>(good[i] ^ (1 << (i % 8)));
      Put(path, bad);
      const Found found = LoadFrom(options);
      ASSERT_EQ(found.step, 1u) << name << ", byte " << i << ": " << found.message;
      bad[i] = good[i];
    }
    for (const std::size_t shorter : {std::size_t{0}, good.size() / 2, good.size() - 1}) {
      Put(path, good.substr(0, shorter));
      ASSERT_EQ(LoadFrom(options).step, 1u) << name << " of " << shorter << " bytes";
    }
    Put(path, good + "x");
    ASSERT_EQ(LoadFrom(options).step, 1u) << name << " with a byte more";
    Put(path, good);
  }
  EXPECT_EQ(LoadFrom(options).step, 2u);
}

INSTANTIATE_TEST_SUITE_P(Layouts, DamageTest, ::testing::Values(0, 5));

}  // namespace
}  // namespace bsub::testing
