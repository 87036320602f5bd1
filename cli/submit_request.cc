#include "cli/submit_request.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "cli/names.h"
#include "cli/submit_surroundings.h"
#include "common/utf8.h"
#include "jobs/array_spec.h"
#include "jobs/checkpoint_spec.h"
#include "jobs/dependency.h"
#include "jobs/gang.h"
#include "jobs/retry.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::int64_t kOneCpu = 1000;
constexpr std::int64_t kLargestInt32 = std::numeric_limits<std::int32_t>::max();
constexpr std::size_t kLongestName = 128;

// The result of `parse` on an option's value, with the option's name before its message.
template <typename Parse>
auto Value(const Arguments& arguments, std::string_view option, Parse parse)
    -> decltype(parse(std::string())) {
  const std::string text = arguments.Get(option, "");
  auto value = parse(text);
  if (!value)
    return Error{value.error().code,
                 "--" + std::string(option) + " " + Quoted(text) + ": " + value.error().message};
  return value;
}

Result<std::int32_t> Number(const Arguments& arguments, std::string_view option, std::int64_t min,
                            std::int64_t max) {
  BSUB_ASSIGN_OR_RETURN(const std::int64_t number, Value(arguments, option, [&](const std::string& text) {
                          return ParseInteger(text, min, max);
                        }));
  return static_cast<std::int32_t>(number);
}

Result<std::int64_t> Micros(const Arguments& arguments, std::string_view option) {
  BSUB_ASSIGN_OR_RETURN(const Duration duration, Value(arguments, option, [](const std::string& text) {
                          return ParseDuration(text);
                        }));
  return duration.count();
}

// "key=value" options into a map.
Status AddPairs(const Arguments& arguments, std::string_view option,
                google::protobuf::Map<std::string, std::string>& map) {
  for (const std::string& pair : arguments.All(option)) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return InvalidArgument("--" + std::string(option) + " " + Quoted(pair) + ": expected NAME=VALUE");
    }
    map[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return OkStatus();
}

// A job is called after any program; what a name may not hold becomes '_'.
std::string UsableName(const std::string& given) {
  std::string name(CutUtf8(ToUtf8(given), kLongestName));
  for (char& c : name) {
    if (IsControl(c) || std::string_view("\"[]* ").find(c) != std::string_view::npos) c = '_';
  }
  return name;
}

// "--name job[1-10]%2" as LSF writes arrays, unless --array says otherwise.
void AddName(const Arguments& arguments, const JobSource& source, api::SubmitRequest& request) {
  std::string name = arguments.Get("name", source.name);
  const std::size_t open = name.find('[');
  const std::size_t close = name.rfind(']');
  if (arguments.Has("name") && open != std::string::npos && close != std::string::npos && close > open + 1 &&
      (close + 1 == name.size() || name[close + 1] == '%')) {
    request.set_array(name.substr(open + 1, close - open - 1) + name.substr(close + 1));
    name.resize(open);
  }
  request.set_name(arguments.Has("name") ? name : UsableName(name));
}

// WithKernelHost takes them off: what is still there stood in a script, or belongs to no kernel.
Status CheckKernel(const Arguments& arguments) {
  if (arguments.Has("kernel"))
    return InvalidArgument("--kernel in a #BSUB line: expected on the command line; the kernel is what runs");
  if (arguments.Has("kernel-input"))
    return InvalidArgument("--kernel-input needs --kernel LIBRARY:FUNCTION: whose input is it?");
  return OkStatus();
}

Status AddCommand(const JobSource& source, api::SubmitRequest& request) {
  if (source.argv.empty() && !source.is_script()) return OkStatus();  // the definition's
  api::Command& command = *request.mutable_command();
  for (const std::string& word : source.argv) command.add_argv(word);
  if (!source.is_script()) return OkStatus();
  command.set_script(source.script);
  for (const std::string& word : source.interpreter) command.add_interpreter(word);
  command.set_script_name(source.name);
  return OkStatus();
}

// This process's environment (or none), then the files, then single variables; later ones win.
Status AddEnvironment(const Context& context, const Arguments& arguments, api::SubmitRequest& request) {
  std::vector<std::string> entries;
  if (!arguments.Has("env-none")) entries = context.environment;
  for (const std::string& path : arguments.All("env-file")) {
    BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> lines, ReadEnvironmentFile(path));
    entries.insert(entries.end(), lines.begin(), lines.end());
  }
  for (const std::string& entry : arguments.All("env")) {
    const std::size_t equals = entry.find('=');
    if (equals == 0 || entry.empty())
      return InvalidArgument("--env " + Quoted(entry) + ": expected NAME=VALUE or NAME");
    entries.push_back(equals == std::string::npos ? entry + "=" + context.Variable(entry) : entry);
  }
  if (const auto path = arguments.Get("rank-output")) {
    if (path->find("%r") == std::string::npos)
      return InvalidArgument("--rank-output " + Quoted(*path) +
                             ": expected a path with %r, the rank's number");
    entries.push_back("BSUB_RANK_OUTPUT=" + *path);
  }
  if (const auto store = arguments.Get("restart-from")) {
    if (!arguments.Has("checkpoint-dir"))
      return InvalidArgument("--restart-from needs --checkpoint-dir DIR: where is it to save?");
    if (store->empty()) return InvalidArgument("--restart-from '': expected a job's store, such as DIR/12");
    BSUB_ASSIGN_OR_RETURN(const std::string here, WorkingDirectory(context));
    entries.push_back("BSUB_CHECKPOINT_RESTART_FROM=" +
                      (store->starts_with('/') ? *store : here + "/" + *store));
  }
  api::Environment& environment = *request.mutable_environment();
  for (const auto& [name, value] : EnvironmentMap(entries)) environment.add_variables(name + "=" + value);
  return OkStatus();
}

Status AddResources(const Arguments& arguments, api::SubmitRequest& request) {
  const bool any = arguments.Has("cpus") || arguments.Has("memory") || arguments.Has("gpus");
  if (!any) return OkStatus();
  api::Resources& resources = *request.mutable_resources();
  const bool by_ranks = arguments.Has("ranks-per-node") || arguments.Has("threads-per-rank");
  if (!arguments.Has("definition") && !by_ranks) resources.set_cpu_milli(kOneCpu);
  if (arguments.Has("cpus")) {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t cpus,
                          Value(arguments, "cpus", [](const std::string& text) { return ParseCpus(text); }));
    resources.set_cpu_milli(cpus);
  }
  if (arguments.Has("memory")) {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t bytes, Value(arguments, "memory", [](const std::string& text) {
                            return ParseBytes(text);
                          }));
    resources.set_mem_bytes(bytes);
  }
  if (arguments.Has("gpus")) {
    BSUB_ASSIGN_OR_RETURN(const std::int32_t gpus, Number(arguments, "gpus", 0, 1024));
    resources.set_gpus(gpus);
  }
  return OkStatus();
}

// Starts its ranks on the other nodes by itself.
bool IsLauncher(const JobSource& source) {
  // Also as Debian and others call them where there are several: mpirun.openmpi, mpiexec.hydra.
  static constexpr std::string_view kLaunchers[] = {"mpirun", "mpiexec", "orterun", "prterun"};
  if (source.is_script() || source.argv.empty()) return false;
  const std::string& program = source.argv.front();
  const std::string file = program.substr(program.rfind('/') + 1);
  const std::string name = file.substr(0, file.find('.'));
  return std::find(std::begin(kLaunchers), std::end(kLaunchers), name) != std::end(kLaunchers);
}

// "1:3=./worker -v"
Status AddNodeCommands(const Arguments& arguments, api::Gang& gang) {
  for (const std::string& text : arguments.All("node-command")) {
    const std::size_t equals = text.find('=');
    const auto nodes = ParsePartRange(std::string_view(text).substr(0, equals));
    if (equals == std::string::npos || !nodes || equals + 1 == text.size()) {
      return InvalidArgument("--node-command " + Quoted(text) +
                             ": expected NODES=LINE, such as 1:='./worker -v'");
    }
    api::NodeRange& range = *gang.add_ranges();
    range.set_nodes(text.substr(0, equals));
    for (const char* word : {"/bin/sh", "-c"}) range.add_command(word);
    range.add_command(text.substr(equals + 1));
  }
  return OkStatus();
}

Status AddGangSize(const Arguments& arguments, api::Gang& gang) {
  constexpr std::int64_t kMost = 1'000'000;
  const auto number = [&](std::string_view option, auto set) -> Status {
    if (!arguments.Has(option)) return OkStatus();
    BSUB_ASSIGN_OR_RETURN(const std::int32_t value, Number(arguments, option, 1, kMost));
    set(static_cast<std::uint32_t>(value));
    return OkStatus();
  };
  if (arguments.Has("nodes")) {
    const auto count =
        Value(arguments, "nodes", [](const std::string& text) { return ParseNodeCount(text); });
    if (!count) return Error(count.error());
    gang.set_nodes(count->most);
    if (count->least != count->most) gang.set_min_nodes(count->least);
  }
  BSUB_RETURN_IF_ERROR(number("ranks-per-node", [&](std::uint32_t n) { gang.set_ranks_per_node(n); }));
  return number("threads-per-rank", [&](std::uint32_t n) { gang.set_threads_per_rank(n); });
}

// "efa,!spot"
Status AddFeatures(const Arguments& arguments, std::string_view option,
                   google::protobuf::RepeatedPtrField<std::string>& to) {
  if (!arguments.Has(option)) return OkStatus();
  const auto features = Value(arguments, option, [](const std::string& text) { return ParseFeatures(text); });
  if (!features) return Error(features.error());
  to.Assign(features->begin(), features->end());
  return OkStatus();
}

// With --mpi the program is a rank's.
Status CheckMpi(const Arguments& arguments, const JobSource& source) {
  if (!arguments.Has("mpi")) return OkStatus();
  if (arguments.Has("launch"))
    return InvalidArgument("--mpi and --launch: --mpi says how it is launched; leave out one");
  if (source.is_script()) {
    return InvalidArgument(
        "--mpi with a script: name the program that is a rank's after --, or call mpirun in the script and "
        "submit "
        "it with --launch main-node");
  }
  if (!IsLauncher(source)) return OkStatus();
  return InvalidArgument("--mpi starts the ranks itself: name the program without " +
                         Quoted(source.argv.front()) + ", or leave out --mpi");
}

Status AddGang(const Arguments& arguments, const JobSource& source, api::SubmitRequest& request) {
  api::Gang gang;
  BSUB_RETURN_IF_ERROR(AddGangSize(arguments, gang));
  if (arguments.Has("exclusive")) gang.set_exclusive(true);
  if (arguments.Has("gang-end")) {
    const auto end = Value(arguments, "gang-end", [](const std::string& text) { return ParseGangEnd(text); });
    if (!end) return Error(end.error());
    gang.set_end(std::string(ToString(*end)));
  }
  BSUB_RETURN_IF_ERROR(CheckMpi(arguments, source));
  if (arguments.Has("mpi")) {
    gang.set_launch(std::string(ToString(GangLaunch::kRanks)));
  } else if (arguments.Has("launch")) {
    const auto launch =
        Value(arguments, "launch", [](const std::string& text) { return ParseGangLaunch(text); });
    if (!launch) return Error(launch.error());
    gang.set_launch(std::string(ToString(*launch)));
  } else if (gang.ByteSizeLong() > 0 && IsLauncher(source)) {
    gang.set_launch(std::string(ToString(GangLaunch::kMainNode)));
  }
  if (arguments.Has("placement")) {
    const auto placement = ParsePlacement(arguments.Get("placement", ""));
    if (!placement) return Error{placement.error().code, "--" + placement.error().message};
    gang.set_placement(ToString(*placement));
  }
  BSUB_ASSIGN_OR_RETURN(*gang.mutable_placement_group(), NameOf(arguments, "placement-group"));
  BSUB_RETURN_IF_ERROR(AddFeatures(arguments, "features", *gang.mutable_features()));
  BSUB_RETURN_IF_ERROR(AddFeatures(arguments, "prefer-features", *gang.mutable_preferred_features()));
  BSUB_RETURN_IF_ERROR(AddNodeCommands(arguments, gang));
  if (gang.ByteSizeLong() > 0) *request.mutable_gang() = std::move(gang);
  return OkStatus();
}

Status AddRetry(const Arguments& arguments, api::SubmitRequest& request) {
  if (arguments.Has("retry")) {
    BSUB_ASSIGN_OR_RETURN(const std::int32_t attempts, Number(arguments, "retry", 1, 10));
    request.mutable_retry()->set_attempts(attempts);
  }
  for (const std::string& text : arguments.All("retry-rule")) {
    const auto rule = ParseEvaluateOnExit(text);
    if (!rule) return InvalidArgument("--retry-rule " + Quoted(text) + ": " + rule.error().message);
    api::EvaluateOnExit& out = *request.mutable_retry()->add_evaluate_on_exit();
    out.set_on_status_reason(rule->on_status_reason);
    out.set_on_reason(rule->on_reason);
    out.set_on_exit_code(rule->on_exit_code);
    out.set_action(rule->action == RetryAction::kRetry ? "RETRY" : "EXIT");
  }
  if (request.has_retry() && request.retry().attempts() == 0) request.mutable_retry()->set_attempts(1);
  if (arguments.Has("max-interruptions")) {
    BSUB_ASSIGN_OR_RETURN(const std::int32_t most, Number(arguments, "max-interruptions", 0, kLargestInt32));
    request.set_max_interruptions(most);
  }
  return OkStatus();
}

Status AddTimes(const Arguments& arguments, TimePoint now, api::SubmitRequest& request) {
  if (arguments.Has("time")) {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t walltime, Micros(arguments, "time"));
    if (walltime == 0)
      return InvalidArgument("--time 0: expected more than that; without --time there is no limit");
    request.set_walltime_us(walltime);
  }
  if (arguments.Has("grace")) {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t grace, Micros(arguments, "grace"));
    request.set_stop_grace_us(grace);
  }
  if (arguments.Has("begin")) {
    BSUB_ASSIGN_OR_RETURN(const TimePoint begin, Value(arguments, "begin", [&](const std::string& text) {
                            return ParseBeginTime(text, now);
                          }));
    request.set_begin_at_us(begin.micros());
  }
  return OkStatus();
}

// What would have no effect is told: without it, work may be lost that somebody believes to be saved.
Status CheckCheckpoint(const Arguments& arguments, const api::Checkpoint& checkpoint) {
  if (arguments.Has("then") && !arguments.Has("max-interruptions"))
    return InvalidArgument("--then needs --max-interruptions: after how many does it go to the other queue?");
  if (arguments.Has("checkpoint-anywhere") && checkpoint.directory().empty())
    return InvalidArgument(
        "--checkpoint-anywhere needs --checkpoint-dir DIR: which directory may be anywhere?");
  const bool saves =
      !checkpoint.directory().empty() || !checkpoint.signal().empty() || checkpoint.exit_code() != 0;
  if (arguments.Has("checkpoint-interval") && !saves)
    return InvalidArgument(
        "--checkpoint-interval " + Quoted(arguments.Get("checkpoint-interval", "")) +
        " needs --checkpoint-dir DIR, where the program saves, or --checkpoint-signal SIGNAL");
  return OkStatus();
}

Status AddCheckpoint(const Context& context, const Arguments& arguments, api::SubmitRequest& request) {
  api::Checkpoint checkpoint;
  if (const auto directory = arguments.Get("checkpoint-dir")) {
    if (directory->empty()) return InvalidArgument("--checkpoint-dir '': expected a directory");
    BSUB_ASSIGN_OR_RETURN(const std::string here, WorkingDirectory(context));
    checkpoint.set_directory(directory->starts_with('/') ? *directory : here + "/" + *directory);
  }
  if (arguments.Has("checkpoint-interval")) {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t interval, Micros(arguments, "checkpoint-interval"));
    checkpoint.set_interval_us(interval);
  }
  if (arguments.Has("checkpoint-signal")) {
    const auto signal = Value(arguments, "checkpoint-signal",
                              [](const std::string& text) { return ParseNoticeSignal(text); });
    if (!signal) return Error(signal.error());
    checkpoint.set_signal(ToString(*signal));
  }
  if (arguments.Has("checkpoint-exit-code")) {
    BSUB_ASSIGN_OR_RETURN(const std::int32_t code, Number(arguments, "checkpoint-exit-code", 1, 255));
    checkpoint.set_exit_code(code);
  }
  checkpoint.set_anywhere(arguments.Has("checkpoint-anywhere"));
  BSUB_ASSIGN_OR_RETURN(*checkpoint.mutable_then_queue(), NameOf(arguments, "then"));
  BSUB_RETURN_IF_ERROR(CheckCheckpoint(arguments, checkpoint));
  if (checkpoint.ByteSizeLong() > 0) *request.mutable_checkpoint() = std::move(checkpoint);
  return OkStatus();
}

// A script may name one, too, which only another name undoes.
Result<std::string> QueueWanted(const Arguments& arguments) {
  auto queue = NameOf(arguments, "queue");
  if (queue) return queue;
  return InvalidArgument(
      queue.error().message +
      ", or name the default queue if the script names another (bsub-lite queues shows it)");
}

Status AddOrder(const Arguments& arguments, api::SubmitRequest& request) {
  BSUB_ASSIGN_OR_RETURN(*request.mutable_queue(), QueueWanted(arguments));
  if (arguments.Has("priority")) {
    BSUB_ASSIGN_OR_RETURN(const std::int32_t priority, Number(arguments, "priority", -1'000'000, 1'000'000));
    request.set_priority(priority);
  }
  if (const auto array = arguments.Get("array")) {
    if (Trim(*array).empty())
      return InvalidArgument("--array '': expected indices, such as 1-100 or 1-100%10");
    request.set_array(*array);
  }
  if (!request.array().empty()) {
    const auto spec = ParseArraySpec(request.array());
    if (!spec) return InvalidArgument("--array " + Quoted(request.array()) + ": " + spec.error().message);
  }
  if (const auto dependency = arguments.Get("depends")) {
    const auto parsed = ParseDependency(*dependency);
    if (!parsed) return InvalidArgument("--depends " + Quoted(*dependency) + ": " + parsed.error().message);
    request.set_dependency(*dependency);
  }
  request.set_keep_if_impossible(arguments.Has("keep-if-impossible"));
  request.set_held(arguments.Has("hold"));
  return OkStatus();
}

Status AddPlaces(const Context& context, const Arguments& arguments, api::SubmitRequest& request) {
  BSUB_ASSIGN_OR_RETURN(std::string here, WorkingDirectory(context));
  const std::string wanted = arguments.Get("workdir", "");
  if (wanted.empty() || wanted == ".") {
    request.set_working_directory(here);
    request.set_working_directory_by_default(wanted.empty());
  } else {
    request.set_working_directory(wanted.starts_with('/') ? wanted : here + "/" + wanted);
  }
  request.set_stdout_path(arguments.Get("output", ""));
  request.set_stderr_path(arguments.Get("error", ""));
  return OkStatus();
}

}  // namespace

Result<api::SubmitRequest> BuildSubmitRequest(const Context& context, const Arguments& arguments,
                                              const JobSource& source, TimePoint now) {
  api::SubmitRequest request;
  request.set_protocol(kClientProtocol);
  AddProcessState(request);
  AddName(arguments, source, request);
  BSUB_RETURN_IF_ERROR(CheckKernel(arguments));
  BSUB_RETURN_IF_ERROR(AddCommand(source, request));
  BSUB_RETURN_IF_ERROR(AddEnvironment(context, arguments, request));
  BSUB_RETURN_IF_ERROR(AddResources(arguments, request));
  BSUB_RETURN_IF_ERROR(AddGang(arguments, source, request));
  BSUB_RETURN_IF_ERROR(AddRetry(arguments, request));
  BSUB_RETURN_IF_ERROR(AddTimes(arguments, now, request));
  BSUB_RETURN_IF_ERROR(AddCheckpoint(context, arguments, request));
  BSUB_RETURN_IF_ERROR(AddOrder(arguments, request));
  BSUB_RETURN_IF_ERROR(AddPlaces(context, arguments, request));
  BSUB_ASSIGN_OR_RETURN(*request.mutable_project(), NameOf(arguments, "project"));
  BSUB_ASSIGN_OR_RETURN(*request.mutable_share_identifier(), NameOf(arguments, "share"));
  BSUB_ASSIGN_OR_RETURN(*request.mutable_reservation(), NameOf(arguments, "reservation"));
  BSUB_ASSIGN_OR_RETURN(*request.mutable_definition(), NameOf(arguments, "definition"));
  BSUB_RETURN_IF_ERROR(AddPairs(arguments, "tag", *request.mutable_tags()));
  BSUB_RETURN_IF_ERROR(AddPairs(arguments, "param", *request.mutable_parameters()));
  return request;
}

}  // namespace bsub::cli
