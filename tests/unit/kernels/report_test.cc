#include "kernels/host/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bsub::kernels {
namespace {

StoredResults Some() {
  StoredResults results;
  results.indices = "10-18:2";
  results.shape.children = 5;
  results.generation = 3;
  results.outcomes = {1, 0, 0x107, 1, 0x20b};
  return results;
}

TEST(KernelReport, NamesFailedChildrenByTheirIndex) {
  EXPECT_EQ(*TextOf(Some()),
            "generation 3, array 10-18:2\n"
            "5 children: 2 succeeded, 2 failed, 1 to do\n"
            "  child 14: exit code 7\n"
            "  child 18: crashed with signal 11 (Segmentation fault)\n");
  const auto json = nlohmann::json::parse(*JsonOf(Some()));
  EXPECT_EQ(json["succeeded"], 2);
  EXPECT_EQ(json["failedChildren"][1]["index"], 18);
}

TEST(KernelReport, AManyFailuresAreCounted) {
  StoredResults results;
  results.indices = "0-99";
  results.shape.children = 100;
  results.outcomes.assign(100, 0x101);
  EXPECT_NE(TextOf(results)->find("and 80 more; --json lists all"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(*JsonOf(results))["failedChildren"].size(), 100u);
}

}  // namespace
}  // namespace bsub::kernels
