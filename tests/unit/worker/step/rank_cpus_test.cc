#include "worker/step/rank_cpus.h"

#include <gmock/gmock.h>

#include <cstdlib>

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

TEST(RankCpus, RanksDivideAllOfTheTasks) {
  const std::vector<std::size_t> task = {2, 3, 6, 7, 8};
  EXPECT_EQ(CpusOfRank(task, {.local_rank = 0, .ranks = 1}), task);
  EXPECT_THAT(CpusOfRank(task, {.local_rank = 0, .ranks = 5}), ElementsAre(2));
  EXPECT_THAT(CpusOfRank(task, {.local_rank = 4, .ranks = 5}), ElementsAre(8));
  EXPECT_THAT(CpusOfRank(task, {.local_rank = 0, .ranks = 2}), ElementsAre(2, 3));
  EXPECT_THAT(CpusOfRank(task, {.local_rank = 1, .ranks = 2}), ElementsAre(6, 7, 8));
}

TEST(RankCpus, WhereThereAreTooFewNobodyIsBound) {
  EXPECT_THAT(CpusOfRank({2, 3}, {.local_rank = 0, .ranks = 3}), IsEmpty());
  EXPECT_THAT(CpusOfRank({2, 3}, {.local_rank = 2, .ranks = 2}), IsEmpty()) << "more ranks than were said";
  EXPECT_THAT(CpusOfRank({}, {}), IsEmpty());
}

// The variables of a rank of Open MPI or Hydra; none of them is there afterwards.
class RankVariables : public ::testing::Test {
 protected:
  void SetUp() override {
    TearDown();
    Set("BSUB_RANKS_PER_NODE", "8");
    Set("BSUB_MPI_DEFAULTS", "UCX_TLS,OMPI_MCA_hwloc_base_binding_policy");
    Set("OMPI_MCA_hwloc_base_binding_policy", "none");
  }
  void TearDown() override {
    for (const char* name :
         {"OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS",
          "HYDRA_BINDING", "OMPI_MCA_hwloc_base_binding_policy", "BSUB_RANKS_PER_NODE", "BSUB_MPI_DEFAULTS"})
      unsetenv(name);
  }
  static void Set(const char* name, const char* value) { setenv(name, value, 1); }
  static void BeOpenMpis() {
    Set("OMPI_COMM_WORLD_LOCAL_RANK", "3");
    Set("OMPI_COMM_WORLD_LOCAL_SIZE", "8");
  }
};

TEST_F(RankVariables, SayWhereItIsAmongTheRanksOfItsNode) {
  EXPECT_FALSE(PlaceToBind());
  BeOpenMpis();
  ASSERT_TRUE(PlaceToBind());
  EXPECT_EQ(PlaceToBind()->local_rank, 3u);
  EXPECT_EQ(PlaceToBind()->ranks, 8u);
}

TEST_F(RankVariables, HydrasToo) {
  Set("MPI_LOCALRANKID", "0");
  Set("MPI_LOCALNRANKS", "8");
  EXPECT_TRUE(PlaceToBind());
  Set("HYDRA_BINDING", "core");
  EXPECT_FALSE(PlaceToBind()) << "it binds them";
}

TEST_F(RankVariables, AnotherNumberThanTheJobAskedForIsLeftAlone) {
  BeOpenMpis();
  Set("OMPI_COMM_WORLD_LOCAL_SIZE", "4");
  EXPECT_FALSE(PlaceToBind()) << "another mpirun may have the other half";
}

TEST_F(RankVariables, WhatMpirunOrTheJobSaysOfBindingCounts) {
  BeOpenMpis();
  Set("OMPI_MCA_hwloc_base_binding_policy", "socket");
  EXPECT_FALSE(PlaceToBind()) << "mpirun --bind-to socket";
  Set("OMPI_MCA_hwloc_base_binding_policy", "none");
  Set("BSUB_MPI_DEFAULTS", "UCX_TLS");
  EXPECT_FALSE(PlaceToBind()) << "the job's own";
}

}  // namespace
}  // namespace bsub::step
