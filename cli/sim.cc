#include "cli/sim.h"

#include <ostream>

#include "cli/client.h"
#include "cli/run_tool.h"
#include "cli/verbs.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kSimTool = "bsub-lite-sim";

// The options of more than one word.
std::vector<Option> SimSharedOptions() {
  return {{.name = "processors",
           .value = "P",
           .text = "Of replay and compare: processors of the machine, at most 1000000.",
           .fallback = "as the log's header says"},
          {.name = "policy",
           .value = "NAME",
           .text = "Of replay and day: fcfs, easy, sjbf, easy-perfect, sjbf-perfect, cons, default, sjfeasy, "
                   "safeasy or wfpeasy. Those that know run times (-perfect) are not for day.",
           .fallback = "easy",
           .complete = "fcfs|easy|sjbf|easy-perfect|sjbf-perfect|cons|default|sjfeasy|safeasy|wfpeasy"},
          {.name = "half",
           .value = "WHICH",
           .text = "Of replay and compare: first or second, measure only this half of the jobs. All are "
                   "replayed.",
           .complete = "first|second"},
          {.name = "json", .text = "Print the summary as one JSON object, or an array of them."}};
}

std::vector<Option> ReplayRuleOptions() {
  constexpr std::string_view kGroup = "OF REPLAY: BY WHICH RULES";
  return {
      {.name = "passes",
       .value = "WHEN",
       .text = "batch: one scheduling pass after all that happens at one instant, as a cluster does it; "
               "event: one after every event, as published simulators have it.",
       .fallback = "batch",
       .group = kGroup,
       .complete = "batch|event"},
      {.name = "first", .value = "N", .text = "Only the first N jobs.", .group = kGroup},
      {.name = "order",
       .value = "NAME",
       .text = "Instead of the policy's, as of queues set --policy: priority, balanced, shortest and so on.",
       .fallback = "the policy's",
       .group = kGroup},
      {.name = "backfill",
       .value = "NAME",
       .text = "Instead of the policy's, as of queues set.",
       .fallback = "the policy's",
       .group = kGroup},
      {.name = "overdue-after",
       .value = "TIME",
       .text = "Instead of the policy's, as of queues set.",
       .fallback = "the policy's",
       .group = kGroup},
      {.name = "favour-short",
       .value = "TIME",
       .text = "Instead of the policy's, as of queues set.",
       .fallback = "the policy's",
       .group = kGroup}};
}

std::vector<Option> ReplayResultOptions() {
  constexpr std::string_view kGroup = "OF REPLAY: WHAT COMES OUT";
  return {{.name = "starts",
           .value = "FILE",
           .text = "Write when each job started, as lines of job,start in seconds.",
           .group = kGroup,
           .complete = "file"},
          {.name = "per-job",
           .value = "FILE",
           .text = "Write every job with its times, wait and bounded slowdown, and whether it started before "
                   "one that was submitted before it: CSV, or JSON if FILE ends in .json.",
           .group = kGroup,
           .complete = "file"},
          {.name = "plot",
           .value = "FILE",
           .text = "Write a picture as SVG: utilisation, length of the queue, and which processors had jobs, "
                   "over time.",
           .group = kGroup,
           .complete = "file"},
          {.name = "forecasts",
           .value = "N",
           .text = "Ask for every N-th job that has to wait what bsub-lite when would say, and tell how many "
                   "started by then. With --passes batch.",
           .group = kGroup}};
}

std::vector<Option> CompareOptions() {
  constexpr std::string_view kGroup = "OF COMPARE";
  return {{.name = "policies",
           .value = "LIST",
           .text = "Names as of --policy, with commas between them.",
           .fallback = "easy,sjbf,default",
           .group = kGroup}};
}

std::vector<Option> DayOptions() {
  constexpr std::string_view kGroup = "OF DAY";
  return {
      {.name = "config",
       .value = "FILE",
       .text = "A cluster configuration. It must be given.",
       .group = kGroup,
       .complete = "file"},
      {.name = "jobs", .value = "N", .text = "So many over the day.", .fallback = "1000000", .group = kGroup},
      {.name = "load",
       .value = "PERCENT",
       .text = "Of the cluster's CPU time, that they use together.",
       .fallback = "75",
       .group = kGroup},
      {.name = "seed",
       .value = "N",
       .text = "Another one is another day.",
       .fallback = "1",
       .group = kGroup}};
}

Manual SimManual() {
  Manual manual{
      .name = "sim",
      .summary = "replay recorded work through the scheduler's core",
      .synopsis = {"replay LOG [--policy NAME] [OPTION ...]",
                   "compare LOG ... [--policies LIST] [--half WHICH] [--json]",
                   "day --config FILE [--jobs N] [OPTION ...]", "table sc20 LOG [--json]"},
      .paragraphs =
          {"replay reads a workload log in the Standard Workload Format, plain or compressed by gzip, and "
           "runs its jobs through the same code that schedules a cluster, in simulated time, on one pool of "
           "processors. No cluster is needed, and none is touched. Lines that are no jobs are left out and "
           "reported with their numbers.",
           "compare replays each log under several policies and prints what they come to as a table in "
           "Markdown: the table of docs/policies.md is made so.",
           "day draws a day's work at random and runs it the same way on all nodes of a cluster "
           "configuration, with their places in its tree: how long that takes and how much memory is what a "
           "scheduler of that size needs.",
           "table computes a table of a paper again: sc20, the row Lublin-1 of RLScheduler's (Zhang et al., "
           "2020), from the log lublin_256.swf that it is distributed with.",
           "docs/policies.md describes the policies, the rules by which logs are read, and what each policy "
           "comes to on real ones."},
      .options = SimSharedOptions(),
      .examples = {{"sim replay kth-sp2.swf.gz --processors 100", "A summary for people."},
                   {"sim replay log.swf --policy sjbf --starts out.csv --json", "For programs."},
                   {"sim replay sdsc-blue.swf.gz --policy default --plot out.svg", "With a picture."},
                   {"sim day --config cluster-configs/large.yaml", "A million jobs on 10,000 nodes."}},
      .min_words = 1,
      .complete_words = "replay|compare|day|table",
      .asks_scheduler = false};
  for (auto& group : {ReplayRuleOptions(), ReplayResultOptions(), CompareOptions(), DayOptions()})
    manual.options.insert(manual.options.end(), group.begin(), group.end());
  return manual;
}

int RunSimTool(Context& context, const Arguments& arguments, const std::vector<std::string>&) {
  context.out.flush();
  return Fail(context, "sim", RunTool(kSimTool, SimToolWords(arguments)));
}

constexpr Verb kSimVerbs[] = {
    {.name = "replay",
     .min_names = 1,
     .max_names = 1,
     .options =
         "processors|policy|order|backfill|overdue-after|favour-short|passes|first|starts|per-job|half|"
         "plot|forecasts|json",
     .run = RunSimTool},
    {.name = "compare",
     .min_names = 1,
     .max_names = static_cast<std::size_t>(-1),
     .options = "processors|policies|half|json",
     .run = RunSimTool},
    {.name = "day",
     .min_names = 0,
     .max_names = 0,
     .options = "config|jobs|load|policy|seed|json",
     .run = RunSimTool},
    {.name = "table", .min_names = 2, .max_names = 2, .options = "json", .run = RunSimTool}};

int RunSim(Context& context, const Arguments& arguments) {
  return RunVerb(context, "sim", kSimVerbs, arguments);
}

}  // namespace

std::vector<std::string> SimToolWords(const Arguments& arguments) {
  std::vector<std::string> words = arguments.words();
  for (const Option& option : SimManual().options) {
    for (const std::string& value : arguments.All(option.name)) {
      std::string word = "--" + std::string(option.name);
      if (!option.value.empty()) word += "=" + value;
      words.push_back(std::move(word));
    }
  }
  return words;
}

Command SimCommand() {
  return {.name = "sim",
          .heading = "Study",
          .summary = "replay recorded work through the scheduler's core",
          .manual = SimManual,
          .run = RunSim};
}

}  // namespace bsub::cli
