#include "cli/up_lock.h"

#include <poll.h>

#include <chrono>
#include <ostream>
#include <utility>

namespace bsub::cli {

Result<LockFile> TakeUpLock(const HomeLayout& layout, Context& context, Duration patience) {
  constexpr int kPauseMs = 20;
  const auto end = std::chrono::steady_clock::now() + patience;
  for (bool told = false;; told = true) {
    BSUB_ASSIGN_OR_RETURN(auto lock, LockFile::Try(layout.UpLock()));
    if (lock) return std::move(*lock);
    if (!told)
      context.err << "Another bsub-lite up or down is at work in " << layout.home << "; waiting for it."
                  << std::endl;
    if (std::chrono::steady_clock::now() >= end) {
      return Unavailable("another bsub-lite up or down has been at work in " + layout.home + " for " +
                         FormatDuration(patience) + "; try again when it is done");
    }
    poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace bsub::cli
