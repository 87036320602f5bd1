// On plain directories that look like control groups: this machine's unified tree may have no controllers.
#include "worker/spawner/cgroup_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bsub::spawner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CgroupTreeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "cgroup-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    base_ = name;
    std::filesystem::create_directory(base_ + "/own");
    Put("own/cgroup.procs", "");
  }
  void TearDown() override { std::filesystem::remove_all(base_); }
  void Put(const std::string& file, const std::string& text) const {
    std::ofstream(base_ + "/" + file) << text;
  }
  std::string Get(const std::string& file) const {
    std::ifstream in(base_ + "/" + file);
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
  }
  std::unique_ptr<CgroupTree> Unified() {
    Put("cgroup.controllers", "cpu memory pids");
    Put("cgroup.subtree_control", "");
    Put("own/cgroup.subtree_control", "");
    auto tree = OpenUnifiedTree(base_, "own");
    EXPECT_TRUE(tree.has_value());
    return std::move(*tree);
  }
  // What the kernel would put into a new group.
  void Populate(const std::string& group, const std::vector<std::string>& files) {
    std::filesystem::create_directory(base_ + "/own/" + group);
    for (const std::string& file : files) Put("own/" + group + "/" + file, "");
  }
  std::string base_;
};

TEST_F(CgroupTreeTest, UnifiedHandsTheMemoryControllerDownAndLimits) {
  const auto tree = Unified();
  EXPECT_TRUE(tree->LimitsMemory());
  EXPECT_EQ(tree->Describe(), "cgroup v2 memory controller");
  EXPECT_EQ(Get("cgroup.subtree_control"), "+memory");
  EXPECT_EQ(Get("own/cgroup.subtree_control"), "+memory");
  Populate("t1", {"memory.max", "cgroup.procs", "cgroup.kill", "memory.events"});
  ASSERT_TRUE(tree->Create("t1", 4096).has_value());
  EXPECT_EQ(Get("own/t1/memory.max"), "4096");
  EXPECT_EQ(tree->JoinFile("t1"), base_ + "/own/t1/cgroup.procs");
  EXPECT_THAT(tree->List(), ElementsAre("t1"));
  tree->KillAll("t1");
  EXPECT_EQ(Get("own/t1/cgroup.kill"), "1");
}

TEST_F(CgroupTreeTest, UnifiedSeesTheLimitHit) {
  const auto tree = Unified();
  Populate("t1", {"cgroup.procs"});
  EXPECT_FALSE(tree->HitMemoryLimit("t1"));
  Put("own/t1/memory.events", "low 0\nhigh 0\nmax 12\noom 1\noom_kill 0\n");
  EXPECT_FALSE(tree->HitMemoryLimit("t1"));
  Put("own/t1/memory.events", "low 0\nhigh 0\nmax 12\noom 1\noom_kill 2\n");
  EXPECT_TRUE(tree->HitMemoryLimit("t1"));
}

TEST_F(CgroupTreeTest, UnifiedWithoutAControllerSaysSo) {
  Put("cgroup.controllers", "cpu");
  const auto tree = OpenUnifiedTree(base_, "own");
  ASSERT_TRUE(tree.has_value());
  EXPECT_FALSE((*tree)->LimitsMemory());
  EXPECT_THAT((*tree)->Describe(), HasSubstr("none: the unified tree has no memory controller"));
}

TEST_F(CgroupTreeTest, OldKernelsKillMemberByMember) {
  const auto tree = Unified();
  Populate("t1", {"cgroup.procs"});  // no cgroup.kill
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  Put("own/t1/cgroup.procs", std::to_string(child) + "\n");
  EXPECT_THAT(tree->Members("t1"), ElementsAre(child));
  tree->KillAll("t1");
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(CgroupTreeTest, MemoryV1LimitsAndSeesTheLimitHit) {
  Put("own/memory.limit_in_bytes", "");
  const auto opened = OpenMemoryV1Tree(base_, "own");
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  CgroupTree& tree = **opened;
  Populate("t1", {"memory.limit_in_bytes", "cgroup.procs"});
  ASSERT_TRUE(tree.Create("t1", 8192).has_value());
  EXPECT_EQ(Get("own/t1/memory.limit_in_bytes"), "8192");
  Put("own/t1/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
  EXPECT_TRUE(tree.HitMemoryLimit("t1"));
  EXPECT_TRUE(tree.Remove("never-was").has_value());
}

TEST_F(CgroupTreeTest, MemoryV1WithoutPermissionIsAnError) {
  const auto opened = OpenMemoryV1Tree(base_ + "/none", "own");
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message, HasSubstr("cannot create directory"));
}

TEST(CgroupPlaces, AreFoundInEveryLayout) {
  constexpr const char* kHybrid =
      "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
      "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw\n";
  const CgroupPlaces hybrid = FindCgroupPlaces("4:memory:/jobs/a\n0::/\n", kHybrid);
  EXPECT_EQ(hybrid.memory_v1, "/sys/fs/cgroup/memory/jobs/a");
  EXPECT_EQ(hybrid.unified, "/sys/fs/cgroup/unified");

  const CgroupPlaces unified =
      FindCgroupPlaces("0::/user.slice/u.service\n", "25 24 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(unified.unified, "/sys/fs/cgroup/user.slice/u.service");
  EXPECT_EQ(unified.memory_v1, "");

  const CgroupPlaces container = FindCgroupPlaces("3:cpu,memory:/docker/x/y\n",
                                                  "9 8 0:1 /docker/x /cg rw - cgroup cgroup rw,cpu,memory\n");
  EXPECT_EQ(container.memory_v1, "/cg/y") << "only part of the tree is mounted";
  EXPECT_EQ(FindCgroupPlaces("garbage", "more garbage").unified, "");
}

TEST(NoCgroups, SayWhy) {
  const auto none = NoCgroups("switched off");
  EXPECT_FALSE(none->LimitsMemory());
  EXPECT_EQ(none->Describe(), "none: switched off");
  EXPECT_TRUE(none->Create("x", 1).has_value());
  EXPECT_TRUE(none->List().empty());
}

}  // namespace
}  // namespace bsub::spawner
