#include "cli/pipeline/step_reader.h"

#include <filesystem>
#include <limits>
#include <utility>

#include "cli/pipeline/parameters.h"
#include "jobs/nearest.h"
#include "jobs/retry.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::int64_t kMaxPriority = 1'000'000;  // JobSettings::priority
constexpr std::int64_t kMaxGpus = 1024;           // more than any node has
constexpr std::int64_t kMaxAttempts = 10;         // AWS Batch's limit

bool IsShellLine(const YAML::Node& node) { return node.IsScalar(); }

}  // namespace

const std::vector<std::string>& StepKeys() {
  static const std::vector<std::string> keys = {
      "name",  "command", "script",   "needs",       "array",   "cpus", "memory", "gpus",      "walltime",
      "retry", "queue",   "priority", "environment", "workdir", "tags", "output", "checkpoint"};
  return keys;
}

const std::vector<std::string>& DefaultKeys() {
  static const std::vector<std::string> keys = {"cpus",    "memory", "gpus",      "walltime",
                                                "retry",   "queue",  "priority",  "environment",
                                                "workdir", "tags",   "checkpoint"};
  return keys;
}

std::string NameFault(std::string_view name, std::size_t max_bytes) {
  if (name.empty()) return "is empty";
  if (name.size() > max_bytes) {
    return "has " + std::to_string(name.size()) + " characters; at most " + std::to_string(max_bytes) +
           " are allowed";
  }
  for (const char c : name) {
    if (!IsAlnum(c) && c != '_' && c != '-' && c != '.') {
      return "holds " + Quoted(std::string_view(&c, 1)) + "; use letters, digits, '_', '-' and '.'";
    }
  }
  return "";
}

StepReader::Value StepReader::Find(std::string_view key) const {
  if (const YamlField* field = FindField(fields_, key)) return {field, where_ + ": " + std::string(key)};
  if (const YamlField* field = FindField(defaults_, key)) return {field, "defaults: " + std::string(key)};
  return {};
}

std::string StepReader::Filled(const std::string& text, int line, const std::string& where) {
  Substituted filled = FillIn(text, pipeline_.parameters);
  std::vector<std::string> known;
  for (const auto& [name, value] : pipeline_.parameters) known.push_back(name);
  for (const std::string& name : filled.undefined) {
    problems_.Add(line, where + ": there is no parameter " + Quoted(name) + DidYouMean(name, known) +
                            "; for the shell's own variable write $${" + name + "}");
  }
  return std::move(filled.text);
}

std::optional<std::string> StepReader::Text(std::string_view key) {
  const Value value = Find(key);
  if (value.field == nullptr) return std::nullopt;
  const auto text = ScalarText(value.field->value, value.field->line, value.where, problems_);
  if (!text) return std::nullopt;
  return Filled(*text, value.field->line, value.where);
}

// `parse` takes the text and gives a Result<T>; its message already names the text.
template <typename T, typename Parse>
std::optional<T> StepReader::Parsed(std::string_view key, Parse parse) {
  const auto text = Text(key);
  if (!text) return std::nullopt;
  Result<T> result = parse(*text);
  if (result) return std::move(*result);
  const Value value = Find(key);
  problems_.Add(value.field->line, value.where + ": " + result.error().message);
  return std::nullopt;
}

std::string StepReader::InFolder(const std::string& path) const {
  const std::filesystem::path relative(path);
  if (relative.is_absolute()) return path;
  std::string inside = (std::filesystem::path(pipeline_.folder) / relative).lexically_normal().string();
  if (inside.size() > 1 && inside.ends_with('/')) inside.pop_back();
  return inside;
}

Step StepReader::Read(const YAML::Node& node, std::size_t position) {
  Step step;
  step.line = LineOf(node);
  where_ = "step " + std::to_string(position);
  if (node.IsMap() && node["name"].IsDefined() && node["name"].IsScalar())
    where_ = "step " + Quoted(node["name"].Scalar());
  fields_ = ReadFields(node, where_, StepKeys(), problems_);
  ReadName(step, position);
  ReadCommand(step);
  ReadNeeds(step);
  ReadResources(step);
  ReadCheckpoint(step);
  step.array = Parsed<ArraySpec>("array", [](const std::string& text) { return ParseArraySpec(text); });
  ReadMap("environment", step.environment);
  ReadMap("tags", step.tags);
  CheckEnvironment(step);
  step.workdir = InFolder(Text("workdir").value_or("."));
  if (const auto output = Text("output")) step.output = InFolder(*output);
  return step;
}

void StepReader::ReadName(Step& step, std::size_t position) {
  const YamlField* field = FindField(fields_, "name");
  if (field == nullptr) {
    problems_.Add(step.line, "step " + std::to_string(position) + ": has no name; add 'name:'");
    return;
  }
  const auto name = ScalarText(field->value, field->line, where_ + ": name", problems_);
  if (!name) return;
  step.line = field->line;
  if (const std::string fault = NameFault(*name, limits_.max_name_bytes); !fault.empty()) {
    problems_.Add(field->line, where_ + ": the name " + fault);
    return;
  }
  step.name = *name;
}

void StepReader::ReadCommand(Step& step) {
  const Value command = Find("command"), script = Find("script");
  if ((command.field == nullptr) == (script.field == nullptr)) {
    const bool both = command.field != nullptr;
    problems_.Add(step.line, where_ + (both ? ": has both 'command' and 'script'; keep one"
                                            : ": has neither 'command' nor 'script'; add one"));
    return;
  }
  if (script.field != nullptr) {
    step.script = Text("script").value_or("");
    if (Trim(step.script).empty()) problems_.Add(script.field->line, script.where + " is empty");
    return;
  }
  step.argv = Arguments(command);
}

std::vector<std::string> StepReader::Arguments(const Value& command) {
  const YAML::Node& node = command.field->value;
  const int line = command.field->line;
  if (IsShellLine(node)) {
    const std::string text = Text("command").value_or("");
    if (Trim(text).empty()) problems_.Add(line, command.where + " is empty");
    return {"/bin/sh", "-c", text};
  }
  if (!node.IsSequence() || node.size() == 0) {
    problems_.Add(line, command.where + ": expected a shell line or a list [program, argument, …]");
    return {};
  }
  std::vector<std::string> argv;
  for (const YAML::Node& item : node) {
    const auto text = ScalarText(item, LineOf(item), command.where, problems_);
    if (text) argv.push_back(Filled(*text, LineOf(item), command.where));
  }
  if (argv.empty() || argv.front().empty()) {
    problems_.Add(line, command.where + ": the program's name is empty");
    return {};
  }
  // As in execvp: a name without '/' is looked up in PATH, and only a path can be relative to the file's
  // folder.
  if (argv.front().find('/') != std::string::npos) argv.front() = InFolder(argv.front());
  return argv;
}

void StepReader::ReadResources(Step& step) {
  const auto in_range = [](std::int64_t min, std::int64_t max) {
    return [min, max](const std::string& text) { return ParseInteger(text, min, max); };
  };
  step.cpu_milli = Parsed<std::int64_t>("cpus", [](const std::string& text) { return ParseCpus(text); });
  step.mem_bytes = Parsed<std::int64_t>("memory", [](const std::string& text) { return ParseBytes(text); });
  if (const auto gpus = Parsed<std::int64_t>("gpus", in_range(0, kMaxGpus)))
    step.gpus = static_cast<std::int32_t>(*gpus);
  const auto walltime =
      Parsed<Duration>("walltime", [](const std::string& text) { return ParseDuration(text); });
  step.walltime = walltime.value_or(Duration{});
  step.attempts =
      static_cast<std::int32_t>(Parsed<std::int64_t>("retry", in_range(1, kMaxAttempts)).value_or(1));
  step.priority = static_cast<std::int32_t>(
      Parsed<std::int64_t>("priority", in_range(-kMaxPriority, kMaxPriority)).value_or(0));
  step.queue = Text("queue").value_or("");
}

// As a whole: a step's own `checkpoint` replaces that of `defaults`.
void StepReader::ReadCheckpoint(Step& step) {
  const Value value = Find("checkpoint");
  if (value.field == nullptr) return;
  static const std::vector<std::string> keys = {"dir",      "signal", "exit_code",
                                                "interval", "grace",  "anywhere"};
  for (const YamlField& field : ReadFields(value.field->value, value.where, keys, problems_))
    ReadCheckpointField(field, value.where + ": " + field.key, step.checkpoint);
  const CheckpointSpec& spec = step.checkpoint;
  if (spec.used()) return;
  problems_.Add(value.field->line, value.where + ": says not how the program saves; give dir or signal");
}

void StepReader::ReadCheckpointField(const YamlField& field, const std::string& where, CheckpointSpec& spec) {
  const auto text = ScalarText(field.value, field.line, where, problems_);
  if (!text) return;
  const std::string value = Filled(*text, field.line, where);
  const auto taken = [&](const auto& parsed) {
    if (!parsed) problems_.Add(field.line, where + ": " + parsed.error().message);
    return parsed.has_value();
  };
  if (field.key == "dir") {
    spec.directory = InFolder(value);
  } else if (field.key == "signal") {
    const auto signal = ParseNoticeSignal(value);
    if (!taken(signal)) return;
    spec.signal = signal->number;
    spec.signal_group = signal->group;
  } else if (field.key == "exit_code") {
    const auto code = ParseInteger(value, 1, 255);
    if (taken(code)) spec.exit_code = static_cast<std::int32_t>(*code);
  } else if (field.key == "anywhere") {
    spec.anywhere = value == "true";
    if (value != "true" && value != "false")
      problems_.Add(field.line, where + ": " + Quoted(value) + ": expected true or false");
  } else {
    const auto time = ParseDuration(value);
    if (taken(time)) (field.key == "grace" ? spec.grace : spec.interval) = *time;
  }
}

void StepReader::ReadNeeds(Step& step) {
  const YamlField* field = FindField(fields_, "needs");
  if (field == nullptr) return;
  if (!field->value.IsSequence()) {
    AddNeed(field->value, step);
    return;
  }
  for (const YAML::Node& item : field->value) AddNeed(item, step);
}

void StepReader::AddNeed(const YAML::Node& node, Step& step) {
  const std::string where = where_ + ": needs";
  Need need;
  if (node.IsMap()) {
    need = NeedFromMap(node);
  } else if (const auto text = ScalarText(node, LineOf(node), where, problems_)) {
    need.step = *text;
  }
  need.line = LineOf(node);
  if (constexpr std::string_view kEach = "[*]"; need.step.ends_with(kEach)) {
    need.index_wise = true;
    need.step.resize(need.step.size() - kEach.size());
  }
  if (need.step.empty()) {
    problems_.Add(need.line,
                  where + ": names no step; write a step's name, 'name[*]' or {step: name, on: ended}");
    return;
  }
  step.needs.push_back(std::move(need));
}

Need StepReader::NeedFromMap(const YAML::Node& node) {
  const std::string where = where_ + ": needs";
  Need need;
  const auto fields = ReadFields(node, where, {"step", "on"}, problems_);
  if (const YamlField* field = FindField(fields, "step")) {
    need.step = ScalarText(field->value, field->line, where + ": step", problems_).value_or("");
  }
  const YamlField* on = FindField(fields, "on");
  if (on == nullptr) return need;
  const auto word = ScalarText(on->value, on->line, where + ": on", problems_);
  if (!word || *word == "done") return need;
  if (*word == "ended") {
    need.on = NeedOn::kEnded;
  } else if (*word == "failed") {
    need.on = NeedOn::kFailed;
  } else {
    problems_.Add(on->line, where + ": on: " + Quoted(*word) +
                                " is not known; expected done, ended or failed" +
                                DidYouMean(*word, {"done", "ended", "failed"}));
  }
  return need;
}

// The step's own entries win over those of `defaults`, one by one.
void StepReader::ReadMap(std::string_view key, std::map<std::string, std::string>& out) {
  const auto read = [&](const YamlField* field, const std::string& where) {
    if (field == nullptr) return;
    for (const YamlField& entry : ReadFields(field->value, where, {}, problems_)) {
      const std::string name = where + ": " + entry.key;
      const auto text = ScalarText(entry.value, entry.line, name, problems_);
      if (text) out[entry.key] = Filled(*text, entry.line, name);
    }
  };
  read(FindField(defaults_, key), "defaults: " + std::string(key));
  read(FindField(fields_, key), where_ + ": " + std::string(key));
}

void StepReader::CheckEnvironment(const Step& step) {
  const Value value = Find("environment");
  for (const auto& [name, text] : step.environment) {
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos) {
      problems_.Add(value.field->line, value.where + ": " + Quoted(name) + " cannot be a variable's name");
    } else if (name.starts_with("BSUB_")) {
      problems_.Add(value.field->line, value.where + ": " + Quoted(name) +
                                           " begins with BSUB_, which the scheduler sets itself");
    }
  }
  for (const auto& [name, text] : step.tags) {
    const Value tags = Find("tags");
    if (name.empty() || name.starts_with("bsub:")) {
      problems_.Add(tags.field->line, tags.where + ": " + Quoted(name) +
                                          " is empty or begins with bsub:, where run keeps its record");
    }
  }
}

}  // namespace bsub::cli
