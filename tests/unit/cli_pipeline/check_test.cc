#include "cli/pipeline/check.h"

#include <gmock/gmock.h>

#include "tests/unit/cli_pipeline/pipeline_text.h"

namespace bsub::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> OrderOf(const std::string& text) {
  const Pipeline pipeline = Good(text);
  std::vector<std::string> names;
  for (const std::size_t position : CheckPipeline(pipeline).order)
    names.push_back(pipeline.steps[position].name);
  return names;
}

TEST(PipelineCheck, OrdersStepsAfterWhatTheyNeed) {
  EXPECT_THAT(OrderOf(R"(
steps:
  - {name: report, command: x, needs: [merge, align]}
  - {name: merge, command: x, needs: align}
  - {name: align, command: x}
  - {name: alone, command: x}
)"),
              ElementsAre("align", "merge", "report", "alone"));
}

TEST(PipelineCheck, NamesACycle) {
  EXPECT_THAT(ProblemsOf(R"(steps:
  - {name: a, command: x, needs: c}
  - {name: b, command: x, needs: a}
  - {name: c, command: x, needs: b}
)"),
              ElementsAre("3: the steps need each other in a circle: a needs c needs b needs a"));
}

TEST(PipelineCheck, AStepCannotNeedItself) {
  EXPECT_THAT(ProblemsOf("steps: [{name: a, command: x, needs: a}]"),
              ElementsAre("1: the steps need each other in a circle: a needs a"));
}

TEST(PipelineCheck, NamesAnUnknownStepAndTheNearest) {
  EXPECT_THAT(ProblemsOf("steps:\n - {name: align, command: x}\n - {name: b, command: x, needs: [algin]}"),
              ElementsAre("3: step 'b': needs 'algin', but there is no such step; did you mean 'align'?"));
}

TEST(PipelineCheck, OneNeedPerStep) {
  EXPECT_THAT(
      ProblemsOf(
          "steps:\n - {name: a, command: x}\n - {name: b, command: x, needs: [a, {step: a, on: ended}]}"),
      ElementsAre("3: step 'b': needs 'a' twice; keep one"));
}

TEST(PipelineCheck, IndexWiseNeedsPairArraysOfOneSize) {
  EXPECT_THAT(ProblemsOf("steps:\n - {name: a, command: x, array: 1-8}\n - {name: b, command: x, array: 0-3, "
                         "needs: 'a[*]'}"),
              ElementsAre("3: step 'b': needs 'a[*]', which pairs two arrays of one size; 'b' is an array of "
                          "4, 'a' is an array of 8"));
  EXPECT_THAT(
      ProblemsOf("steps:\n - {name: a, command: x, array: 1-8}\n - {name: b, command: x, needs: 'a[*]'}"),
      SizeIs(1));
  EXPECT_THAT(ProblemsOf("steps:\n - {name: a, command: x, array: 1-8}\n - {name: b, command: x, array: "
                         "'0-14:2', needs: 'a[*]'}"),
              IsEmpty());
}

TEST(PipelineCheck, LongChainsAreFine) {
  std::string text = "steps:\n";
  for (int i = 0; i < 2000; ++i) {
    text += " - {name: s" + std::to_string(i) + ", command: x";
    if (i + 1 < 2000) text += ", needs: s" + std::to_string(i + 1);
    text += "}\n";
  }
  EXPECT_EQ(OrderOf(text).front(), "s1999");
}

}  // namespace
}  // namespace bsub::cli
