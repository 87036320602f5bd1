#include "cli/definition_file.h"

#include <yaml-cpp/yaml.h>

#include <map>
#include <utility>
#include <vector>

#include "cli/pipeline/yaml_fields.h"
#include "jobs/gang.h"
#include "jobs/retry.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

using bsub::v1::Definition;

const std::vector<std::string>& Keys() {
  static const std::vector<std::string> kKeys = {
      "name",          "command",        "parameters",       "environment", "workdir",        "cpus",
      "memory",        "gpus",           "walltime",         "priority",    "retry",          "tags",
      "nodes",         "ranks-per-node", "threads-per-rank", "exclusive",   "gang-end",       "launch",
      "node-commands", "placement",      "placement-group",  "features",    "prefer-features"};
  return kKeys;
}

class Reader {
 public:
  Reader(const YAML::Node& root, ProblemList& problems)
      : problems_(problems), fields_(ReadFields(root, "definition", Keys(), problems)) {}

  void Read(Definition& definition) {
    if (const auto name = Text("name")) definition.set_name(*name);
    if (const auto workdir = Text("workdir")) definition.set_working_directory(*workdir);
    ReadCommand(definition);
    ReadMap("parameters", *definition.mutable_parameters());
    ReadMap("environment", *definition.mutable_environment());
    ReadMap("tags", *definition.mutable_tags());
    ReadNumbers(definition);
    ReadRetry(definition);
    ReadGang(definition);
  }

 private:
  std::optional<std::string> Text(std::string_view key) {
    const YamlField* field = FindField(fields_, key);
    return field == nullptr ? std::nullopt : ScalarText(field->value, field->line, key, problems_);
  }

  template <typename Parse, typename Store>
  void Value(std::string_view key, Parse parse, Store store) {
    const auto text = Text(key);
    if (!text) return;
    const auto value = parse(*text);
    if (value) {
      store(*value);
    } else {
      problems_.Add(FindField(fields_, key)->line, std::string(key) + ": " + value.error().message);
    }
  }

  void ReadNumbers(Definition& definition) {
    bsub::v1::Resources& resources = *definition.mutable_resources();
    resources.set_cpu_milli(1000);
    Value("cpus", ParseCpus, [&](std::int64_t cpus) { resources.set_cpu_milli(cpus); });
    Value(
        "memory", [](std::string_view text) { return ParseBytes(text); },
        [&](std::int64_t bytes) { resources.set_mem_bytes(bytes); });
    Value(
        "gpus", [](std::string_view text) { return ParseInteger(text, 0, 1024); },
        [&](std::int64_t gpus) { resources.set_gpus(static_cast<std::int32_t>(gpus)); });
    Value(
        "walltime", [](std::string_view text) { return ParseDuration(text); },
        [&](Duration walltime) { definition.set_walltime_us(walltime.count()); });
    Value(
        "priority", [](std::string_view text) { return ParseInteger(text, -1'000'000, 1'000'000); },
        [&](std::int64_t priority) { definition.set_priority(static_cast<std::int32_t>(priority)); });
  }

  void ReadGang(Definition& definition) {
    constexpr std::int64_t kMost = 1'000'000;
    bsub::v1::Gang gang;
    const auto number = [](std::string_view text) { return ParseInteger(text, 1, kMost); };
    const auto count = [](std::int64_t n) { return static_cast<std::uint32_t>(n); };
    Value("nodes", number, [&](std::int64_t n) { gang.set_nodes(count(n)); });
    Value("ranks-per-node", number, [&](std::int64_t n) { gang.set_ranks_per_node(count(n)); });
    Value("threads-per-rank", number, [&](std::int64_t n) { gang.set_threads_per_rank(count(n)); });
    Value("gang-end", ParseGangEnd, [&](GangEnd end) { gang.set_end(std::string(ToString(end))); });
    Value("placement", ParsePlacement, [&](const PlacementSpec& p) { gang.set_placement(ToString(p)); });
    if (const auto group = Text("placement-group")) gang.set_placement_group(*group);
    const auto list = [](auto* to) {
      return [to](const std::vector<std::string>& all) { to->Assign(all.begin(), all.end()); };
    };
    Value("features", ParseFeatures, list(gang.mutable_features()));
    Value("prefer-features", ParseFeatures, list(gang.mutable_preferred_features()));
    Value("launch", ParseGangLaunch, [&](GangLaunch how) { gang.set_launch(std::string(ToString(how))); });
    Value(
        "exclusive",
        [](std::string_view text) -> Result<bool> {
          if (text != "true" && text != "false") return InvalidArgument("expected true or false");
          return text == "true";
        },
        [&](bool exclusive) { gang.set_exclusive(exclusive); });
    if (const YamlField* field = FindField(fields_, "node-commands")) {
      for (const YamlField& entry : ReadFields(field->value, "node-commands", {}, problems_))
        ReadNodeCommand(entry, *gang.add_ranges());
    }
    if (gang.ByteSizeLong() == 0) return;
    *definition.mutable_gang() = std::move(gang);
    // Without "cpus" it asks for as many as its ranks and threads.
    if (FindField(fields_, "cpus") == nullptr) definition.mutable_resources()->clear_cpu_milli();
  }

  void ReadNodeCommand(const YamlField& entry, bsub::v1::NodeRange& range) {
    const auto nodes = ParsePartRange(entry.key);
    if (!nodes) return problems_.Add(entry.line, "node-commands: " + nodes.error().message);
    range.set_nodes(entry.key);
    if (entry.value.IsScalar()) {
      for (const char* word : {"/bin/sh", "-c"}) range.add_command(word);
      range.add_command(entry.value.Scalar());
      return;
    }
    for (const YAML::Node& word : entry.value) {
      if (const auto text = ScalarText(word, LineOf(word), "node-commands", problems_))
        range.add_command(*text);
    }
  }

  // A list is an argument list; one text is a line for the shell, as in pipelines.
  void ReadCommand(Definition& definition) {
    const YamlField* field = FindField(fields_, "command");
    if (field == nullptr) return problems_.Add(0, "command is missing");
    if (field->value.IsScalar()) {
      for (const char* word : {"/bin/sh", "-c"}) definition.add_command(word);
      definition.add_command(field->value.Scalar());
      return;
    }
    if (!field->value.IsSequence())
      return problems_.Add(field->line, "command: expected a list of words, or one text");
    for (const YAML::Node& word : field->value) {
      if (const auto text = ScalarText(word, LineOf(word), "command", problems_))
        definition.add_command(*text);
    }
  }

  void ReadMap(std::string_view key, google::protobuf::Map<std::string, std::string>& out) {
    const YamlField* field = FindField(fields_, key);
    if (field == nullptr) return;
    for (const YamlField& entry : ReadFields(field->value, key, {}, problems_)) {
      if (const auto text =
              ScalarText(entry.value, entry.line, std::string(key) + ": " + Quoted(entry.key), problems_))
        out[entry.key] = *text;
    }
  }

  void ReadRetry(Definition& definition) {
    const YamlField* field = FindField(fields_, "retry");
    if (field == nullptr) return;
    bsub::v1::RetryStrategy& retry = *definition.mutable_retry();
    retry.set_attempts(1);
    if (!field->value.IsMap()) return Attempts(*field, retry);
    for (const YamlField& entry : ReadFields(field->value, "retry", {"attempts", "rules"}, problems_)) {
      if (entry.key == "attempts") {
        Attempts(entry, retry);
      } else if (!entry.value.IsSequence()) {
        problems_.Add(entry.line, "retry: rules: expected a list such as [\"exit=137:retry\"]");
      } else {
        for (const YAML::Node& rule : entry.value) Rule(rule, entry.line, retry);
      }
    }
  }

  void Attempts(const YamlField& field, bsub::v1::RetryStrategy& retry) {
    const auto text = ScalarText(field.value, field.line, "retry", problems_);
    if (!text) return;
    const auto attempts = ParseInteger(*text, 1, 10);
    if (!attempts) return problems_.Add(field.line, "retry: " + attempts.error().message);
    retry.set_attempts(static_cast<std::int32_t>(*attempts));
  }

  void Rule(const YAML::Node& node, int line, bsub::v1::RetryStrategy& retry) {
    const auto text = ScalarText(node, line, "retry: rules", problems_);
    if (!text) return;
    const auto rule = ParseEvaluateOnExit(*text);
    if (!rule) return problems_.Add(line, "retry: rules: " + rule.error().message);
    bsub::v1::EvaluateOnExit& out = *retry.add_evaluate_on_exit();
    out.set_on_status_reason(rule->on_status_reason);
    out.set_on_reason(rule->on_reason);
    out.set_on_exit_code(rule->on_exit_code);
    out.set_action(rule->action == RetryAction::kRetry ? "RETRY" : "EXIT");
  }

  ProblemList& problems_;
  const std::vector<YamlField> fields_;
};

std::string Where(const std::string& file, int line) {
  return file + (line > 0 ? ":" + std::to_string(line) : "") + ": ";
}

}  // namespace

Result<Definition> ParseDefinitionFile(std::string_view text, const std::string& file) {
  YAML::Node root;
  try {
    root = YAML::Load(std::string(text));
  } catch (const YAML::Exception& e) {
    return InvalidArgument(Where(file, e.mark.line + 1) + e.msg);
  }
  Definition definition;
  ProblemList problems;
  Reader(root, problems).Read(definition);
  const std::vector<Problem> found = problems.Take();
  if (found.empty()) return definition;
  const std::string more = found.size() > 1 ? " (and " + std::to_string(found.size() - 1) + " more)" : "";
  return InvalidArgument(Where(file, found.front().line) + found.front().text + more);
}

}  // namespace bsub::cli
