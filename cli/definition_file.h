// A job definition in a YAML or JSON file.
//
//   name: align                       # the keys of a pipeline's steps, and parameters
//   command: [./align, Ref::sample]
//   parameters: {sample: none}
//   cpus: 2
//   memory: 4G
//   walltime: 1h
//   retry: 3                          # or: {attempts: 3, rules: ["exit=137:retry"]}
//   environment: {LC_ALL: C}
//   tags: {team: genomics}
#pragma once

#include <string>
#include <string_view>

#include "api/bsub/v1/scheduler.pb.h"
#include "common/result.h"

namespace bsub::cli {

// `file` is named in messages, with the line of the first problem.
Result<bsub::v1::Definition> ParseDefinitionFile(std::string_view text, const std::string& file);

}  // namespace bsub::cli
