#include "bench/checkpoint/raw_disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bsub::bench {
namespace {

constexpr std::uint64_t kPiece = std::uint64_t{8} << 20;

[[noreturn]] void Stop(const char* what, const std::string& path) {
  std::perror((std::string(what) + " " + path).c_str());
  std::exit(1);
}

char* Buffer() {
  void* memory = ::mmap(nullptr, kPiece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) Stop("cannot map memory for", "a buffer");
  std::memset(memory, 7, kPiece);
  return static_cast<char*>(memory);
}

}  // namespace

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double RawWriteSeconds(const std::string& path, std::uint64_t bytes) {
  static char* const buffer = Buffer();
  ::unlink(path.c_str());
  const double began = Now();
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
  if (fd < 0) Stop("cannot open (a file system with O_DIRECT is needed)", path);
  for (std::uint64_t at = 0; at < bytes; at += kPiece) {
    if (::pwrite(fd, buffer, kPiece, static_cast<off_t>(at)) != static_cast<ssize_t>(kPiece))
      Stop("cannot write", path);
  }
  if (::fdatasync(fd) != 0) Stop("cannot sync", path);
  ::close(fd);
  return Now() - began;
}

double RawReadSeconds(const std::string& path, std::uint64_t bytes) {
  static char* const buffer = Buffer();
  const double began = Now();
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (fd < 0) Stop("cannot open", path);
  for (std::uint64_t at = 0; at < bytes; at += kPiece) {
    if (::pread(fd, buffer, kPiece, static_cast<off_t>(at)) != static_cast<ssize_t>(kPiece))
      Stop("cannot read", path);
  }
  ::close(fd);
  return Now() - began;
}

}  // namespace bsub::bench
