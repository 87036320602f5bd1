#include "worker/step/rank_cpus.h"

#include <gmock/gmock.h>

namespace bsub::step {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RankCpus, AreReadAsTheSpawnerWritesThem) {
  EXPECT_THAT(ParseCpus("7"), ElementsAre(7));
  EXPECT_THAT(ParseCpus("0,2,13"), ElementsAre(0, 2, 13));
  for (const char* wrong : {"", ",", "1,", ",1", "1-3", "1,x", "-1", "99999999", "18446744073709551616"})
    EXPECT_THAT(ParseCpus(wrong), IsEmpty()) << wrong;
}

TEST(RankCpus, ARankHasAsManyAsThreadsAndSharesNone) {
  const std::vector<std::size_t> task = {2, 3, 6, 7, 8};
  EXPECT_THAT(CpusOfRank(task, {.local_rank = 0, .ranks = 5}), ElementsAre(2));
  EXPECT_THAT(CpusOfRank(task, {.local_rank = 4, .ranks = 5}), ElementsAre(8));
  EXPECT_THAT(CpusOfRank(task, {.local_rank = 1, .ranks = 2, .threads = 2}), ElementsAre(6, 7));
  EXPECT_THAT(CpusOfRank(task, {.local_rank = 0, .ranks = 1, .threads = 0}), ElementsAre(2));
}

TEST(RankCpus, WhereThereAreTooFewNobodyIsBound) {
  EXPECT_THAT(CpusOfRank({2, 3}, {.local_rank = 0, .ranks = 3}), IsEmpty());
  EXPECT_THAT(CpusOfRank({2, 3}, {.local_rank = 0, .ranks = 1, .threads = 4}), IsEmpty());
  EXPECT_THAT(CpusOfRank({2, 3}, {.local_rank = 2, .ranks = 2}), IsEmpty()) << "more ranks than were said";
  EXPECT_THAT(CpusOfRank({}, {}), IsEmpty());
}

}  // namespace
}  // namespace bsub::step
