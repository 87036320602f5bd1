#include "tests/support/builders.h"

#include "common/check.h"

namespace bsub::testing {
namespace {

// Tests only write what parses.
template <typename T>
T Parsed(Result<T> result) {
  BSUB_CHECK(result.has_value()) << result.error().message;
  return *std::move(result);
}

}  // namespace

Principal Alice() { return {1001, 1001, {}, "alice"}; }
Principal Bob() { return {1002, 1002, {}, "bob"}; }
Principal Ops() { return {500, 500, {}, "ops"}; }

Job::Job() : who_(Alice()) {
  settings_.working_directory = "/home/alice";
  settings_.request = {1000, 0, 0};
}

Job& Job::Rule(std::string_view text) {
  settings_.retry.evaluate_on_exit.push_back(Parsed(ParseEvaluateOnExit(text)));
  return *this;
}

Job& Job::Array(std::string_view indices) {
  spec_.array = Parsed(ParseArraySpec(indices));
  return *this;
}

Job& Job::Placed(std::string_view text) {
  settings_.gang.placement = Parsed(ParsePlacement(text));
  return *this;
}

Job& Job::Features(std::string_view list) {
  settings_.gang.placement.features = Parsed(ParseFeatures(list));
  return *this;
}

Job& Job::PrefersFeatures(std::string_view list) {
  settings_.gang.placement.preferred_features = Parsed(ParseFeatures(list));
  return *this;
}

Job& Job::After(std::string_view condition) {
  spec_.dependency = Parsed(ParseDependency(condition));
  return *this;
}

JobSpec Job::spec() const {
  JobSpec spec = spec_;
  spec.settings = std::make_shared<JobSettings>(settings_);
  return spec;
}

TaskName::TaskName(std::string_view text) : target_(Parsed(ParseJobTarget(text))) {}

}  // namespace bsub::testing
