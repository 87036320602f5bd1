// BSUB_CHECK(cond) << facts: an invariant of ours. Stays on in release; a daemon restarts and replays its
// journal. Never used on outside input: that gets a Result.
#pragma once

#include <sstream>

namespace bsub::internal {

class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition);
  [[noreturn]] ~CheckFailure();
  std::ostream& stream() { return message_; }

 private:
  std::ostringstream message_;
};

}  // namespace bsub::internal

#define BSUB_CHECK(cond)                                            \
  if (__builtin_expect(static_cast<bool>(cond), true)) [[likely]] { \
  } else                                                            \
    ::bsub::internal::CheckFailure(__FILE__, __LINE__, #cond).stream()
