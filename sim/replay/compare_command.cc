#include "sim/replay/compare_command.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "sim/option_words.h"
#include "sim/replay/metrics.h"
#include "sim/replay/progress.h"
#include "sim/replay/read_log.h"
#include "sim/replay/replay.h"

namespace bsub::sim {
namespace {

constexpr std::string_view kCompareUsage =
    "usage: bsub-lite sim compare LOG... [--policies A,B,...] [--half first|second] [--processors P] "
    "[--json]\n"
    "\n"
    "Replays each log under each policy (--passes batch) and prints what they come to as a table in "
    "Markdown.\n"
    "\n"
    "  --policies LIST   of sim replay --policy (default easy,sjbf,default)\n"
    "  --half WHICH      measure only the jobs of this half; all are replayed\n"
    "  --processors P    of the machine (default: as each log's header says)\n"
    "  --json            one array of objects\n";

struct CompareWish {
  std::vector<std::string> logs;
  std::vector<ReplayPolicy> policies;
  Half half = Half::kAll;
  std::int64_t processors = 0;
  bool json = false;
  bool help = false;
};

struct ComparedRow {
  std::string log;
  std::string_view policy;
  Metrics metrics;
};

Status ReadPolicies(std::string_view list, CompareWish& wish) {
  wish.policies.clear();
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    BSUB_ASSIGN_OR_RETURN(const ReplayPolicy policy, FindReplayPolicy(list.substr(0, comma)));
    wish.policies.push_back(policy);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return wish.policies.empty() ? Status(InvalidArgument("--policies: expected names, such as easy,default"))
                               : OkStatus();
}

Status ReadCompareOption(const std::string& option, const std::string& value, CompareWish& wish) {
  if (option == "--policies") return ReadPolicies(value, wish);
  if (option == "--half") {
    BSUB_ASSIGN_OR_RETURN(wish.half, ParseHalf(value));
    return OkStatus();
  }
  if (option == "--processors") {
    BSUB_ASSIGN_OR_RETURN(wish.processors, PositiveNumber(option, value, kMostProcessors));
    return OkStatus();
  }
  return InvalidArgument(option + ": unknown option; --help shows them all");
}

Result<CompareWish> ReadCompareWish(const std::vector<std::string>& arguments) {
  CompareWish wish;
  BSUB_RETURN_IF_ERROR(ReadPolicies("easy,sjbf,default", wish));
  BSUB_RETURN_IF_ERROR(ReadOptionWords(
      arguments,
      {.flags = {{"--json", &wish.json}, {"--help", &wish.help}, {"-h", &wish.help}},
       .option = [&wish](const std::string& option,
                         const std::string& value) { return ReadCompareOption(option, value, wish); },
       .word =
           [&wish](const std::string& word) {
             wish.logs.push_back(word);
             return OkStatus();
           }}));
  if (wish.logs.empty() && !wish.help)
    return InvalidArgument("which logs? Name files in the Standard Workload Format");
  return wish;
}

// "kth-sp2" of "/data/kth-sp2.swf.gz".
std::string ShortName(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return name.substr(0, name.find('.'));
}

Result<std::vector<ComparedRow>> Compare(const CompareWish& wish, std::ostream& err, int columns) {
  std::vector<ComparedRow> rows;
  for (const std::string& path : wish.logs) {
    BSUB_ASSIGN_OR_RETURN(const std::string text, ReadLog(path));
    const SwfLog log = ParseSwf(text);
    if (log.bad_line_count > 0)
      err << path << ": " << log.bad_line_count << " malformed lines are left out; sim replay names them"
          << std::endl;
    BSUB_ASSIGN_OR_RETURN(const Workload workload, Normalise(log, wish.processors));
    const JobRange range = RangeOf(wish.half, workload.jobs.size());
    for (const ReplayPolicy& policy : wish.policies) {
      ReplayProgress progress(err, columns, workload.jobs.size());
      ReplayOptions options{.policy = policy};
      options.progress = [&](std::size_t n) { progress.Show(n); };
      const Starts starts = Replay(workload, options);
      rows.push_back({ShortName(path), policy.name, Measure(workload, starts, range.first, range.last)});
    }
  }
  return rows;
}

void PrintMarkdown(const std::vector<ComparedRow>& rows, std::ostream& out) {
  out << "| log | policy | mean bounded slowdown | mean wait, s | median | p95 | longest | utilisation |\n"
         "|---|---|---|---|---|---|---|---|\n";
  for (const ComparedRow& row : rows) {
    const Metrics& m = row.metrics;
    char text[256];
    std::snprintf(text, sizeof text, "%.2f | %.0f | %lld | %lld | %lld | %.4f |", m.average_bounded_slowdown,
                  m.average_wait, static_cast<long long>(m.median_wait), static_cast<long long>(m.p95_wait),
                  static_cast<long long>(m.longest_wait), m.utilisation);
    out << "| " << row.log << " | " << row.policy << " | " << text << "\n";
  }
  out.flush();
}

void PrintComparedJson(const std::vector<ComparedRow>& rows, std::ostream& out) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const ComparedRow& row : rows) {
    const Metrics& m = row.metrics;
    json.push_back({{"log", row.log},
                    {"policy", row.policy},
                    {"jobs", m.jobs},
                    {"averageBoundedSlowdown", m.average_bounded_slowdown},
                    {"averageWait", m.average_wait},
                    {"medianWait", m.median_wait},
                    {"p95Wait", m.p95_wait},
                    {"longestWait", m.longest_wait},
                    {"utilisation", m.utilisation},
                    {"makespan", m.makespan}});
  }
  out << json.dump(2) << std::endl;
}

}  // namespace

int CompareCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                   int columns) {
  const Result<CompareWish> wish = ReadCompareWish(arguments);
  if (wish && wish->help) {
    out << kCompareUsage << std::flush;
    return 0;
  }
  const auto rows =
      wish ? Compare(*wish, err, columns) : Result<std::vector<ComparedRow>>(tl::unexpected(wish.error()));
  if (!rows) {
    err << "bsub-lite sim compare: " << rows.error().message << std::endl;
    return rows.error().code == Code::kInvalidArgument ? 2 : 1;
  }
  if (wish->json) {
    PrintComparedJson(*rows, out);
  } else {
    PrintMarkdown(*rows, out);
  }
  return 0;
}

}  // namespace bsub::sim
