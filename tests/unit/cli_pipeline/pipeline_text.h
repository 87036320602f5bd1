// Pipelines from text, for tests.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "cli/pipeline/check.h"
#include "cli/pipeline/parse.h"

namespace bsub::cli {

inline ParsedPipeline Parse(const std::string& text, const std::map<std::string, std::string>& set = {}) {
  return ParsePipeline({.text = text, .folder = "/data/lab", .default_name = "sample", .set = set});
}

// "4: step 'a': …", one per problem of the text or of how its steps fit together.
inline std::vector<std::string> ProblemsOf(const std::string& text,
                                           const std::map<std::string, std::string>& set = {}) {
  const ParsedPipeline parsed = Parse(text, set);
  std::vector<Problem> problems = parsed.problems;
  if (problems.empty()) problems = CheckPipeline(parsed.pipeline).problems;
  std::vector<std::string> out;
  for (const Problem& problem : problems) out.push_back(std::to_string(problem.line) + ": " + problem.text);
  return out;
}

// A pipeline that must be good.
inline Pipeline Good(const std::string& text, const std::map<std::string, std::string>& set = {}) {
  const auto problems = ProblemsOf(text, set);
  EXPECT_TRUE(problems.empty()) << problems.front();
  return Parse(text, set).pipeline;
}

}  // namespace bsub::cli
