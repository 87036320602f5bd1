#include "cli/config.h"

#include <chrono>
#include <map>
#include <ostream>

#include "cli/client.h"
#include "cli/json.h"
#include "cli/verbs.h"
#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/cluster_config/generate.h"
#include "scheduler/cluster_config/load.h"
#include "scheduler/cluster_config/print.h"

namespace bsub::cli {
namespace {

constexpr std::int64_t kLargestNumber = 1'000'000'000;

Manual ConfigManual() {
  return {.name = "config",
          .summary = "check, show or make cluster configurations",
          .synopsis = {"check [--json] FILE ...", "show [--json | --tree] FILE",
                       "generate KIND [NAME=NUMBER ...]"},
          .paragraphs =
              {"check says what is wrong with each file, with line numbers. show prints what a file means: "
               "levels, nodes, and the maintenance of the next month. Both need no cluster. The scheduler's "
               "settings in a file are checked by bsub-lite-scheduler --config FILE --print-settings.",
               "generate prints a file: fat-tree (k), dragonfly (groups, routers, nodes), efa-groups "
               "(zones, groups, racks, nodes). What is not given has a small default.",
               "docs/cluster-configuration.md describes the format."},
          .options = {{.name = "json",
                       .text = "For show: one JSON object; for check: an array, one object per file."},
                      {.name = "tree", .text = "For show: the switches and their nodes."}},
          .examples = {{"config check cluster-configs/*.yaml", "Before a cluster is started with one."},
                       {"config show --tree cluster-configs/efa-cluster.yaml", "What is where."},
                       {"config generate fat-tree k=16 > my.yaml", "1024 nodes to begin with."}},
          .exits = {{"1", "check: a file cannot be used."}},
          .min_words = 2,
          .complete_words = "check|show|generate",
          .asks_scheduler = false};
}

TimePoint Now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return TimePoint(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

// What is in one file and what is wrong with it: {file, good, nodes, problems: [{line, text}]}; a line of 0
// is none.
Json CheckOne(const std::string& path) {
  Json result{{"file", path}, {"good", false}, {"nodes", 0}, {"problems", Json::array()}};
  const auto text = cluster_config::ReadConfigFile(path);
  if (!text) {
    result["problems"].push_back({{"line", 0}, {"text", text.error().message}});
    return result;
  }
  const auto parsed = cluster_config::ParseClusterConfig(*text);
  for (const cluster_config::Problem& problem : parsed.problems)
    result["problems"].push_back({{"line", problem.line}, {"text", problem.text}});
  result["good"] = parsed.problems.empty();
  result["nodes"] = parsed.config.topology ? parsed.config.topology->node_count() : 0;
  return result;
}

void PrintCheck(Context& context, const Json& result) {
  const auto path = result["file"].get<std::string>();
  for (const Json& problem : result["problems"]) {
    const int line = problem["line"].get<int>();
    const auto text = problem["text"].get<std::string>();
    const bool named = line == 0 && text.starts_with(path + ":");
    context.err << (named ? "" : path + (line > 0 ? ":" + std::to_string(line) : "") + ": ") << text << "\n";
  }
  if (result["good"].get<bool>())
    context.out << path << ": good, " << Count(result["nodes"].get<std::size_t>(), "node", "nodes") << "\n";
}

int Check(Context& context, const Arguments& arguments, const std::vector<std::string>& paths) {
  bool good = true;
  Json results = Json::array();
  for (const std::string& path : paths) {
    results.push_back(CheckOne(path));
    good = results.back()["good"].get<bool>() && good;
    if (!arguments.Has("json")) PrintCheck(context, results.back());
  }
  if (arguments.Has("json")) context.out << Pretty(results);
  context.out << std::flush;
  return good ? kExitOk : kExitFailed;
}

int Show(Context& context, const Arguments& arguments, const std::vector<std::string>& paths) {
  if (arguments.Has("json") && arguments.Has("tree"))
    return Fail(context, "config", InvalidArgument("show: --json and --tree exclude each other"));
  const auto config = cluster_config::LoadClusterConfig(paths.front());
  if (!config) return Fail(context, "config", config.error());
  context.out << (arguments.Has("json")   ? cluster_config::ToJson(*config, Now())
                  : arguments.Has("tree") ? cluster_config::TreeText(*config)
                                          : cluster_config::Summary(*config, Now()))
              << std::flush;
  return kExitOk;
}

Result<std::map<std::string, std::int64_t>> ReadNumbers(const std::vector<std::string>& words) {
  std::map<std::string, std::int64_t> numbers;
  for (auto word = words.begin() + 1; word != words.end(); ++word) {
    const std::size_t equals = word->find('=');
    if (equals == std::string::npos)
      return InvalidArgument("generate: " + Quoted(*word) + ": expected NAME=NUMBER");
    const std::string name = word->substr(0, equals);
    const auto number = ParseInteger(word->substr(equals + 1), 0, kLargestNumber);
    if (!number) return InvalidArgument("generate: " + name + ": " + number.error().message);
    numbers[name] = *number;
  }
  return numbers;
}

int Generate(Context& context, const Arguments&, const std::vector<std::string>& words) {
  const auto numbers = ReadNumbers(words);
  if (!numbers) return Fail(context, "config", numbers.error());
  const auto text = cluster_config::GenerateFile(words.front(), *numbers);
  if (!text) return Fail(context, "config", text.error());
  context.out << *text << std::flush;
  return kExitOk;
}

constexpr Verb kVerbs[] = {
    {.name = "check", .min_names = 1, .max_names = 10'000, .options = "", .run = Check},
    {.name = "show", .min_names = 1, .max_names = 1, .options = "tree", .run = Show},
    {.name = "generate", .min_names = 1, .max_names = 10, .options = "", .run = Generate, .json = false}};

int Run(Context& context, const Arguments& arguments) {
  return RunVerb(context, "config", kVerbs, arguments);
}

}  // namespace

Command ConfigCommand() {
  return {.name = "config",
          .heading = "Cluster",
          .summary = "check, show or make cluster configurations",
          .manual = ConfigManual,
          .run = Run};
}

}  // namespace bsub::cli
