// Reading YAML mappings by key (scheduler/cluster_config/yaml_fields.h), with what a pipeline's and a
// definition's values need beside.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/pipeline/model.h"
#include "scheduler/cluster_config/yaml_fields.h"

namespace bsub::cli {

using ProblemList = cluster_config::Problems;
using YamlField = cluster_config::Field;
using cluster_config::LineOf;

// The fields of a mapping, in order. `allowed` empty: any key. Unknown and repeated ones are left out.
// `where` begins each message: "step 'align'".
std::vector<YamlField> ReadFields(const YAML::Node& node, std::string_view where,
                                  const std::vector<std::string>& allowed, ProblemList& problems);

const YamlField* FindField(const std::vector<YamlField>& fields, std::string_view key);

// A scalar's text; nothing, with a problem, for a list, a mapping, no value at all, or what no program can be
// given.
std::optional<std::string> ScalarText(const YAML::Node& node, int line, std::string_view where,
                                      ProblemList& problems);

}  // namespace bsub::cli
