#include "worker/step/outlet.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace bsub::step {

void Outlet::Add(std::string_view bytes) {
  if (fd_ < 0) return;
  buffer_.erase(0, written_);
  written_ = 0;
  buffer_.append(bytes);
}

void Outlet::Flush() {
  // A pipe that can be written has room for so much (pipe(7)).
  const std::size_t size = std::min<std::size_t>(buffer_.size() - written_, PIPE_BUF);
  const ssize_t n = write(fd_, buffer_.data() + written_, size);
  if (n >= 0) {
    written_ += static_cast<std::size_t>(n);
  } else if (errno != EINTR && errno != EAGAIN) {
    fd_ = -1;
    buffer_.clear();
    written_ = 0;
  }
}

}  // namespace bsub::step
