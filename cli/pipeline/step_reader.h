// Reads one step's keys into a Step, falling back to the pipeline's `defaults`. Part of cli/pipeline/parse.h.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/pipeline/model.h"
#include "cli/pipeline/yaml_fields.h"

namespace bsub::cli {

// Keys of a step; `defaults` may hold those that do not say what the step is.
const std::vector<std::string>& StepKeys();
const std::vector<std::string>& DefaultKeys();

class StepReader {
 public:
  StepReader(const Pipeline& pipeline, const std::vector<YamlField>& defaults, const PipelineLimits& limits,
             ProblemList& problems)
      : pipeline_(pipeline), defaults_(defaults), limits_(limits), problems_(problems) {}

  // `position` counts from 1 and stands for the name in messages while that is not known.
  Step Read(const YAML::Node& node, std::size_t position);

 private:
  struct Value {  // of a key, and what to call it in messages
    const YamlField* field = nullptr;
    std::string where;
  };

  Value Find(std::string_view key) const;
  std::string Filled(const std::string& text, int line, const std::string& where);
  std::optional<std::string> Text(std::string_view key);
  template <typename T, typename Parse>
  std::optional<T> Parsed(std::string_view key, Parse parse);

  void ReadName(Step& step, std::size_t position);
  void ReadCommand(Step& step);
  std::vector<std::string> Arguments(const Value& command);
  void ReadResources(Step& step);
  void ReadCheckpoint(Step& step);
  void ReadCheckpointField(const YamlField& field, const std::string& where, CheckpointSpec& spec);
  void ReadNeeds(Step& step);
  void AddNeed(const YAML::Node& node, Step& step);
  Need NeedFromMap(const YAML::Node& node);
  void ReadMap(std::string_view key, std::map<std::string, std::string>& out);
  void CheckEnvironment(const Step& step);
  std::string InFolder(const std::string& path) const;

  const Pipeline& pipeline_;
  const std::vector<YamlField>& defaults_;
  const PipelineLimits& limits_;
  ProblemList& problems_;
  std::vector<YamlField> fields_;
  std::string where_;  // "step 'align'"
};

// Why `name` is not a good name, or nothing: letters, digits, '_', '-' and '.', at most `max_bytes`.
std::string NameFault(std::string_view name, std::size_t max_bytes);

}  // namespace bsub::cli
