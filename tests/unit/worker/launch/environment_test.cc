#include "worker/launch/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace bsub::worker {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

v1::Launch PlainJob() {
  v1::Launch launch;
  launch.mutable_attempt()->set_job(12);
  launch.mutable_attempt()->set_number(2);
  launch.set_job_name("align");
  launch.set_queue("high");
  launch.set_node("n7");
  launch.set_user_name("ada");
  launch.set_cpu_milli(1500);
  launch.set_mem_bytes(4096);
  launch.set_restart_count(1);
  launch.set_working_directory("/work");
  return launch;
}

std::vector<std::string> Build(const v1::Launch& launch) {
  return BuildEnvironment(launch, {"id:12.0.2.3", "/home/ada"});
}

TEST(Environment, SaysWhatTheJobIsInThreeDialects) {
  const auto env = Build(PlainJob());
  for (const char* entry : {"BSUB_ATTEMPT_KEY=id:12.0.2.3",
                            "BSUB_JOB_ID=12",
                            "BSUB_JOB_NAME=align",
                            "BSUB_ATTEMPT=2",
                            "BSUB_RESTART_COUNT=1",
                            "BSUB_QUEUE=high",
                            "BSUB_NODE=n7",
                            "BSUB_CPUS=2",
                            "BSUB_MEM_BYTES=4096",
                            "BSUB_GPUS=0",
                            "AWS_BATCH_JOB_ID=12",
                            "AWS_BATCH_JOB_ATTEMPT=2",
                            "AWS_BATCH_JQ_NAME=high",
                            "AWS_BATCH_CE_NAME=n7",
                            "LSB_JOBID=12",
                            "LSB_JOBINDEX=0",
                            "LSB_JOBNAME=align",
                            "LSB_QUEUE=high",
                            "LSB_BATCH_JID=12",
                            "LSB_DJOB_NUMPROC=2",
                            "PWD=/work"}) {
    EXPECT_THAT(env, Contains(entry));
  }
  EXPECT_THAT(env, Not(Contains(StartsWith("BSUB_PREVIOUS_END="))));
  EXPECT_THAT(env, Not(Contains(StartsWith("BSUB_SAVED_GENERATION="))));
  EXPECT_THAT(env, Not(Contains(StartsWith("BSUB_ARRAY_INDEX="))));
  EXPECT_THAT(env, Not(Contains(StartsWith("AWS_BATCH_JOB_ARRAY_INDEX="))));
  EXPECT_THAT(env, Not(Contains(StartsWith("CUDA_VISIBLE_DEVICES="))));
}

TEST(Environment, SaysWhatIsSavedOfThisJobAndNotOfTheOneThatSubmittedIt) {
  v1::Launch launch = PlainJob();
  launch.mutable_environment()->add_variables("BSUB_SAVED_GENERATION=3");
  EXPECT_THAT(Build(launch), Not(Contains(StartsWith("BSUB_SAVED_GENERATION="))));
  launch.mutable_checkpoint()->set_saved_generation(7);
  EXPECT_THAT(Build(launch), Contains("BSUB_SAVED_GENERATION=7"));
}

TEST(Environment, SaysWhichChildOfAnArrayItIs) {
  v1::Launch launch = PlainJob();
  launch.set_array_index(0);
  launch.set_array_size(9);
  const auto env = Build(launch);
  for (const char* entry :
       {"BSUB_ARRAY_INDEX=0", "BSUB_ARRAY_SIZE=9", "AWS_BATCH_JOB_ID=12:0", "AWS_BATCH_JOB_ARRAY_INDEX=0",
        "AWS_BATCH_JOB_ARRAY_SIZE=9", "LSB_JOBINDEX=0", "LSB_JOBNAME=align[0]", "LSB_BATCH_JID=12[0]"}) {
    EXPECT_THAT(env, Contains(entry));
  }
}

TEST(Environment, NamesTheGpus) {
  v1::Launch launch = PlainJob();
  launch.add_gpu_indices(3);
  launch.add_gpu_indices(0);
  launch.mutable_environment()->add_variables("CUDA_VISIBLE_DEVICES=7");
  const auto env = Build(launch);
  EXPECT_THAT(env, Contains("BSUB_GPUS=2"));
  EXPECT_THAT(env, Contains("CUDA_VISIBLE_DEVICES=3,0"));
  EXPECT_THAT(env, Not(Contains("CUDA_VISIBLE_DEVICES=7")));
}

TEST(Environment, KeepsTheUsersButNotFactsOfTheJobThatSubmitted) {
  v1::Launch launch = PlainJob();
  for (const char* entry :
       {"PATH=/opt/bin", "HOME=/elsewhere", "USER=x", "LOGNAME=y", "BSUB_ARRAY_INDEX=5", "LSB_JOBID=4",
        "BSUB_LITE_HOME=/c", "BSUBMIT=1", "PWD=/old", "EMPTY=", "no-equals-sign"}) {
    launch.mutable_environment()->add_variables(entry);
  }
  const auto env = Build(launch);
  for (const char* entry : {"PATH=/opt/bin", "HOME=/elsewhere", "USER=x", "LOGNAME=y", "BSUB_LITE_HOME=/c",
                            "BSUBMIT=1", "EMPTY=", "PWD=/work", "LSB_JOBID=12"}) {
    EXPECT_EQ(std::count(env.begin(), env.end(), entry), 1) << entry;
  }
  EXPECT_THAT(env, Not(Contains("BSUB_ARRAY_INDEX=5")));
  EXPECT_THAT(env, Not(Contains("LSB_JOBID=4")));
  EXPECT_THAT(env, Not(Contains("PWD=/old")));
}

TEST(Environment, FillsInWhatALoginWouldHaveSet) {
  const auto env = Build(PlainJob());
  EXPECT_THAT(env, Contains("PATH=/usr/local/bin:/usr/bin:/bin"));
  EXPECT_THAT(env, Contains("HOME=/home/ada"));
  EXPECT_THAT(env, Contains("USER=ada"));
  EXPECT_THAT(env, Contains("LOGNAME=ada"));
}

v1::Launch PartOfGang(std::uint32_t index) {
  v1::Launch launch = PlainJob();
  v1::LaunchGang& gang = *launch.mutable_gang();
  gang.set_index(index);
  for (const char* name : {"n7", "n8"}) {
    v1::LaunchNode& node = *gang.add_nodes();
    node.set_name(name);
    node.set_address(std::string("10.0.0.") + name[1]);
  }
  gang.set_ranks_per_node(2);
  gang.set_threads_per_rank(3);
  gang.set_secret("s");
  return launch;
}

TEST(Environment, SaysWhereAPartStandsInThreeDialects) {
  const auto env = Build(PartOfGang(1));
  for (const char* entry :
       {"BSUB_NODES=2", "BSUB_NODE_INDEX=1", "BSUB_NODE_LIST=n7,n8", "BSUB_NODE_ADDRESSES=10.0.0.7,10.0.0.8",
        "BSUB_RANKS=4", "BSUB_RANKS_PER_NODE=2", "BSUB_THREADS_PER_RANK=3", "AWS_BATCH_JOB_NUM_NODES=2",
        "AWS_BATCH_JOB_NODE_INDEX=1", "AWS_BATCH_JOB_MAIN_NODE_INDEX=0",
        "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS=10.0.0.7", "AWS_BATCH_JOB_ID=12#1",
        "LSB_HOSTS=n7 n7 n8 n8", "LSB_MCPU_HOSTS=n7 2 n8 2", "LSB_DJOB_NUMPROC=4"}) {
    EXPECT_THAT(env, Contains(entry));
  }
  EXPECT_THAT(env, Not(Contains(StartsWith("BSUB_GANG_SECRET="))));
}

TEST(Environment, SaysInWhichPartitionAPartIs) {
  v1::Launch launch = PartOfGang(1);
  EXPECT_THAT(Build(launch), Not(Contains(StartsWith("BSUB_PARTITION="))));
  launch.mutable_gang()->add_partitions(0);
  launch.mutable_gang()->add_partitions(1);
  EXPECT_THAT(Build(launch), Contains("BSUB_PARTITION=1"));
  EXPECT_THAT(Build(launch), Contains("BSUB_NODE_PARTITIONS=0,1"));
}

TEST(Environment, TheMainNodeIsNotToldItsOwnAddressAsAws) {
  EXPECT_THAT(Build(PartOfGang(0)),
              Not(Contains(StartsWith("AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS="))));
}

TEST(Environment, TheSecretIsForThoseThatAreStartedFromTheMainNode) {
  v1::Launch launch = PartOfGang(1);
  launch.mutable_gang()->set_launch(1);
  EXPECT_THAT(Build(launch), Contains("BSUB_GANG_SECRET=73"));
}

TEST(Environment, AListThatIsTooLongForAVariableIsLeftOut) {
  v1::Launch launch = PartOfGang(0);
  for (int i = 0; i < 2000; ++i) launch.mutable_gang()->add_nodes()->set_name(std::string(100, 'n'));
  const auto env = Build(launch);
  EXPECT_THAT(env, Not(Contains(StartsWith("BSUB_NODE_LIST="))));
  EXPECT_THAT(env, Contains("BSUB_NODES=2002"));
}

}  // namespace
}  // namespace bsub::worker
