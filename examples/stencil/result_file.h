// What a run has found, for people and for programs that compare runs.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "examples/stencil/heat.h"

namespace stencil {

struct RunResult {
  std::int64_t size = 0;
  std::int64_t steps = 0;
  std::int64_t first_step = 0;  // the step this run began with: not 0 after a restart
  int ranks = 0;
  Measure measure;
  double seconds = 0;  // of this run's own steps
};

// "step 500: fingerprint 0123456789abcdef, largest error 1.2e-14, ...".
std::string Sentence(const RunResult& result);

// Replaces `path` as a whole. The error is one line that names the file.
tl::expected<void, std::string> WriteResultFile(const std::string& path, const RunResult& result);

}  // namespace stencil
