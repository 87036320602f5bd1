// A pipeline as its author wrote it, read from YAML and with parameters filled in. Values are already typed
// (sizes, durations, index lists); whether the steps fit together is cli/pipeline/check.h's question.
// docs/pipelines.md is the manual of the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/time.h"
#include "jobs/array_spec.h"
#include "jobs/checkpoint_spec.h"
#include "scheduler/cluster_config/problem.h"

namespace bsub::cli {

using cluster_config::Problem;

enum class NeedOn : std::uint8_t {
  kDone,    // it succeeded
  kEnded,   // it is over, however it ended
  kFailed,  // it is over and failed
};

inline constexpr std::size_t kNoStep = static_cast<std::size_t>(-1);

struct Need {
  std::string step;
  std::size_t target = kNoStep;  // its position in the pipeline; kNoStep: there is none
  bool index_wise = false;       // task k waits for the k-th task of that step alone
  NeedOn on = NeedOn::kDone;
  int line = 0;
};

struct Step {
  std::string name;
  int line = 0;
  // Exactly one of the two is given.
  std::vector<std::string> argv;
  std::string script;  // text of a script file
  std::vector<Need> needs;
  std::optional<ArraySpec> array;
  // Not given: the queue's or the scheduler's default.
  std::optional<std::int64_t> cpu_milli;
  std::optional<std::int64_t> mem_bytes;
  std::optional<std::int32_t> gpus;
  Duration walltime{};  // zero: none
  std::int32_t attempts = 1;
  std::string queue;  // empty: the default queue
  std::int32_t priority = 0;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> tags;
  std::string workdir;        // absolute
  std::string output;         // empty: the node's spool
  CheckpointSpec checkpoint;  // exit_code 0: the scheduler's default

  std::uint32_t tasks() const { return array ? array->size() : 1; }
};

struct Pipeline {
  std::string name;
  std::map<std::string, std::string> parameters;
  std::vector<Step> steps;  // as written
  std::string folder;       // absolute, of the file
  std::string results;      // where its author says they are, absolute; empty: not told
};

struct ParsedPipeline {
  Pipeline pipeline;
  std::vector<Problem> problems;  // by line; if there are any, the pipeline must not be used
};

struct PipelineLimits {
  std::size_t max_file_bytes = 4 << 20;
  std::size_t max_steps = 10'000;
  std::size_t max_name_bytes = 60;  // of the pipeline and of a step: PIPELINE.STEP is the job's name
};

}  // namespace bsub::cli
