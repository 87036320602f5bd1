// Connections to the Unix socket: nobody takes them all, and closed ones are given back.
#include "scheduler/rpc/connection_quota.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bsub::rpc {
namespace {

TEST(ConnectionQuota, RefusesWhatOneUserHasTooMany) {
  std::map<uid_t, std::size_t> kernel;
  ConnectionQuota quota({2, 10}, [&] { return kernel; });
  EXPECT_TRUE(quota.Admit(7));
  EXPECT_TRUE(quota.Admit(7));
  kernel = {{7, 3}};  // the third waits to be let in
  EXPECT_FALSE(quota.Admit(7));
  EXPECT_TRUE(quota.Admit(8));
  kernel = {{7, 2}, {8, 1}};  // one was closed since
  EXPECT_TRUE(quota.Admit(7));
}

TEST(ConnectionQuota, KeepsDescriptorsFreeHoweverManyUsersThereAre) {
  std::map<uid_t, std::size_t> kernel;
  ConnectionQuota quota({2, 3}, [&] { return kernel; });
  EXPECT_TRUE(quota.Admit(1) && quota.Admit(2) && quota.Admit(3));
  kernel = {{1, 1}, {2, 1}, {3, 1}, {4, 1}};
  EXPECT_FALSE(quota.Admit(4));
}

TEST(ConnectionQuota, FitsToTheDescriptorsThereAre) {
  EXPECT_EQ(FitToDescriptors(1000, 1'000'000, 256).per_user, 1000u);
  EXPECT_EQ(FitToDescriptors(1000, 1024, 256).all, 768u);
  EXPECT_EQ(FitToDescriptors(1000, 1024, 256).per_user, 384u);
  EXPECT_EQ(FitToDescriptors(1000, 64, 256).all, 32u);
}

TEST(ConnectionQuota, AsksTheKernel) {
  const std::size_t before = CountUnixPeers()[geteuid()];
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_EQ(CountUnixPeers()[geteuid()], before + 2);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace bsub::rpc
