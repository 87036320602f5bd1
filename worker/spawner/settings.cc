#include "worker/spawner/settings.h"

#include <pwd.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <limits>
#include <string_view>
#include <utility>

#include "jobs/units.h"
#include "worker/launch/option_table.h"

namespace bsub::spawner {
namespace {

namespace po = boost::program_options;

constexpr const char* kIntro =
    "bsub-lite-spawner: starts, limits and reaps the tasks of one node.\n\n"
    "It listens on DIR/spawner.sock for the node's agent and survives it. SIGTERM ends its tasks\n"
    "(TERM, then KILL after the grace) and then itself; after kill -9 its successor kills what is left.\n\n"
    "Usage: bsub-lite-spawner --state DIR [options]";

// A number, or a name of this machine's user database.
Result<std::uint32_t> UserId(const std::string& user) {
  if (const auto uid = ParseInteger(user, 0, std::numeric_limits<std::uint32_t>::max() - 1))
    return static_cast<std::uint32_t>(*uid);
  if (const passwd* entry = getpwnam(user.c_str())) return entry->pw_uid;
  return InvalidArgument("--agent-uid " + user + ": expected a uid, or the name of a user of this machine");
}

using Adder = po::options_description_easy_init;

// A time has its unit with it, so it is read as text (see Finish).
po::typed_value<std::string>* Time(const char* normally) {
  return po::value<std::string>()->default_value(normally)->value_name("TIME");
}

template <typename Number>
po::typed_value<Number>* Count(Number& target, const char* unit) {
  return po::value(&target)->default_value(target)->value_name(unit);
}

void AddPlaces(Adder add, Settings& s) {
  add("help,h", "print this and exit");
  add("version", "print the version and exit");
  add("state", po::value(&s.state_dir)->value_name("DIR"),
      "where records, scripts and output of tasks are kept");
  add("scratch", po::value(&s.scratch_dir)->default_value(s.scratch_dir)->value_name("DIR"),
      "where directories of MPI jobs are made, for memory that their ranks share; gone with the job. Not "
      "writable: in the state directory");
  add("node", po::value(&s.node)->value_name("NAME"), "refuse launches made for another node");
  add("launch-key", po::value(&s.launch_key)->value_name("FILE"),
      "the cluster's launch key; needed to start tasks of other users");
  add("agent-uid", po::value<std::string>()->value_name("USER"),
      "who may connect, beside this user and root");
}

void AddLimits(Adder add, Settings& s) {
  add("max-frame-bytes", Count(s.max_frame_bytes, "BYTES"), "largest message");
  add("max-tasks", Count(s.max_tasks, "COUNT"), "running or unacknowledged");
  add("sync", po::value<std::string>()->default_value("ends")->value_name("WHEN"),
      "sync to disk: all records of tasks, their ends only, or none");
  add("cgroups", po::value<std::string>()->default_value("limits")->value_name("MODE"),
      "off; limits: for tasks with a memory limit; all: for every task");
  add("bind-cpus", po::bool_switch(&s.bind_cpus),
      "bind each task that asks for whole CPUs to CPUs of its own, as long as there are some that no task "
      "has");
  add("end-leftovers", po::bool_switch(&s.end_leftovers),
      "end the tasks that a killed spawner left in this state directory, and exit");
  add("min-free", po::value<std::string>()->default_value("16M")->value_name("SIZE"),
      "start no task while the disk of the state directory has less left");
  add("idle-witnesses", Count(s.idle_witnesses, "COUNT"),
      "processes that wait for the next task to watch over; those beyond are let go");
  add("log-compact-bytes", Count(s.log_compact_bytes, "BYTES"), "rewrite the task log once it is longer");
  add("output-sweep-folders", Count(s.output_sweep.folders, "COUNT"),
      "jobs whose output is looked at in one step of --output-sweep");
  add("remembered-attempts", Count(s.remembered_attempts, "COUNT"),
      "acknowledged attempts whose launch is refused if it is repeated");
}

void AddTimes(Adder add) {
  add("stop-grace", Time("30s"), "TERM to KILL where the launch names none");
  add("lease-grace", Time("30s"), "the most it may be when the lease is lost");
  add("lease-slack", Time("5s"),
      "how long the kills may take that end it; the scheduler's core.lease_margin covers both");
  add("shutdown-grace", Time("30s"), "the most it may be at SIGTERM");
  add("leftover-deadline", Time("30s"), "how long to wait for the killed tasks of the spawner before");
  add("start-patience", Time("10s"),
      "how long a start that fails for the node's sake is tried again before the task is handed back");
  add("launcher-patience", Time("2s"),
      "how long the launcher may take to make a witness, and a witness to begin with its task, before it is "
      "killed and replaced");
  add("step-patience", Time("2m"),
      "how long a node of an MPI job may take to answer the main node, in whole seconds; jobs may say "
      "another "
      "(BSUB_STEP_PATIENCE)");
  add("try-again", Time("1s"),
      "how often such a start is tried, and a record for which the disk had no room");
  add("kill-again", Time("500ms"), "how often what a stopped task forks faster than it dies is killed");
  add("sweep-again", Time("50ms"),
      "how often processes that a task left behind are looked for until none is left");
  add("notice-patience", Time("10s"),
      "how long after a notice the program may not catch, block or ignore the signal of --checkpoint-signal "
      "yet, which would end it: it gets it as soon as it does, at the latest then or in the middle of the "
      "notice's time");
  add("notice-again", Time("20ms"), "how often that is looked at");
  add("output-look", Time("1s"),
      "how often the output of running tasks is looked at, for its limit and for a full disk");
  add("output-retention", Time("30d"),
      "how long a job's output stays in the spool after it was last written; 0s: for ever");
  add("output-sweep", Time("1s"),
      "pause between two steps of a search for output that is older; ten such searches in a retention");
}

po::options_description Options(Settings& s) {
  po::options_description options("Options");
  AddPlaces(options.add_options(), s);
  AddLimits(options.add_options(), s);
  AddTimes(options.add_options());
  return options;
}

Status ReadDuration(const po::variables_map& values, const char* name, std::int64_t& out) {
  const auto parsed = ParseDuration(values[name].as<std::string>());
  if (!parsed) return InvalidArgument("--" + std::string(name) + ": " + parsed.error().message);
  out = parsed->count();
  return OkStatus();
}

Status ReadDurations(const po::variables_map& values, Settings& s) {
  const std::pair<const char*, std::int64_t*> times[] = {{"stop-grace", &s.default_stop_grace_us},
                                                         {"lease-grace", &s.lease_grace_us},
                                                         {"lease-slack", &s.lease_slack_us},
                                                         {"shutdown-grace", &s.shutdown_grace_us},
                                                         {"leftover-deadline", &s.leftover_deadline_us},
                                                         {"start-patience", &s.start_patience_us},
                                                         {"launcher-patience", &s.launcher_patience_us},
                                                         {"step-patience", &s.step_patience_us},
                                                         {"try-again", &s.try_again_us},
                                                         {"kill-again", &s.kill_again_us},
                                                         {"sweep-again", &s.sweep_again_us},
                                                         {"notice-patience", &s.notice_patience_us},
                                                         {"notice-again", &s.notice_again_us},
                                                         {"output-look", &s.output_look_us},
                                                         {"output-retention", &s.output_sweep.retention_us},
                                                         {"output-sweep", &s.output_sweep.step_us}};
  for (const auto& [name, target] : times) BSUB_RETURN_IF_ERROR(ReadDuration(values, name, *target));
  // Without a pause the spawner would do nothing else, and without patience it would start nothing.
  for (const auto& [name, target] : times) {
    const std::string_view option(name);
    if ((option.ends_with("-again") || option == "launcher-patience" || option == "output-sweep") &&
        *target < 1000)
      return InvalidArgument("--" + std::string(name) + " is " + std::to_string(*target) +
                             "us, expected at least 1ms");
  }
  if (s.step_patience_us < 1'000'000 || s.step_patience_us > 86'400'000'000)
    return InvalidArgument("--step-patience is " + values["step-patience"].as<std::string>() +
                           ", expected from 1s to 24h");
  return OkStatus();
}

Status ReadWords(const po::variables_map& values, Settings& s) {
  const auto sync = values["sync"].as<std::string>();
  if (sync != "all" && sync != "ends" && sync != "none") {
    return InvalidArgument("--sync is '" + sync + "', expected all, ends or none");
  }
  s.sync = sync == "all" ? SyncPolicy::kAll : sync == "ends" ? SyncPolicy::kEnds : SyncPolicy::kNone;
  const auto cgroups = values["cgroups"].as<std::string>();
  if (cgroups != "off" && cgroups != "limits" && cgroups != "all") {
    return InvalidArgument("--cgroups is '" + cgroups + "', expected off, limits or all");
  }
  s.cgroups = cgroups == "off"      ? CgroupMode::kOff
              : cgroups == "limits" ? CgroupMode::kLimits
                                    : CgroupMode::kAll;
  return OkStatus();
}

Status Finish(const po::variables_map& values, Settings& s) {
  if (s.state_dir.empty()) return InvalidArgument("--state is missing, expected the node's state directory");
  if (values.count("agent-uid") != 0) {
    BSUB_ASSIGN_OR_RETURN(s.agent_uid, UserId(values["agent-uid"].as<std::string>()));
  }
  BSUB_RETURN_IF_ERROR(ReadWords(values, s));
  if (s.agent_uid && *s.agent_uid != geteuid() && s.launch_key.empty()) {
    return InvalidArgument(
        "--agent-uid " + std::to_string(*s.agent_uid) +
        " without --launch-key: another user's agent could start anything as this user; give the cluster's "
        "launch key");
  }
  const auto min_free = ParseBytes(values["min-free"].as<std::string>());
  if (!min_free) return InvalidArgument("--min-free: " + min_free.error().message);
  s.min_free = *min_free;
  return ReadDurations(values, s);
}

}  // namespace

Result<ParsedArguments> ParseArguments(int argc, const char* const* argv) {
  ParsedArguments parsed;
  const po::options_description options = Options(parsed.settings);
  po::variables_map values;
  BSUB_RETURN_IF_ERROR(worker::ReadOptions(options, argc, argv, values));
  parsed.text = worker::AskedText(options, values, kIntro, "bsub-lite-spawner " BSUB_VERSION "\n");
  if (parsed.text.empty()) BSUB_RETURN_IF_ERROR(Finish(values, parsed.settings));
  return parsed;
}

std::string SettingsManual() {
  Settings settings;
  return worker::OptionTable(Options(settings));
}

}  // namespace bsub::spawner
