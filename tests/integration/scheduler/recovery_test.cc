// How a start after kill -9 gets by with a snapshot and the entries behind it, measured with many jobs.
//
// BSUB_RECOVERY_JOBS says how many (200,000); half of them are finished, the others wait. What it measures is
// printed, not judged.
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <regex>

#include "tests/integration/scheduler/scheduler_process.h"

namespace bsub::testing {
namespace {

int JobCount() {
  const char* text = std::getenv("BSUB_RECOVERY_JOBS");
  return text != nullptr ? std::atoi(text) : 200'000;
}

struct Start {
  std::uint64_t snapshot = 0, replayed = 0, sequence = 0;
  double seconds = 0;
};

class RecoveryTest : public DaemonTest {
 protected:
  void SubmitAll(const SchedulerProcess& scheduler, int jobs) {
    const auto client = scheduler.Client();
    grpc::ClientContext context;
    const auto stream = client->SubmitStream(&context);
    std::thread writer([&] {
      for (int i = 1; i <= jobs; ++i) stream->Write(Command({"true", std::to_string(i)}));
      stream->WritesDone();
    });
    int taken = 0;
    for (v1::SubmitReply reply; stream->Read(&reply);) taken += reply.job_id() != 0 ? 1 : 0;
    writer.join();
    EXPECT_TRUE(stream->Finish().ok());
    EXPECT_EQ(taken, jobs);
  }
  void Finish(const SchedulerProcess& scheduler, int jobs) {
    FakeNode node(scheduler.Connect(), HelloOf("n1", 1000));
    ASSERT_TRUE(node.Accept());
    for (int i = 0; i < jobs; ++i) {
      const auto launch = node.TakeLaunch();
      ASSERT_TRUE(launch);
      node.ReportStarted(launch->attempt());
      node.ReportEnded(launch->attempt(), EndKind::kExited, 0);
    }
  }
  Start StartAndMeasure(const char* how) {
    const auto before = std::chrono::steady_clock::now();
    SchedulerProcess scheduler(home_, settings_);
    scheduler.WaitReady();
    Start start;
    start.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    const std::string log = scheduler.Log();
    std::smatch found;
    if (std::regex_search(log, found, std::regex("snapshot=(\\d+) replayed=(\\d+) sequence=(\\d+)"))) {
      start = {std::stoull(found[1]), std::stoull(found[2]), std::stoull(found[3]), start.seconds};
    }
    EXPECT_EQ(scheduler.Status().jobs(), static_cast<std::uint64_t>(JobCount()));
    scheduler.Kill(SIGKILL);
    std::cout << "recovery " << how << ": jobs=" << JobCount() << " entries=" << start.sequence
              << " snapshot=" << start.snapshot << " replayed=" << start.replayed
              << " ready_after_s=" << start.seconds << std::endl;
    return start;
  }

  std::vector<std::string> settings_ = WithSettings("journal:\n  snapshot_bytes: 8M\n  segment_bytes: 8M\n");
};

TEST_F(RecoveryTest, WithASnapshotOnlyWhatIsBehindItIsReplayed) {
  {
    SchedulerProcess scheduler(home_, settings_);
    scheduler.WaitReady();
    SubmitAll(scheduler, JobCount());
    Finish(scheduler, JobCount() / 2);
    Eventually(
        [&] {
          const v1::JournalStatus journal = scheduler.Status().journal();
          return journal.snapshot_sequence() > journal.sequence() / 2;
        },
        "a snapshot of most of it");
    scheduler.Kill(SIGKILL);
  }
  const Start with = StartAndMeasure("with snapshots");
  EXPECT_GT(with.snapshot, 0u);
  EXPECT_EQ(with.replayed, with.sequence - with.snapshot);
  for (const auto& file : std::filesystem::directory_iterator(home_ + "/journal")) {
    if (file.path().filename().string().starts_with("snapshot-")) std::filesystem::remove(file.path());
  }
  const Start without = StartAndMeasure("without");
  EXPECT_EQ(without.snapshot, 0u);
  EXPECT_EQ(without.replayed, without.sequence);
  EXPECT_LT(with.replayed, without.replayed / 2);
}

}  // namespace
}  // namespace bsub::testing
