#include "sim/replay/replay_options.h"

#include <string_view>

#include "jobs/text.h"
#include "jobs/units.h"
#include "sim/option_words.h"
#include "sim/replay/workload.h"

namespace bsub::sim {
namespace {

constexpr std::string_view kUsage =
    "usage: bsub-lite sim replay LOG [--processors P] [--policy NAME] [--passes batch|event]\n"
    "                            [--first N] [--starts FILE] [--per-job FILE] [--plot FILE.svg]\n"
    "                            [--forecasts N] [--json]\n"
    "\n"
    "Replays a workload log (Standard Workload Format, plain or gzip) through the scheduler's core.\n"
    "\n"
    "  --processors P   of the machine, which is one pool (default: as the log's header says)\n"
    "  --policy NAME    see below (default easy)\n"
    "  --order NAME, --backfill NAME, --overdue-after TIME, --favour-short TIME\n"
    "                   instead of the policy's; as of bsub-lite queues set\n"
    "  --passes WHEN    batch: one scheduling pass after all that happens at one instant (default);\n"
    "                   event: one after every event, as published simulators have it\n"
    "  --first N        only the first N jobs\n"
    "  --starts FILE    write when each job started: job,start in seconds\n"
    "  --per-job FILE   write each job with its times, wait and bounded slowdown: CSV, or JSON if FILE ends "
    "in .json\n"
    "  --half WHICH     first or second: the summary is of this half of the jobs (all are replayed)\n"
    "  --plot FILE      write a picture (SVG): utilisation, queue and Gantt view over time\n"
    "  --forecasts N    ask `when` for every N-th job that has to wait, and hold it against what came\n"
    "                   (with passes batch)\n"
    "  --json           print the summary as one JSON object\n"
    "\n"
    "policies:\n";

Result<Passes> ParsePasses(const std::string& text) {
  if (text == "batch") return Passes::kBatch;
  if (text == "event") return Passes::kEvent;
  return InvalidArgument("--passes " + Quoted(text) + ": expected batch or event");
}

Status ReadOption(const std::string& option, const std::string& value, ReplayWish& wish) {
  if (option == "--policy") {
    BSUB_ASSIGN_OR_RETURN(wish.policy, FindReplayPolicy(value));
  } else if (option == "--passes") {
    BSUB_ASSIGN_OR_RETURN(wish.passes, ParsePasses(value));
  } else if (option == "--starts") {
    wish.starts = value;
  } else if (option == "--order") {
    BSUB_ASSIGN_OR_RETURN(wish.order, NamedBy(option, sched::ParseQueueOrder(value)));
  } else if (option == "--backfill") {
    BSUB_ASSIGN_OR_RETURN(wish.backfill, NamedBy(option, sched::ParseBackfill(value)));
  } else if (option == "--overdue-after") {
    BSUB_ASSIGN_OR_RETURN(wish.overdue_after, NamedBy(option, ParseDuration(value)));
  } else if (option == "--favour-short") {
    BSUB_ASSIGN_OR_RETURN(wish.favour_short, NamedBy(option, ParseDuration(value)));
  } else if (option == "--per-job") {
    wish.jobs = value;
  } else if (option == "--half") {
    BSUB_ASSIGN_OR_RETURN(wish.half, ParseHalf(value));
  } else if (option == "--plot") {
    wish.plot = value;
  } else if (option == "--processors") {
    BSUB_ASSIGN_OR_RETURN(wish.processors, PositiveNumber(option, value, kMostProcessors));
  } else if (option == "--first") {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t first, PositiveNumber(option, value));
    wish.first = static_cast<std::size_t>(first);
  } else if (option == "--forecasts") {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t every, PositiveNumber(option, value));
    wish.forecasts = static_cast<std::size_t>(every);
  } else {
    return InvalidArgument(option + ": unknown option; --help shows them all");
  }
  return OkStatus();
}

Status ReadLogName(const std::string& word, ReplayWish& wish) {
  if (!wish.log.empty()) return InvalidArgument(word + ": one log at a time");
  wish.log = word;
  return OkStatus();
}

}  // namespace

std::string ReplayHelp() {
  std::string help(kUsage);
  for (const ReplayPolicy& policy : ReplayPolicies()) {
    std::string name(policy.name);
    name.resize(15, ' ');
    help += "  " + name + std::string(policy.summary) + (policy.event_only ? " (always event)" : "") + "\n";
  }
  return help;
}

Result<ReplayWish> ReadReplayWish(const std::vector<std::string>& arguments) {
  ReplayWish wish;
  BSUB_ASSIGN_OR_RETURN(wish.policy, FindReplayPolicy("easy"));
  BSUB_RETURN_IF_ERROR(ReadOptionWords(
      arguments, {.flags = {{"--json", &wish.json}, {"--help", &wish.help}, {"-h", &wish.help}},
                  .option = [&wish](const std::string& option,
                                    const std::string& value) { return ReadOption(option, value, wish); },
                  .word = [&wish](const std::string& word) { return ReadLogName(word, wish); }}));
  wish.policy.order = wish.order.value_or(wish.policy.order);
  wish.policy.backfill = wish.backfill.value_or(wish.policy.backfill);
  wish.policy.overdue_after = wish.overdue_after.value_or(wish.policy.overdue_after);
  wish.policy.favour_short = wish.favour_short.value_or(wish.policy.favour_short);
  if (wish.forecasts > 0 && (wish.passes == Passes::kEvent || wish.policy.event_only))
    return InvalidArgument("--forecasts: only with --passes batch, as a cluster has them");
  if (wish.log.empty() && !wish.help)
    return InvalidArgument("which log? Name a file in the Standard Workload Format");
  return wish;
}

}  // namespace bsub::sim
