// The scheduler on a disk that is full, read-only or broken: nothing is acknowledged that is not durable,
// clients hear why, and it goes on when there is room again.
#include <sys/mount.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "tests/integration/scheduler/scheduler_process.h"
#include "tests/support/misfortune/unlucky.h"

namespace bsub::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr rlim_t kSegmentBytes = 16 << 10;
constexpr const char* kSmallSegments = "journal:\n  segment_bytes: 16K\n  snapshot_bytes: 1G\n";

std::string Token(int number) {
  char text[17];
  std::snprintf(text, sizeof text, "token %010d", number);
  return text;
}

class DiskTroubleTest : public DaemonTest {
 protected:
  // Submits until it is refused, or `most` times. The refusal.
  grpc::Status SubmitUntilRefused(v1::Scheduler::Stub& client, int most = 1000) {
    grpc::Status status;
    for (int i = 0; i < most && status.ok(); ++i) {
      v1::SubmitRequest request = Command({"true", std::to_string(i)});
      request.set_token(Token(i));
      v1::SubmitReply reply;
      status = SubmitTo(client, request, &reply);
      if (status.ok()) acknowledged_.emplace_back(reply.job_id(), std::to_string(i));
    }
    return status;
  }
  void EventuallyTakesJobs(v1::Scheduler::Stub& client) {
    std::string why;
    Eventually(
        [&] {
          v1::SubmitReply reply;
          const grpc::Status status = SubmitTo(client, Command({"true", "again"}), &reply);
          const bool taken = status.ok();
          why = status.error_message();
          if (taken) acknowledged_.emplace_back(reply.job_id(), "again");
          return taken;
        },
        "jobs are taken again: " + why);
  }
  void ExpectAllThere(v1::Scheduler::Stub& client) {
    ASSERT_FALSE(acknowledged_.empty());
    for (const auto& [id, word] : acknowledged_) {
      ASSERT_EQ(GetJobOk(client, std::to_string(id)).command(1), word) << id;
    }
  }

  std::vector<std::pair<std::uint64_t, std::string>> acknowledged_;
};

// A file of the size of a segment can no longer be made, as on a full disk; what there is can be written.
void AllowFilesOf(pid_t pid, rlim_t bytes) {
  rlimit limit{bytes, RLIM_INFINITY};
  if (geteuid() != 0) {
    rlimit now{};
    ASSERT_EQ(prlimit(pid, RLIMIT_FSIZE, nullptr, &now), 0);
    limit.rlim_max = now.rlim_max;
  }
  ASSERT_EQ(prlimit(pid, RLIMIT_FSIZE, &limit, nullptr), 0);
}

// The history has its own time to see that there is room again.
void EventuallyTells(v1::Scheduler::Stub& client, const std::string& target) {
  v1::GetJobRequest request;
  request.set_target(target);
  Eventually(
      [&] {
        grpc::ClientContext context;
        v1::Job job;
        return client.GetJob(&context, request, &job).ok();
      },
      "the history is written again");
}

TEST_F(DiskTroubleTest, WithoutRoomJobsAreRefusedUntilThereIsRoomAgain) {
  SchedulerProcess scheduler(home_, WithSettings(kSmallSegments));
  scheduler.WaitReady();
  const auto client = scheduler.Client();
  FakeNode node(scheduler.Connect(), HelloOf("n1", 1));
  ASSERT_TRUE(node.Accept());
  acknowledged_.emplace_back(SubmitOk(*client, Command({"true", "runs"})).job_id(), "runs");
  const auto launch = node.TakeLaunch();
  ASSERT_TRUE(launch);
  node.ReportStarted(launch->attempt());

  AllowFilesOf(scheduler.pid(), kSegmentBytes - 1);
  const grpc::Status refused = SubmitUntilRefused(*client);
  ASSERT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << refused.error_message();
  EXPECT_THAT(refused.error_message(),
              AllOf(HasSubstr("has no room: cannot reserve space for " + home_ + "/journal/segment-next.tmp"),
                    HasSubstr("File too large; raise the limit"), HasSubstr("this job was not taken")));
  EXPECT_EQ(refused.error_message().find('\n'), std::string::npos);
  EXPECT_THAT(scheduler.Status().warnings(), Contains(HasSubstr("no new job is taken")));

  // Who asks again for a job that was taken hears of it; a task that ends is over; no other one is started.
  v1::SubmitRequest again = Command({"true", "0"});
  again.set_token(Token(0));
  EXPECT_TRUE(SubmitOk(*client, again).repeated());
  node.ReportEnded(launch->attempt(), EndKind::kExited, 3);
  EXPECT_EQ(WaitFor(*client, {"1"}).exit_code(), 3);
  v1::ListJobsRequest second;
  second.add_targets("2");
  ASSERT_EQ(ListJobs(*client, second).size(), 1u);
  EXPECT_EQ(ListJobs(*client, second)[0].state(), "RUNNABLE");

  AllowFilesOf(scheduler.pid(), RLIM_INFINITY);
  const auto next = node.TakeLaunch();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->attempt().job(), 2u);
  EventuallyTakesJobs(*client);
  EXPECT_EQ(scheduler.Status().warnings_size(), 0);
  scheduler.Kill(SIGKILL);
  SchedulerProcess after(home_, WithSettings(kSmallSegments));
  after.WaitReady();
  ExpectAllThere(*after.Client());
}

TEST_F(DiskTroubleTest, TheHistoryGoesOnWhenThereIsRoomAgain) {
  SchedulerProcess scheduler(home_, WithSettings("rpc:\n  history_timeout: 5m\n"));
  scheduler.WaitReady();
  const auto client = scheduler.Client();
  SubmitOk(*client, Command({"true"}));
  GetJobOk(*client, "1");
  AllowFilesOf(scheduler.pid(), 8 << 10);  // the database is longer, the segment's beginning is not
  SubmitOk(*client, Command({"true"}));
  grpc::ClientContext context;
  v1::GetJobRequest request;
  request.set_target("2");
  v1::Job job;
  const grpc::Status refused = client->GetJob(&context, request, &job);
  EXPECT_THAT(refused.error_message(), AllOf(HasSubstr("/history/history.db"), HasSubstr("ulimit -f"),
                                             HasSubstr("`bsub-lite jobs` shows them")));
  AllowFilesOf(scheduler.pid(), RLIM_INFINITY);
  EventuallyTells(*client, "2");
  EXPECT_THAT(scheduler.Log(), HasSubstr("history-goes-on"));
}

// A file system of its own, for as long as it exists. Only root may do that.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    mkdir(path.c_str(), 0700);
    mounted_ = mount("tmpfs", path.c_str(), "tmpfs", 0, "size=2M,mode=0700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  void Fill() const {
    std::ofstream filler(path_ + "/filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (filler.write(block.data(), 4096).flush()) {
    }
  }
  void Free() const { std::remove((path_ + "/filler").c_str()); }
  bool MakeReadOnly(bool read_only) const {
    return mount(nullptr, path_.c_str(), nullptr, MS_REMOUNT | (read_only ? MS_RDONLY : 0), nullptr) == 0;
  }

 private:
  const std::string path_;
  bool mounted_ = false;
};

TEST_F(DiskTroubleTest, AFullDiskIsSurvivedAndAStartOnItToo) {
  const SmallDisk disk(home_);
  if (!disk.mounted()) GTEST_SKIP() << "needs to mount a small disk";
  const auto settings = WithSettings(kSmallSegments);
  {
    SchedulerProcess scheduler(home_, settings);
    scheduler.WaitReady();
    disk.Fill();
    const grpc::Status refused = SubmitUntilRefused(*scheduler.Client());
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(refused.error_message(), HasSubstr("No space left on device; free some space there"));
    EXPECT_TRUE(scheduler.IsAlive());
    scheduler.Kill(SIGKILL);
  }
  SchedulerProcess scheduler(home_, settings);
  scheduler.WaitReady();
  const auto client = scheduler.Client();
  v1::SubmitReply reply;
  EXPECT_THAT(SubmitTo(*client, Command({"true"}), &reply).error_message(), HasSubstr("No space left"));
  disk.Free();
  EventuallyTakesJobs(*client);
  EventuallyTells(*client, "1");
  ExpectAllThere(*client);
}

TEST_F(DiskTroubleTest, AReadOnlyDiskIsNamedAtTheStart) {
  const SmallDisk disk(home_);
  if (!disk.mounted()) GTEST_SKIP() << "needs to mount a small disk";
  const auto settings = WithSettings(kSmallSegments);
  {
    SchedulerProcess scheduler(home_, settings);
    scheduler.WaitReady();
    SubmitUntilRefused(*scheduler.Client(), 1);
    EXPECT_EQ(scheduler.Kill(SIGTERM), 0);
  }
  ASSERT_TRUE(disk.MakeReadOnly(true)) << std::strerror(errno);
  {
    SchedulerProcess scheduler(home_, settings);
    EXPECT_EQ(scheduler.Wait(), 1);
    EXPECT_THAT(scheduler.Log(),
                AllOf(HasSubstr(home_ + "/"), HasSubstr("Read-only file system; mount it so that it can")));
  }
  ASSERT_TRUE(disk.MakeReadOnly(false));
  SchedulerProcess scheduler(home_, settings);
  scheduler.WaitReady();
  ExpectAllThere(*scheduler.Client());
}

struct Failure {
  const char* name;
  std::atomic<int> Misfortune::*where;
  int error;
  const char* remedy;
};

class FailingDiskTest : public DiskTroubleTest, public ::testing::WithParamInterface<Failure> {};

TEST_P(FailingDiskTest, WhatIsNotDurableIsNeverAcknowledged) {
  Unlucky unlucky(directory_.path() + "/misfortune", "/journal/segment-");
  {
    SchedulerProcess scheduler(home_, WithSettings(kSmallSegments));
    scheduler.WaitReady();
    const auto client = scheduler.Client();
    ASSERT_TRUE(SubmitUntilRefused(*client, 5).ok());
    (*unlucky).*(GetParam().where) = GetParam().error;
    v1::SubmitReply reply;
    const grpc::Status refused = SubmitTo(*client, Command({"true", "not told"}), &reply);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::UNAVAILABLE);  // whether it is there, nobody knows
    EXPECT_EQ(scheduler.Wait(), 1);
    EXPECT_THAT(scheduler.Log(), AllOf(HasSubstr("event=journal-failed"),
                                       HasSubstr(home_ + "/journal/segment-"), HasSubstr(GetParam().remedy)));
  }
  {  // while it lasts a start ends the same way, at the first thing to be written
    SchedulerProcess scheduler(home_, WithSettings(kSmallSegments));
    const auto client = scheduler.Client();
    v1::SubmitReply reply;
    Eventually(
        [&] {
          grpc::ClientContext context;
          context.set_wait_for_ready(true);
          context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
          EXPECT_FALSE(client->Submit(&context, Command({"true", "not told"}), &reply).ok());
          return !scheduler.IsAlive();
        },
        "it ends");
    EXPECT_EQ(scheduler.Wait(), 1);
    EXPECT_THAT(scheduler.Log(), HasSubstr(GetParam().remedy));
  }
  (*unlucky).*(GetParam().where) = 0;
  SchedulerProcess scheduler(home_, WithSettings(kSmallSegments));
  scheduler.WaitReady();
  const auto client = scheduler.Client();
  ExpectAllThere(*client);
  EXPECT_GT(SubmitOk(*client, Command({"true"})).job_id(), acknowledged_.back().first);
}

INSTANTIATE_TEST_SUITE_P(
    All, FailingDiskTest,
    ::testing::Values(
        Failure{"WriteNoSpace", &Misfortune::write_error, ENOSPC, "No space left on device; free some space"},
        Failure{"WriteReadOnly", &Misfortune::write_error, EROFS, "mount it so that it can be written"},
        Failure{"WriteBroken", &Misfortune::write_error, EIO, "the disk has errors, see dmesg"},
        Failure{"SyncNoSpace", &Misfortune::sync_error, ENOSPC, "No space left on device; free some space"},
        Failure{"SyncBroken", &Misfortune::sync_error, EIO, "the disk has errors, see dmesg"}),
    [](const auto& failure) { return std::string(failure.param.name); });

TEST_F(DiskTroubleTest, AFirstStartWithoutRoomSaysSoAndLeavesNothingInTheWay) {
  Unlucky unlucky(directory_.path() + "/misfortune", "/journal/");
  unlucky->reserve_error = ENOSPC;
  {
    SchedulerProcess scheduler(home_);
    EXPECT_EQ(scheduler.Wait(), 1);
    EXPECT_THAT(scheduler.Log(), HasSubstr("bsub-lite-scheduler: cannot reserve space for " + home_ +
                                           "/journal/segment-00000000000000000001: No space left on device; "
                                           "free some space there\n"));
  }
  unlucky->reserve_error = 0;
  SchedulerProcess scheduler(home_);
  scheduler.WaitReady();
  EXPECT_EQ(SubmitOk(*scheduler.Client(), Command({"true"})).job_id(), 1u);
}

}  // namespace
}  // namespace bsub::testing
