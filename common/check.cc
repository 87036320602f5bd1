#include "common/check.h"

#include <cstdio>
#include <cstdlib>

namespace bsub::internal {

CheckFailure::CheckFailure(const char* file, int line, const char* condition) {
  message_ << "invariant broken at " << file << ":" << line << ": " << condition << " ";
}

CheckFailure::~CheckFailure() {
  std::fprintf(stderr, "%s\n", message_.str().c_str());
  std::abort();
}

}  // namespace bsub::internal
