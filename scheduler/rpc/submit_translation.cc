#include "scheduler/rpc/submit_translation.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "common/utf8.h"
#include "jobs/text.h"
#include "scheduler/rpc/interruption_translation.h"
#include "scheduler/rpc/payloads.h"

namespace bsub::rpc {
namespace {

constexpr std::size_t kTokenBytes = 16;
constexpr std::string_view kPlaceholderQueue = "default";

std::string BaseName(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

// What a job is called that was given no name.
std::string NameFrom(const v1::Command& command, const SpecLimits& limits) {
  std::string name = BaseName(command.script_name());
  if (name.empty() && command.argv_size() > 0) name = BaseName(command.argv(0));
  name = ToUtf8(name);
  for (char& c : name) {
    // What a job's name may not hold (jobs/job_spec.cc), e.g. of the program `[`.
    if (IsControl(c) || std::string_view("\"[]*").find(c) != std::string_view::npos) c = '_';
  }
  name = std::string(Trim(name));
  if (name.empty()) name = "job";
  return std::string(CutUtf8(name, limits.max_name_bytes));
}

// The definition's command and environment under the request's, Ref::name replaced.
void ApplyDefinition(const JobDefinition& definition, v1::SubmitRequest& request) {
  std::map<std::string, std::string> parameters = definition.parameters;
  for (const auto& [name, value] : request.parameters()) parameters[name] = value;
  v1::Command& command = *request.mutable_command();
  if (command.argv_size() == 0 && command.script().empty()) {
    command.mutable_argv()->Assign(definition.command.begin(), definition.command.end());
  }
  for (std::string& word : *command.mutable_argv()) word = Substitute(word, parameters);

  std::set<std::string> given;
  for (const std::string& variable : request.environment().variables())
    given.insert(variable.substr(0, variable.find('=')));
  for (const auto& [name, value] : definition.environment) {
    if (given.count(name) == 0)
      request.mutable_environment()->add_variables(name + "=" + Substitute(value, parameters));
  }
  const bool replace = request.working_directory_by_default() && !definition.working_directory.empty();
  if (request.working_directory().empty() || replace)
    request.set_working_directory(definition.working_directory);
  if (request.name().empty()) request.set_name(definition.name);
}

void FillLimits(const v1::SubmitRequest& request, JobSettings& settings) {
  for (const v1::ProcessLimit& limit : request.limits()) {
    settings.limits.push_back({limit.name(), limit.soft(), limit.hard()});
  }
  std::sort(settings.limits.begin(), settings.limits.end());  // equal sets of limits share their settings
}

// What a definition may fill in.
Status FillFromEither(const v1::SubmitRequest& request, const JobDefinition* definition,
                      JobSettings& settings) {
  settings.request =
      definition ? definition->request : Resources{.cpu_milli = 1000, .mem_bytes = 0, .gpus = 0};
  BSUB_ASSIGN_OR_RETURN(settings.gang,
                        TranslateGang(request.gang(), definition ? definition->gang : GangSpec{}));
  const GangSpec& gang = settings.gang;
  if (!definition || request.gang().ranks_per_node() > 0 || request.gang().threads_per_rank() > 0)
    settings.request.cpu_milli = std::int64_t{1000} * gang.ranks_per_node * gang.threads_per_rank;
  if (request.has_resources()) settings.request = TranslateResources(request.resources(), settings.request);
  settings.walltime = Duration(request.walltime_us());
  if (request.walltime_us() == 0 && definition) settings.walltime = definition->walltime;
  settings.priority = request.priority() == 0 && definition ? definition->priority : request.priority();
  if (request.has_retry()) {
    BSUB_ASSIGN_OR_RETURN(settings.retry, TranslateRetry(request.retry()));
  } else if (definition) {
    settings.retry = definition->retry;
  }
  if (definition) {
    settings.tags = definition->tags;
    settings.definition = definition->name + ":" + std::to_string(definition->revision);
  }
  for (const auto& [key, value] : request.tags()) settings.tags[key] = value;
  return OkStatus();
}

// Of the nodes' own commands: a definition's come first, so that the request's count.
Status StageRanges(const v1::SubmitRequest& request, const JobDefinition* definition,
                   const RpcSettings& limits, JobSettings& settings, std::vector<StagedPayload>& payloads) {
  const auto add = [&](const PartRange& nodes, v1::Command command) -> Status {
    BSUB_RETURN_IF_ERROR(CheckCommand(command, limits));
    payloads.push_back(Stage(command));
    settings.node_ranges.push_back({nodes.first, nodes.last, payloads.back().hash});
    return OkStatus();
  };
  if (definition) {
    std::map<std::string, std::string> parameters = definition->parameters;
    for (const auto& [name, value] : request.parameters()) parameters[name] = value;
    for (const DefinitionRange& range : definition->node_ranges) {
      v1::Command command;
      for (const std::string& word : range.command) command.add_argv(Substitute(word, parameters));
      BSUB_RETURN_IF_ERROR(add({range.first, range.last}, std::move(command)));
    }
  }
  for (const v1::NodeRange& range : request.gang().ranges()) {
    BSUB_ASSIGN_OR_RETURN(const PartRange nodes, ParsePartRange(range.nodes()));
    v1::Command command;
    *command.mutable_argv() = range.command();
    BSUB_RETURN_IF_ERROR(add(nodes, std::move(command)));
  }
  return OkStatus();
}

Status FillSettings(const v1::SubmitRequest& request, const Principal& who, const JobDefinition* definition,
                    JobSettings& settings) {
  settings.owner = who;
  settings.submit_host = request.submit_host();
  settings.working_directory = request.working_directory();
  settings.umask = request.umask();
  settings.queue = request.queue();
  settings.project = request.project();
  settings.share_identifier = request.share_identifier();
  settings.reservation = request.reservation();
  if (request.has_stop_grace_us()) settings.stop_grace = Duration(request.stop_grace_us());
  if (request.has_max_interruptions()) settings.max_interruptions = request.max_interruptions();
  settings.on_impossible = request.keep_if_impossible() ? OnImpossible::kKeep : OnImpossible::kEnd;
  settings.stdout_path = request.stdout_path();
  settings.stderr_path = request.stderr_path();
  BSUB_ASSIGN_OR_RETURN(settings.checkpoint, TranslateCheckpoint(request));
  FillLimits(request, settings);
  return FillFromEither(request, definition, settings);
}

Status FillSpec(const v1::SubmitRequest& request, const Principal& who, const SpecLimits& limits,
                JobSpec& spec) {
  spec.name = request.name().empty() ? NameFrom(request.command(), limits) : request.name();
  if (Trim(request.array()) == "0") {  // a count of nothing, or an index? Whoever meant the latter can say so
    return InvalidArgument(
        "array: '0' would be an array of no children; write 1-N for N of them, or 0-0 for one with "
        "index 0");
  }
  if (!request.array().empty()) {
    auto array = ParseArraySpec(request.array(), limits.array);
    if (!array) return Error{array.error().code, "array: " + array.error().message};
    spec.array = std::move(*array);
  }
  if (!request.dependency().empty()) {
    auto dependency = ParseDependency(request.dependency(), limits.dependency);
    if (!dependency) return Error{dependency.error().code, "dependency: " + dependency.error().message};
    spec.dependency = std::move(*dependency);
  }
  spec.begin_at = TimePoint(request.begin_at_us());
  spec.held = request.held();
  BSUB_ASSIGN_OR_RETURN(spec.token, CombineToken(request.token(), who.uid));
  return OkStatus();
}

}  // namespace

Result<SubmitToken> CombineToken(std::string_view client_token, std::uint32_t uid) {
  if (client_token.empty()) return SubmitToken{};
  if (client_token.size() != kTokenBytes) {
    return InvalidArgument("token: " + std::to_string(client_token.size()) +
                           " bytes; expected 16 random bytes or none");
  }
  const PayloadHash hash = Sha256(std::to_string(uid) + ":" + std::string(client_token));
  SubmitToken token;
  std::copy_n(hash.bytes.begin(), token.bytes.size(), token.bytes.begin());
  return token;
}

Resources TranslateResources(const v1::Resources& resources, const Resources& otherwise) {
  return {.cpu_milli = resources.has_cpu_milli() ? resources.cpu_milli() : otherwise.cpu_milli,
          .mem_bytes = resources.has_mem_bytes() ? resources.mem_bytes() : otherwise.mem_bytes,
          .gpus = resources.has_gpus() ? resources.gpus() : otherwise.gpus};
}

Result<GangSpec> TranslateGang(const v1::Gang& gang, GangSpec otherwise) {
  if (gang.nodes() > 0) otherwise.nodes = gang.nodes(), otherwise.min_nodes = gang.min_nodes();
  if (gang.ranks_per_node() > 0) otherwise.ranks_per_node = gang.ranks_per_node();
  if (gang.threads_per_rank() > 0) otherwise.threads_per_rank = gang.threads_per_rank();
  if (gang.has_exclusive()) otherwise.exclusive = gang.exclusive();
  if (!gang.end().empty()) {
    BSUB_ASSIGN_OR_RETURN(otherwise.end, ParseGangEnd(gang.end()));
  }
  if (!gang.launch().empty()) {
    BSUB_ASSIGN_OR_RETURN(otherwise.launch, ParseGangLaunch(gang.launch()));
  }
  if (!gang.placement().empty()) {
    BSUB_ASSIGN_OR_RETURN(PlacementSpec given, ParsePlacement(gang.placement()));
    given.group = std::move(otherwise.placement.group);
    given.features = std::move(otherwise.placement.features);
    given.preferred_features = std::move(otherwise.placement.preferred_features);
    otherwise.placement = std::move(given);
  }
  PlacementSpec& placement = otherwise.placement;
  if (!gang.placement_group().empty()) placement.group = gang.placement_group();
  if (gang.features_size() > 0) placement.features.assign(gang.features().begin(), gang.features().end());
  if (gang.preferred_features_size() > 0)
    placement.preferred_features.assign(gang.preferred_features().begin(), gang.preferred_features().end());
  const bool unsaid = gang.placement().empty() && placement.policy == PlacementPolicy::kNone;
  if (unsaid && !placement.group.empty()) placement.policy = PlacementPolicy::kCluster;
  return otherwise;
}

Result<RetryStrategy> TranslateRetry(const v1::RetryStrategy& retry) {
  RetryStrategy out;
  out.attempts = retry.attempts() == 0 ? 1 : retry.attempts();
  for (const v1::EvaluateOnExit& rule : retry.evaluate_on_exit()) {
    const std::string action = ToLower(rule.action());
    if (action != "retry" && action != "exit") {
      return InvalidArgument("evaluateOnExit: action " + Quoted(rule.action()) +
                             " is neither RETRY nor EXIT");
    }
    out.evaluate_on_exit.push_back({rule.on_status_reason(), rule.on_reason(), rule.on_exit_code(),
                                    action == "retry" ? RetryAction::kRetry : RetryAction::kExit});
  }
  return out;
}

Result<TranslatedSubmit> TranslateSubmit(v1::SubmitRequest request, const Principal& who,
                                         const JobDefinition* definition, const RpcSettings& limits,
                                         const SpecLimits& spec_limits) {
  if (definition) {
    ApplyDefinition(*definition, request);
  } else if (request.parameters_size() > 0) {
    return InvalidArgument("parameters: only a job definition has parameters; name one with 'definition'");
  }
  BSUB_RETURN_IF_ERROR(CheckCommand(*request.mutable_command(), limits));
  BSUB_RETURN_IF_ERROR(NormaliseEnvironment(*request.mutable_environment(), limits));

  TranslatedSubmit out;
  auto settings = std::make_shared<JobSettings>();
  BSUB_RETURN_IF_ERROR(FillSettings(request, who, definition, *settings));
  BSUB_RETURN_IF_ERROR(FillSpec(request, who, spec_limits, out.spec));
  out.payloads = {Stage(request.command()), Stage(request.environment())};
  out.spec.command = out.payloads[0].hash;
  settings->environment = out.payloads[1].hash;
  BSUB_RETURN_IF_ERROR(StageRanges(request, definition, limits, *settings, out.payloads));
  out.spec.settings = settings;
  // The core puts the default queue in; until then anything well-formed may stand there.
  if (request.queue().empty()) settings->queue = kPlaceholderQueue;
  BSUB_RETURN_IF_ERROR(Validate(out.spec, spec_limits));
  settings->queue = request.queue();
  return out;
}

}  // namespace bsub::rpc
