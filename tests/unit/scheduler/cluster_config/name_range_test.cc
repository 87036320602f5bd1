#include "scheduler/cluster_config/name_range.h"

#include <gmock/gmock.h>

namespace bsub::cluster_config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(NameRange, Expands) {
  EXPECT_THAT(*ExpandNames("login", 9), ElementsAre("login"));
  EXPECT_THAT(*ExpandNames("n[08-11]", 9), ElementsAre("n08", "n09", "n10", "n11"));
  EXPECT_THAT(*ExpandNames("n[1-2,7]x", 9), ElementsAre("n1x", "n2x", "n7x"));
  EXPECT_THAT(*ExpandNames("r[1-2]-n[1-2]", 9), ElementsAre("r1-n1", "r1-n2", "r2-n1", "r2-n2"));
}

TEST(NameRange, SaysWhatIsWrong) {
  const auto message = [](std::string_view text) {
    const auto names = ExpandNames(text, 1000);
    return names ? "accepted" : names.error().message;
  };
  EXPECT_THAT(message("n[1-"), HasSubstr("the [ is not closed"));
  EXPECT_THAT(message("n1]"), HasSubstr("there is a ] without a ["));
  EXPECT_THAT(message("n[]"), HasSubstr("'' is no range"));
  EXPECT_THAT(message("n[2-1]"), HasSubstr("'2-1' is no range"));
  EXPECT_THAT(message("n[1-x]"), HasSubstr("'1-x' is no range"));
  EXPECT_THAT(message("n[1--2]"), HasSubstr("is no range"));
  EXPECT_THAT(message("n[1-1001]"), HasSubstr("more than 1000 names"));
  EXPECT_THAT(message("n[0-999999999]"), HasSubstr("more than 1000 names"));
  EXPECT_THAT(message("[1-100]-[1-100]"), HasSubstr("more than 1000 names"));
}

TEST(NameRange, NamesAreThoseOfHosts) {
  for (const char* good : {"n1", "c5n.18xlarge", "1a", "a_b"}) EXPECT_TRUE(CheckName(good)) << good;
  for (const char* bad : {"", "-n", ".", "..", "a/b", "a b", "n\n"}) EXPECT_FALSE(CheckName(bad)) << bad;
  EXPECT_FALSE(CheckName(std::string(64, 'x')));
}

TEST(NameRange, Folds) {
  EXPECT_EQ(FoldNames({}), "");
  EXPECT_EQ(FoldNames({"n01", "n02", "n03", "x", "n10"}), "n[01-03],x,n10");
  EXPECT_EQ(FoldNames({"n9", "n10", "n12"}), "n[9-10],n12");
}

}  // namespace
}  // namespace bsub::cluster_config
