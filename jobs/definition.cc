#include "jobs/definition.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "jobs/fields.h"
#include "jobs/text.h"

namespace bsub {
namespace {

constexpr std::size_t kMostTags = 50;
// A submit says whether the cluster takes so many (core.max_nodes_per_job).
constexpr std::uint32_t kMostNodes = 1'000'000;
constexpr std::size_t kLongestPath = 4096;
constexpr std::string_view kReference = "Ref::";
constexpr std::string_view kReservedVariables = "AWS_BATCH";

constexpr bool IsParameterChar(char c) { return IsAlnum(c) || c == '_' || c == '-'; }

bool HasNul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Status CheckCommand(const std::vector<std::string>& command) {
  for (const std::string& word : command) {
    if (HasNul(word)) return InvalidArgument("command: " + Quoted(word) + " holds a NUL byte");
  }
  if (!command.empty() && command.front().empty())
    return InvalidArgument("command: the program's name is empty");
  return OkStatus();
}

Status CheckEnvironment(const std::map<std::string, std::string>& environment) {
  for (const auto& [name, value] : environment) {
    const bool sound = !name.empty() && name.find('=') == std::string::npos && !HasNul(name);
    if (!sound)
      return InvalidArgument("environment: the name " + Quoted(name) + " is empty or holds '=' or NUL");
    if (HasNul(value)) return InvalidArgument("environment " + name + ": the value holds a NUL byte");
    if (name.starts_with(kReservedVariables)) {
      return InvalidArgument("environment " + name +
                             ": names that begin with AWS_BATCH are set by the scheduler");
    }
  }
  return OkStatus();
}

Status CheckParameters(const std::map<std::string, std::string>& parameters) {
  for (const auto& [name, value] : parameters) {
    if (name.empty() || !std::all_of(name.begin(), name.end(), IsParameterChar)) {
      return InvalidArgument("parameter " + Quoted(name) + ": names consist of letters, digits, '_' and '-'");
    }
    if (HasNul(value)) return InvalidArgument("parameter " + name + ": the value holds a NUL byte");
  }
  return OkStatus();
}

}  // namespace

Status Validate(const JobDefinition& definition) {
  BSUB_RETURN_IF_ERROR(CheckIdentifier("job definition", definition.name));
  BSUB_RETURN_IF_ERROR(
      CheckNumber("revision", definition.revision, 0, std::numeric_limits<std::int32_t>::max()));
  BSUB_RETURN_IF_ERROR(CheckCommand(definition.command));
  BSUB_RETURN_IF_ERROR(CheckEnvironment(definition.environment));
  BSUB_RETURN_IF_ERROR(CheckParameters(definition.parameters));
  if (!definition.working_directory.empty()) {
    BSUB_RETURN_IF_ERROR(CheckAbsolutePath("working directory", definition.working_directory, kLongestPath));
  }
  BSUB_RETURN_IF_ERROR(CheckResources(definition.request));
  BSUB_RETURN_IF_ERROR(CheckWalltime(definition.walltime));
  BSUB_RETURN_IF_ERROR(CheckNumber("priority", definition.priority, -kLargestPriority, kLargestPriority));
  BSUB_RETURN_IF_ERROR(Validate(definition.retry));
  BSUB_RETURN_IF_ERROR(Validate(definition.gang, kMostNodes));
  for (const DefinitionRange& range : definition.node_ranges)
    BSUB_RETURN_IF_ERROR(CheckCommand(range.command));
  BSUB_RETURN_IF_ERROR(CheckNumber("node ranges", static_cast<std::int64_t>(definition.node_ranges.size()), 0,
                                   kMostNodeRanges));
  return CheckTags(definition.tags, kMostTags);
}

std::size_t TextBytes(const JobDefinition& definition) {
  std::size_t bytes = definition.name.size() + definition.working_directory.size();
  // Many that are short cost memory too: about what a string, or a pair in a map, takes beside its text.
  constexpr std::size_t kWordBytes = 32, kPairBytes = 112;
  for (const std::string& word : definition.command) bytes += word.size() + kWordBytes;
  for (const DefinitionRange& range : definition.node_ranges) {
    for (const std::string& word : range.command) bytes += word.size() + kWordBytes;
  }
  for (const auto* map : {&definition.environment, &definition.parameters, &definition.tags}) {
    for (const auto& [key, value] : *map) bytes += key.size() + value.size() + kPairBytes;
  }
  for (const EvaluateOnExit& rule : definition.retry.evaluate_on_exit)
    bytes += rule.on_status_reason.size() + rule.on_reason.size() + rule.on_exit_code.size();
  return bytes;
}

Result<DefinitionRef> ParseDefinitionRef(std::string_view text) {
  const std::string_view whole = Trim(text);
  const std::size_t colon = whole.find(':');
  DefinitionRef ref{.name = std::string(whole.substr(0, colon)), .revision = std::nullopt};
  BSUB_RETURN_IF_ERROR(CheckIdentifier("job definition", ref.name));
  if (colon == std::string_view::npos) return ref;
  std::string_view digits = whole.substr(colon + 1);
  const auto revision = TakeNumber(digits, std::numeric_limits<std::int32_t>::max());
  if (!revision || *revision == 0 || !digits.empty()) {
    return InvalidArgument("job definition " + Quoted(whole) +
                           ": expected a revision from 1 on after ':', as in " + ref.name + ":3");
  }
  ref.revision = static_cast<std::int32_t>(*revision);
  return ref;
}

std::string Substitute(std::string_view text, const std::map<std::string, std::string>& parameters) {
  std::string out;
  while (true) {
    const std::size_t at = text.find(kReference);
    if (at == std::string_view::npos) return out += text;
    const std::size_t begin = at + kReference.size();
    std::size_t end = begin;
    while (end < text.size() && IsParameterChar(text[end])) ++end;
    const auto found = parameters.find(std::string(text.substr(begin, end - begin)));
    out += text.substr(0, at);
    out += found == parameters.end() ? text.substr(at, end - at) : std::string_view(found->second);
    text.remove_prefix(end);
  }
}

}  // namespace bsub
