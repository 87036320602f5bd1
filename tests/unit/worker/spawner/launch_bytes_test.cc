#include "worker/spawner/launch_bytes.h"

#include <gtest/gtest.h>

namespace bsub::spawner {
namespace {

ChildPlan APlan() {
  ChildPlan plan;
  plan.argv = {"/bin/sh", "-c", std::string("a\nb", 3)};
  plan.env = {"A=1", "B=", ""};
  plan.cwd = "/tmp";
  plan.umask = 027;
  plan.limits = {{7, {100, RLIM_INFINITY}, "nofile"}};
  plan.cpus = {0, 3};
  plan.cgroup_join_file = "/sys/fs/cgroup/x/cgroup.procs";
  plan.change_user = true;
  plan.uid = 4'000'000'000;
  plan.gid = 5;
  plan.groups = {5, 6};
  plan.user_name = "ada";
  plan.needs_home = true;
  plan.out = {true, "output/1/0.1.out"};
  plan.err = {false, "/home/ada/err"};
  plan.state_dir = 9;
  return plan;
}

const worker::AttemptKey kLaunchKey{JobId(12), 3, 4};

TEST(LaunchBytes, AreReadBackAsWritten) {
  const ChildPlan plan = APlan();
  const auto order = DecodeOrder(EncodeOrder({plan, kLaunchKey, 5, "state:12.3.4.5", "12.3.4.5", 77, true}));
  ASSERT_TRUE(order);
  EXPECT_EQ(order->key, kLaunchKey);
  EXPECT_EQ(order->incarnation, 5u);
  EXPECT_EQ(order->mark, "state:12.3.4.5");
  EXPECT_EQ(order->cgroup, "12.3.4.5");
  EXPECT_EQ(order->slot, 77u);
  EXPECT_TRUE(order->sync_record);
  const ChildPlan& read = order->plan;
  EXPECT_EQ(read.argv, plan.argv);
  EXPECT_EQ(read.env, plan.env);
  EXPECT_EQ(read.cwd, plan.cwd);
  EXPECT_EQ(read.umask, plan.umask);
  ASSERT_EQ(read.limits.size(), 1u);
  EXPECT_EQ(read.limits[0].resource, 7);
  EXPECT_EQ(read.limits[0].value.rlim_cur, 100u);
  EXPECT_EQ(read.limits[0].value.rlim_max, RLIM_INFINITY);
  EXPECT_EQ(read.limits[0].name, "nofile");
  EXPECT_EQ(read.cpus, plan.cpus);
  EXPECT_EQ(read.cgroup_join_file, plan.cgroup_join_file);
  EXPECT_TRUE(read.change_user);
  EXPECT_EQ(read.uid, plan.uid);
  EXPECT_EQ(read.gid, plan.gid);
  EXPECT_EQ(read.groups, plan.groups);
  EXPECT_EQ(read.user_name, plan.user_name);
  EXPECT_TRUE(read.needs_home);
  EXPECT_TRUE(read.out.in_spool);
  EXPECT_EQ(read.out.path, plan.out.path);
  EXPECT_FALSE(read.err.in_spool);
  EXPECT_EQ(read.err.path, plan.err.path);
  EXPECT_EQ(read.state_dir, plan.state_dir);
}

TEST(LaunchBytes, OfWhichSomeAreMissingAreNoOrder) {
  const std::string bytes = EncodeOrder({APlan(), kLaunchKey, 1, "mark", "", 1, false});
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(DecodeOrder(std::string_view(bytes).substr(0, length))) << length;
  }
  EXPECT_FALSE(DecodeOrder(bytes + "x"));
}

}  // namespace
}  // namespace bsub::spawner
