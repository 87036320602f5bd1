// Bytes on their way to a descriptor that other programs have too (standard output), so that it must not be
// made non-blocking: a reader that is slow would hold up whoever writes, and all that he has to look after.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bsub::step {

class Outlet {
 public:
  explicit Outlet(int fd) : fd_(fd) {}

  // For poll(2): of interest when it can be written.
  int fd() const { return fd_; }
  void Add(std::string_view bytes);
  bool empty() const { return written_ == buffer_.size(); }
  bool full() const { return buffer_.size() - written_ >= kMostUnwritten; }
  // Only when poll(2) says that it can be written: then it does not block, unless another program was
  // quicker. What nobody reads any more is thrown away.
  void Flush();

 private:
  static constexpr std::size_t kMostUnwritten = std::size_t{1} << 20;

  int fd_;
  std::string buffer_;
  std::size_t written_ = 0;
};

}  // namespace bsub::step
