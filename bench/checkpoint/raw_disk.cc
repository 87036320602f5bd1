#include "bench/checkpoint/raw_disk.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

namespace bsub::bench {
namespace {

constexpr std::uint64_t kPiece = std::uint64_t{8} << 20;

[[noreturn]] void Stop(const char* what, const std::string& path) {
  std::perror((std::string(what) + " " + path).c_str());
  std::exit(1);
}

class Buffer {
 public:
  Buffer() : memory_(::mmap(nullptr, kPiece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) Stop("cannot map memory for", "a buffer");
    std::memset(memory_, 7, kPiece);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { ::munmap(memory_, kPiece); }
  void* data() const { return memory_; }

 private:
  void* memory_;
};

// `move` moves the piece at an offset and returns how many bytes it moved. Buffers are there before the clock
// starts.
template <typename Move>
double Seconds(const char* what, const std::string& path, std::uint64_t bytes, int threads,
               const Move& move) {
  std::vector<std::unique_ptr<Buffer>> buffers;
  for (int i = 0; i < threads; ++i) buffers.push_back(std::make_unique<Buffer>());
  std::atomic<std::uint64_t> next{0};
  const double began = Now();
  std::vector<std::jthread> running;
  for (const auto& buffer : buffers) {
    running.emplace_back([&, data = buffer->data()] {
      for (std::uint64_t at = next.fetch_add(kPiece); at < bytes; at = next.fetch_add(kPiece)) {
        if (move(data, static_cast<off_t>(at)) != static_cast<ssize_t>(kPiece)) Stop(what, path);
      }
    });
  }
  running.clear();
  return Now() - began;
}

}  // namespace

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double RawWriteSeconds(const std::string& path, std::uint64_t bytes, int threads) {
  ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
  if (fd < 0) Stop("cannot open (a file system with O_DIRECT is needed)", path);
  const double seconds = Seconds("cannot write", path, bytes, threads,
                                 [&](void* data, off_t at) { return ::pwrite(fd, data, kPiece, at); });
  const double written = Now();
  if (::fdatasync(fd) != 0) Stop("cannot sync", path);
  ::close(fd);
  return seconds + Now() - written;
}

double RawReadSeconds(const std::string& path, std::uint64_t bytes, int threads) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (fd < 0) Stop("cannot open", path);
  const double seconds = Seconds("cannot read", path, bytes, threads,
                                 [&](void* data, off_t at) { return ::pread(fd, data, kPiece, at); });
  ::close(fd);
  return seconds;
}

}  // namespace bsub::bench
