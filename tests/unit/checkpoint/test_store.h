// A store in a temporary directory, and a small program that has its state in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/src/session.h"

namespace bsub::testing {

// Removed at the end. In memory where there is such a file system: inodes there are not used twice, and it is
// quick.
class TestDirectory {
 public:
  TestDirectory() {
    const std::string base =
        std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    path_ = base + "/bsub-checkpoint-XXXXXX";
    EXPECT_NE(mkdtemp(path_.data()), nullptr);
  }
  ~TestDirectory() { std::filesystem::remove_all(path_); }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline ckpt::SessionOptions QuietOptions(const std::string& directory) {
  ckpt::SessionOptions options;
  options.directory = directory;
  options.quiet = true;
  options.saver.save.block_bytes = 64;
  options.saver.save.threads = 2;
  return options;
}

inline ckpt::SessionOptions AsAttempt(ckpt::SessionOptions options, std::uint64_t number) {
  options.attempt = {"12", number};
  return options;
}

// u: 6x5 doubles, n: 7 32-bit integers, t: one double.
struct SmallProgram {
  std::vector<double> u = std::vector<double>(30, 0);
  std::vector<std::int32_t> n = std::vector<std::int32_t>(7, 0);
  double t = 0;

  void Advance(int step) {
    for (std::size_t i = 0; i < u.size(); ++i) u[i] = step * 100.0 + static_cast<double>(i);
    for (std::size_t i = 0; i < n.size(); ++i) n[i] = step * 10 + static_cast<std::int32_t>(i);
    t = step * 0.5;
  }
  static SmallProgram At(int step) {
    SmallProgram program;
    program.Advance(step);
    return program;
  }
  ckpt::Done Declare(ckpt::Declarations& declarations) {
    const std::uint64_t u_shape[] = {6, 5}, n_shape[] = {7}, zero[] = {0, 0};
    CKPT_RETURN_IF_FAILED(
        declarations.AddDataset("u", BSUB_CHECKPOINT_FLOAT64, {2, u_shape, zero, u_shape, u.data()}));
    CKPT_RETURN_IF_FAILED(
        declarations.AddDataset("n", BSUB_CHECKPOINT_INT32, {1, n_shape, zero, n_shape, n.data()}));
    return declarations.AddValue("t", BSUB_CHECKPOINT_FLOAT64, 1, &t);
  }
  friend bool operator==(const SmallProgram&, const SmallProgram&) = default;
};

using SessionPtr = std::unique_ptr<ckpt::Session>;

// A single process that opens a store and declares the program's state.
inline ckpt::Outcome<SessionPtr> OpenFor(SmallProgram& program, const ckpt::SessionOptions& options,
                                         ckpt::FileSystem& files = ckpt::PosixFileSystem()) {
  CKPT_ASSIGN_OR_RETURN(SessionPtr session,
                        ckpt::Session::Open(files, std::make_unique<ckpt::Ranks>(), options));
  CKPT_RETURN_IF_FAILED(program.Declare(session->declarations()));
  return session;
}

// What a new attempt finds: its step, or 0 and the status.
struct Found {
  std::uint64_t step = 0;
  bsub_checkpoint_status status = BSUB_CHECKPOINT_OK;
  std::string message;
  bool right = false;  // the state is exactly that of the step
};
inline Found LoadFrom(const ckpt::SessionOptions& options) {
  SmallProgram program;
  const auto session = OpenFor(program, options);
  if (!session) return {0, session.error().status, session.error().message, false};
  const auto step = (*session)->Load();
  if (!step) return {0, step.error().status, step.error().message, false};
  return {*step, BSUB_CHECKPOINT_OK, "", program == SmallProgram::At(static_cast<int>(*step))};
}

// Saves steps 1 to `last`, each as a generation.
inline void SaveSteps(const ckpt::SessionOptions& options, int first, int last) {
  SmallProgram program;
  const auto session = OpenFor(program, options);
  ASSERT_TRUE(session) << session.error().message;
  for (int step = first; step <= last; ++step) {
    program.Advance(step);
    const ckpt::Done saved = (*session)->Save(static_cast<std::uint64_t>(step));
    ASSERT_TRUE(saved) << saved.error().message;
  }
  const ckpt::Done closed = (*session)->Close();
  ASSERT_TRUE(closed) << closed.error().message;
}

}  // namespace bsub::testing
