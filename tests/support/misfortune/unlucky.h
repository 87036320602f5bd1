// The test's end of misfortune.h.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <new>
#include <string>

#include "tests/support/misfortune/misfortune.h"

namespace bsub::testing {

// While it exists, programs that this process starts can be given bad luck.
class Unlucky {
 public:
  // `file`: where the shared file goes. `path_part`: which files of the program are struck.
  Unlucky(const std::string& file, const std::string& path_part) {
    const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(ftruncate(fd, sizeof(Misfortune)), 0);
    void* shared = mmap(nullptr, sizeof(Misfortune), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    EXPECT_NE(shared, MAP_FAILED);
    misfortune_ = new (shared) Misfortune{};
    path_part.copy(misfortune_->path_part, sizeof misfortune_->path_part - 1);
    setenv(kMisfortuneVariable, file.c_str(), 1);
    const std::string library =
        std::string(std::getenv("BSUB_BUILD_DIR")) + "/tests/libmisfortune_preload.so";
    EXPECT_EQ(access(library.c_str(), R_OK), 0) << library;
    setenv("LD_PRELOAD", library.c_str(), 1);
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
  }
  ~Unlucky() {
    unsetenv("LD_PRELOAD");
    unsetenv("ASAN_OPTIONS");
    unsetenv(kMisfortuneVariable);
    munmap(misfortune_, sizeof(Misfortune));
  }
  Unlucky(const Unlucky&) = delete;
  Unlucky& operator=(const Unlucky&) = delete;

  Misfortune* operator->() { return misfortune_; }
  Misfortune& operator*() { return *misfortune_; }
  void SetClock(std::chrono::microseconds ahead) { misfortune_->clock_offset_us = ahead.count(); }

 private:
  Misfortune* misfortune_;
};

}  // namespace bsub::testing
