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

// Whatever is damaged: what is loaded is one of the two states, as it was.
TEST(DamageOfAChain, NothingWrongIsLoaded) {
  const TestDirectory directory;
  ckpt::SessionOptions options = QuietOptions(directory / "store");
  options.saver.differential = 4;
  options.saver.save.threads = 1;
  std::vector<SmallProgram> states = {SmallProgram::At(1), SmallProgram::At(1)};
  states[1].n[3] = -77;
  {
    SmallProgram program = states[0];
    const auto session = OpenFor(program, options);
    ASSERT_TRUE(session && (*session)->Save(1));
    program = states[1];
    ASSERT_TRUE((*session)->Save(2));
    ASSERT_TRUE((*session)->facts().last_save.differential);
  }
  options.read_only = true;
  for (const char* name : {"1/shard-00000.h5", "1/manifest.json", "2/shard-00000.h5", "2/manifest.json"}) {
    const std::string path = directory / (std::string("store/") + name);
    const std::string good = Bytes(path);
    int noticed = 0;
    for (std::size_t i = 0; i < good.size(); i += 3) {
      std::string bad = good;
      bad[i] = static_cast<char>(good[i] ^ (1 << (i % 8)));
      Put(path, bad);
      SmallProgram program;
      const auto session = OpenFor(program, options);
      ASSERT_TRUE(session);
      const auto step = (*session)->Load();
      ASSERT_TRUE(!step || program == states[*step - 1]) << name << ", byte " << i;
      noticed += step && *step == 2 ? 0 : 1;
    }
    EXPECT_TRUE(noticed > 0 || std::string(name) == "1/manifest.json") << name;
    Put(path, good);
  }
}

// A mark that can no longer be read is one all the same.
TEST(DamageOfMarks, WhatIsSetAsideStaysSo) {
  const TestDirectory directory;
  ckpt::SessionOptions options = QuietOptions(directory / "store");
  SaveSteps(options, 1, 2);
  ASSERT_TRUE(ckpt::SetAside(ckpt::PosixFileSystem(), options.directory, 2, "a test"));
  options.read_only = true;
  const std::string path = directory / "store/2/set-aside.json";
  const std::string good = Bytes(path);
  ASSERT_GT(good.size(), 20u);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(good[i] ^ (1 << (i % 8)));
    Put(path, bad);
    ASSERT_EQ(LoadFrom(options).step, 1u) << "byte " << i;
    Put(path, good.substr(0, i));
    ASSERT_EQ(LoadFrom(options).step, 1u) << i << " bytes";
  }
}

// The list of loads is no part of the state: whatever is in it, one of the two states is loaded, as it was.
TEST(DamageOfMarks, ALostCountOfLoadsHidesNoState) {
  const TestDirectory directory;
  ckpt::SessionOptions options = QuietOptions(directory / "store");
  SaveSteps(options, 1, 2);
  const std::vector<std::string> twice = {"job 12, attempt 1, epoch 2", "job 12, attempt 2, epoch 3"};
  ASSERT_TRUE(ckpt::WriteLoads(ckpt::PosixFileSystem(), options.directory, 2, twice));
  options.read_only = true;
  const std::string path = directory / "store/2/loads";
  const std::string good = Bytes(path);
  ASSERT_EQ(LoadFrom(options).step, 2u);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(good[i] ^ (1 << (i % 8)));
    for (const std::string& bytes : {bad, good.substr(0, i)}) {
      Put(path, bytes);
      const Found found = LoadFrom(options);
      ASSERT_TRUE(found.right && (found.step == 1 || found.step == 2))
          << "byte " << i << ": " << found.message;
    }
  }
  Put(path, good + "x\n");
  EXPECT_EQ(LoadFrom(options).step, 1u) << "three are too many";
}

INSTANTIATE_TEST_SUITE_P(Layouts, DamageTest, ::testing::Values(0, 5));

}  // namespace
}  // namespace bsub::testing
