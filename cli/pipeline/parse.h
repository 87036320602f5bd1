// Reads a pipeline file. All that can be said about each key on its own is said here, every problem at once
// and each with its line: unknown keys with the nearest match, repeated keys, values of the wrong form,
// undefined parameters.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cli/pipeline/model.h"

namespace bsub::cli {

struct ParseInput {
  std::string_view text;
  std::string folder;        // absolute: relative programs and working directories start there
  std::string default_name;  // of a pipeline that does not say its own: the file's name without ".yaml"
  std::map<std::string, std::string> set;  // --set NAME=VALUE
};

// Never throws, whatever the text.
ParsedPipeline ParsePipeline(const ParseInput& input, const PipelineLimits& limits = {});

}  // namespace bsub::cli
