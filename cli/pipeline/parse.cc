#include "cli/pipeline/parse.h"

#include <filesystem>
#include <utility>

#include "cli/pipeline/parameters.h"
#include "cli/pipeline/step_reader.h"
#include "cli/pipeline/yaml_fields.h"
#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

const std::vector<std::string> kTopKeys = {"name", "results", "parameters", "defaults", "steps"};
constexpr std::string_view kFolderParameter = "pipeline_dir";  // always there: the file's folder

class FileReader {
 public:
  FileReader(const ParseInput& input, const PipelineLimits& limits) : input_(input), limits_(limits) {}

  ParsedPipeline Read() {
    pipeline_.folder = input_.folder;
    pipeline_.name = input_.default_name;
    if (input_.text.size() > limits_.max_file_bytes) {
      problems_.Add(0, "the file has " + std::to_string(input_.text.size()) + " bytes; at most " +
                           std::to_string(limits_.max_file_bytes) + " are read");
    } else {
      ReadDocument();
    }
    return {std::move(pipeline_), problems_.Take()};
  }

 private:
  void ReadDocument() {
    try {
      const YAML::Node root = YAML::Load(std::string(input_.text));
      if (!root.IsMap()) {
        problems_.Add(LineOf(root), "not a pipeline: expected 'steps:' at the top");
        return;
      }
      ReadTop(root);
    } catch (const YAML::Exception& e) {
      problems_.Add(e.mark.line < 0 ? 0 : e.mark.line + 1, "not valid YAML: " + e.msg);
    }
  }

  void ReadTop(const YAML::Node& root) {
    const auto top = ReadFields(root, "pipeline", kTopKeys, problems_);
    if (const YamlField* name = FindField(top, "name")) {
      pipeline_.name = ScalarText(name->value, name->line, "pipeline: name", problems_).value_or("");
    }
    const YamlField* name = FindField(top, "name");
    if (const std::string fault = NameFault(pipeline_.name, limits_.max_name_bytes); !fault.empty()) {
      problems_.Add(name == nullptr ? 0 : name->line,
                    "pipeline: the name " + Quoted(pipeline_.name) + " " + fault);
    }
    ReadParameters(FindField(top, "parameters"));
    ReadResults(FindField(top, "results"));
    ReadSteps(FindField(top, "steps"), FindField(top, "defaults"));
  }

  void ReadResults(const YamlField* field) {
    if (field == nullptr) return;
    const auto text = ScalarText(field->value, field->line, "pipeline: results", problems_);
    Substituted filled = FillIn(text.value_or(""), pipeline_.parameters);
    for (const std::string& name : filled.undefined)
      problems_.Add(field->line, "pipeline: results: there is no parameter " + Quoted(name));
    pipeline_.results = (std::filesystem::path(input_.folder) / filled.text).lexically_normal().string();
  }

  // In order; each may use those above it.
  void ReadParameters(const YamlField* field) {
    auto& parameters = pipeline_.parameters;
    parameters[std::string(kFolderParameter)] = input_.folder;
    std::vector<YamlField> declared;
    if (field != nullptr) declared = ReadFields(field->value, "parameters", {}, problems_);
    for (const YamlField& entry : declared) ReadParameter(entry);
    for (const auto& [name, value] : input_.set) {
      if (FindField(declared, name) != nullptr) continue;
      std::vector<std::string> names;
      for (const YamlField& entry : declared) names.push_back(entry.key);
      problems_.Add(0, "--set " + name + ": the pipeline has no such parameter" + DidYouMean(name, names));
    }
  }

  void ReadParameter(const YamlField& entry) {
    auto& parameters = pipeline_.parameters;
    const std::string where = "parameters: " + entry.key;
    if (!IsParameterName(entry.key) || entry.key.starts_with("BSUB_") || entry.key == kFolderParameter) {
      problems_.Add(entry.line,
                    "parameters: " + Quoted(entry.key) +
                        " cannot be a name; use letters, digits and '_', not BSUB_… or pipeline_dir");
      return;
    }
    if (const auto set = input_.set.find(entry.key); set != input_.set.end()) {
      parameters[entry.key] = set->second;
      return;
    }
    const auto text = ScalarText(entry.value, entry.line, where, problems_);
    if (!text) {
      parameters[entry.key] = "";
      return;
    }
    Substituted filled = FillIn(*text, parameters);
    for (const std::string& name : filled.undefined) {
      problems_.Add(entry.line, where + ": there is no parameter " + Quoted(name) + " above it");
    }
    parameters[entry.key] = std::move(filled.text);
  }

  void ReadSteps(const YamlField* steps, const YamlField* defaults) {
    std::vector<YamlField> default_fields;
    if (defaults != nullptr)
      default_fields = ReadFields(defaults->value, "defaults", DefaultKeys(), problems_);
    if (steps == nullptr || !steps->value.IsSequence() || steps->value.size() == 0) {
      problems_.Add(steps == nullptr ? 0 : steps->line,
                    "pipeline: 'steps' must be a list of at least one step");
      return;
    }
    if (steps->value.size() > limits_.max_steps) {
      problems_.Add(steps->line, "pipeline: " + std::to_string(steps->value.size()) + " steps; at most " +
                                     std::to_string(limits_.max_steps) + " are allowed");
      return;
    }
    StepReader reader(pipeline_, default_fields, limits_, problems_);
    std::vector<Step> read;
    for (const YAML::Node& node : steps->value) read.push_back(reader.Read(node, read.size() + 1));
    ResolveNeeds(read);
    pipeline_.steps = std::move(read);
  }

  static void ResolveNeeds(std::vector<Step>& steps) {
    std::map<std::string, std::size_t> positions;
    for (std::size_t i = 0; i < steps.size(); ++i) positions.emplace(steps[i].name, i);
    for (Step& step : steps) {
      for (Need& need : step.needs) {
        if (const auto it = positions.find(need.step); it != positions.end()) need.target = it->second;
      }
    }
  }

  const ParseInput& input_;
  const PipelineLimits& limits_;
  Pipeline pipeline_;
  ProblemList problems_;
};

}  // namespace

ParsedPipeline ParsePipeline(const ParseInput& input, const PipelineLimits& limits) {
  return FileReader(input, limits).Read();
}

}  // namespace bsub::cli
