// A kernel host: the children of one array, called in a worker process, their results saved as they come.
//
// The host calls no kernel itself. It starts the worker, copies what is finished, saves it, starts the worker
// again when a child has crashed it, and stops when the job is told to.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "common/result.h"
#include "jobs/array_spec.h"

namespace bsub::kernels {

struct HostOptions {
  std::string kernel;  // "libtiles.so:render_tile"
  ArraySpec indices;
  std::string input;                 // for all children
  std::string directory;             // the store; empty: BSUB_CHECKPOINT_DIR
  std::uint32_t threads = 1;         // of the worker
  std::uint32_t max_crashes = 1000;  // after which the array is given up
};

struct HostEnd {
  bool stopped = false;  // the job was told to stop; else all children have finished
  std::uint64_t finished = 0;
  std::uint64_t failed = 0;
};

// Tells of the resume, of each crash and of the end on `out`, a line each.
Result<HostEnd> RunHost(const HostOptions& options, std::ostream& out);

}  // namespace bsub::kernels
