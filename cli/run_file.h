// The file of `bsub-lite run`, read and checked as a whole.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "cli/pipeline/model.h"
#include "cli/pipeline/plan.h"
#include "common/result.h"

namespace bsub::cli {

struct LoadedPipeline {
  std::string path;  // as the user wrote it
  Pipeline pipeline;
  std::vector<std::size_t> order;
  PipelineKey key;
};

// `set`: values of parameters that replace the file's. An error holds all problems, a line each:
// "pipeline.yaml:4: …".
Result<LoadedPipeline> LoadPipeline(const std::string& path, std::map<std::string, std::string> set);

}  // namespace bsub::cli
