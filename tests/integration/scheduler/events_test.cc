// What `events` shows: of the past and from now on, of all and of one job.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/integration/scheduler/requests.h"
#include "tests/integration/scheduler/test_cluster.h"

namespace bsub::testing {
namespace {

std::vector<v1::Event> Events(v1::Scheduler::Stub& client, const v1::EventsRequest& request,
                              std::size_t most) {
  grpc::ClientContext context;
  const auto stream = client.Events(&context, request);
  std::vector<v1::Event> events;
  for (v1::Event event; events.size() < most && stream->Read(&event);) events.push_back(event);
  context.TryCancel();
  stream->Finish();
  return events;
}

TEST(Events, PastAndFutureWithoutAGap) {
  TestCluster cluster;
  const auto client = cluster.Client();
  constexpr std::size_t kJobs = 300;
  v1::EventsRequest request;
  request.set_follow(true);
  std::vector<v1::Event> events;
  SubmitOk(*client, Command({"true"}));
  std::thread follower([&] { events = Events(*client, request, kJobs + 2); });
  for (std::size_t i = 1; i < kJobs; ++i) SubmitOk(*client, Command({"true"}));
  follower.join();
  ASSERT_EQ(events.size(), kJobs + 2);  // the cluster, its queue, the jobs
  for (std::size_t i = 0; i < events.size(); ++i) ASSERT_EQ(events[i].sequence(), i + 1);
  EXPECT_EQ(events[0].kind(), "ClusterCreated");
  EXPECT_EQ(events.back().job(), std::to_string(kJobs));
}

TEST(Events, OfOneJobAndTheNewestOnly) {
  TestCluster cluster;
  const auto client = cluster.Client();
  for (int i = 0; i < 5; ++i) SubmitOk(*client, Command({"true"}));
  Control(*client, v1::HOLD, {"3"});
  v1::EventsRequest one, newest;
  one.add_targets("3");
  newest.set_limit(2);
  const auto of_three = Events(*client, one, 100);
  ASSERT_EQ(of_three.size(), 2u);
  EXPECT_EQ(of_three[1].kind(), "HoldSet");
  const auto last = Events(*client, newest, 100);
  ASSERT_EQ(last.size(), 2u);
  EXPECT_EQ(last[0].job(), "5");
  EXPECT_EQ(last[1].job(), "3");
}

TEST(Events, TheNewestAreReadFromTheEnd) {
  TestCluster cluster;
  const auto client = cluster.Client();
  for (int i = 0; i < 50; ++i) SubmitOk(*client, Command({"true"}));
  v1::EventsRequest newest;
  newest.set_limit(5);
  const auto events = Events(*client, newest, 100);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events.front().job(), "46");
  EXPECT_EQ(events.back().job(), "50");
  EXPECT_EQ(cluster.history().lowest_read(), Sequence(events.front().sequence() - 1));
  newest.set_after_sequence(events[1].sequence());
  EXPECT_EQ(Events(*client, newest, 100).size(), 3u);
  newest.set_after_sequence(0);
  newest.set_limit(10'000);
  EXPECT_EQ(Events(*client, newest, 10'000).front().sequence(), 1u);
}

TEST(Events, OfAJobAreFoundByTheIndexOrElseInTheJournal) {
  TestCluster cluster;
  const auto client = cluster.Client();
  for (int i = 0; i < 50; ++i) SubmitOk(*client, Command({"true"}));
  Control(*client, v1::HOLD, {"3"});
  for (const bool indexed : {true, false}) {
    cluster.history().SetIndexed(indexed);
    v1::EventsRequest request;
    request.add_targets("3");
    request.add_targets("7");
    const auto all = Events(*client, request, 100);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[1].job(), "7");
    request.set_limit(2);
    const auto newest = Events(*client, request, 100);
    ASSERT_EQ(newest.size(), 2u);
    EXPECT_EQ(newest[0].job(), "7");
    EXPECT_EQ(newest[1].kind(), "HoldSet");
    EXPECT_EQ(cluster.history().pages_read() == 0, indexed) << "the journal is searched";
  }
}

TEST(Events, AHistoryThatIsStuckIsNotWaitedFor) {
  TestCluster cluster;
  const auto client = cluster.Client();
  for (int i = 0; i < 5; ++i) SubmitOk(*client, Command({"true"}));
  cluster.history().SetStuck(true);
  v1::EventsRequest request;
  request.add_targets("3");
  std::vector<v1::Event> events;
  std::atomic<bool> told = false;
  std::thread asker([&] {
    events = Events(*client, request, 100);
    told = true;
  });
  Eventually([&] { return told.load(); }, "they are told from the journal");
  cluster.history().SetStuck(false);
  asker.join();
  EXPECT_EQ(events.size(), 1u);
  EXPECT_GT(cluster.history().pages_read(), 0u);
}

TEST(Events, ALongPastThatHoldsNothingWantedLeavesTheReadersToOthers) {
  ClusterOptions options;
  options.rpc.reader_threads = 1;
  TestCluster cluster(std::move(options));
  const auto client = cluster.Client();
  for (int i = 0; i < 3; ++i) SubmitOk(*client, Command({"true"}));
  cluster.history().SetIndexed(false);
  cluster.history().SetEndless(true);
  v1::EventsRequest request;
  request.add_targets("3");
  std::vector<v1::Event> events;
  std::thread asker([&] { events = Events(*client, request, 100); });
  Eventually([&] { return cluster.history().pages_read() > 0; }, "the past is read");
  // Needs the same thread.
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::GetJobRequest wanted;
  wanted.set_target("1");
  v1::Job details;
  const grpc::Status got = client->GetJob(&context, wanted, &details);
  cluster.history().SetEndless(false);
  asker.join();
  EXPECT_TRUE(got.ok()) << got.error_message();
  EXPECT_EQ(events.size(), 1u);
}

}  // namespace
}  // namespace bsub::testing
