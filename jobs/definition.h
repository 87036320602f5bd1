// Job definitions: named, numbered templates of jobs, as in AWS Batch. A revision never changes and its
// number is never used again, unless its owner deregistered the whole name and needed the room.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/time.h"
#include "jobs/gang.h"
#include "jobs/resources.h"
#include "jobs/retry.h"

namespace bsub {

// Nodes of a multi-node job that run another command than the rest, as AWS Batch's nodeRangeProperties.
struct DefinitionRange {
  std::uint32_t first = 0;
  std::uint32_t last = NodeRange::kOpen;
  std::vector<std::string> command{};  // may hold Ref::name
  friend bool operator==(const DefinitionRange&, const DefinitionRange&) = default;
};

struct JobDefinition {
  std::string name{};
  std::int32_t revision = 0;
  bool active = true;
  std::vector<std::string> command{};  // may hold Ref::name
  std::map<std::string, std::string> environment{};
  std::map<std::string, std::string> parameters{};  // defaults of Ref::name
  std::string working_directory{};                  // empty: the submitter's
  Resources request{.cpu_milli = 1000, .mem_bytes = 0, .gpus = 0};
  Duration walltime{};
  std::int32_t priority = 0;
  RetryStrategy retry{};
  std::map<std::string, std::string> tags{};
  std::string registered_by{};
  std::optional<std::uint32_t> registered_by_uid{};  // nothing: of a journal that did not tell
  TimePoint registered_at{};
  GangSpec gang{};
  std::vector<DefinitionRange> node_ranges{};
  friend bool operator==(const JobDefinition&, const JobDefinition&) = default;
};

Status Validate(const JobDefinition& definition);
// What its texts take together: command, environment, parameters, working directory, tags, retry rules.
std::size_t TextBytes(const JobDefinition& definition);

// "name" (newest active) or "name:revision".
struct DefinitionRef {
  std::string name{};
  std::optional<std::int32_t> revision{};
};
Result<DefinitionRef> ParseDefinitionRef(std::string_view text);

// Replaces each Ref::name by its value; one without a value stays as it is.
std::string Substitute(std::string_view text, const std::map<std::string, std::string>& parameters);

}  // namespace bsub
