#include "cli/pipeline/parameters.h"

#include <gmock/gmock.h>

namespace bsub::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::map<std::string, std::string> kParameters = {{"chunks", "8"}, {"empty", ""}};

TEST(Parameters, AreFilledInWhereverTheyStand) {
  EXPECT_EQ(FillIn("1-${chunks}%${chunks}", kParameters).text, "1-8%8");
  EXPECT_EQ(FillIn("${empty}", kParameters).text, "");
  EXPECT_THAT(FillIn("${chunks}", kParameters).undefined, IsEmpty());
}

TEST(Parameters, LeaveTheShellsOwnWordsAlone) {
  for (const char* text :
       {"$x", "${x%.gz}", "$(date)", "$", "${", "${}", "${1}", "cost: 5$", "$$", "${BSUB_ARRAY_INDEX}"}) {
    const Substituted filled = FillIn(text, kParameters);
    EXPECT_EQ(filled.text, text);
    EXPECT_THAT(filled.undefined, IsEmpty()) << text;
  }
}

TEST(Parameters, TwoDollarsWriteAReferenceForTheShell) {
  EXPECT_EQ(FillIn("$${chunks} ${chunks}", kParameters).text, "${chunks} 8");
  EXPECT_EQ(FillIn("$${home}", kParameters).text, "${home}");
}

TEST(Parameters, NameWhatIsUndefined) {
  const Substituted filled = FillIn("${a} ${chunks} ${b}", kParameters);
  EXPECT_EQ(filled.text, "${a} 8 ${b}");
  EXPECT_THAT(filled.undefined, ElementsAre("a", "b"));
}

TEST(Parameters, AreFilledInOnce) { EXPECT_EQ(FillIn("${a}", {{"a", "${b}"}, {"b", "x"}}).text, "${b}"); }

}  // namespace
}  // namespace bsub::cli
