// The loop and the committer with the real core and a journal whose disk obeys the test.
#include "scheduler/daemon/core_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "scheduler/daemon/committer.h"
#include "tests/integration/scheduler/memory_ports.h"

namespace bsub::daemon {
namespace {

using ::testing::HasSubstr;
using testing::MemoryJournal;

const Principal kAda{.uid = 1000, .gid = 100, .groups = {}, .name = "ada"};

struct Submission {
  sched::Submit input;
  std::vector<rpc::StagedPayload> payloads;
};

Submission Job(const std::string& name, const std::string& queue = "") {
  auto settings = std::make_shared<JobSettings>();
  settings->owner = kAda;
  settings->queue = queue;
  settings->working_directory = "/tmp";
  settings->request.cpu_milli = 1000;
  Submission job;
  job.input.who = kAda;
  job.input.spec.name = name;
  job.input.spec.settings = settings;
  rpc::StagedPayload payload;
  payload.hash.bytes.fill(7);
  payload.bytes = std::make_shared<const std::string>("command of " + name);
  job.input.spec.command = payload.hash;
  job.payloads = {payload};
  return job;
}

class CoreLoopTest : public ::testing::Test {
 protected:
  using Answer = std::shared_ptr<std::promise<Result<sched::ReplyBody>>>;

  CoreLoopTest() { Make({}); }
  ~CoreLoopTest() override { Stop(); }

  void Make(CoreLoopSettings settings) {
    Stop();
    scheduler_ = std::make_unique<sched::Scheduler>(sched::Settings());
    journal_ = std::make_unique<MemoryJournal>();
    committer_ = std::make_unique<Committer>(
        *journal_, [this](const rpc::EntryBatch& batch) { published_ += batch->size(); },
        [](const std::vector<sched::Message>&) {},
        [this](const Error& error) { failure_.set_value(error.message); },
        CommitterLimits{.gathered = 10'000});
    loop_ = std::make_unique<CoreLoop>(*scheduler_, clock_, *journal_, *committer_, settings);
    loop_->Start("11111111-2222-3333-4444-555555555555");
  }
  void Stop() {
    if (!loop_) return;
    loop_->Stop();
    committer_->Stop();
  }

  std::future<Result<sched::ReplyBody>> Send(Submission job) {
    auto answer = std::make_shared<std::promise<Result<sched::ReplyBody>>>();
    auto future = answer->get_future();
    const Status sent =
        loop_->Send(std::move(job.input), std::move(job.payloads),
                    [answer](Result<sched::ReplyBody> body) { answer->set_value(std::move(body)); });
    if (!sent) answer->set_value(sent.error());
    return future;
  }
  std::future<std::size_t> CountJobs() {
    auto count = std::make_shared<std::promise<std::size_t>>();
    auto future = count->get_future();
    const Status sent = loop_->Read([count](const rpc::CoreView& view) {
      return [count, jobs = view.state().jobs.size()] { count->set_value(jobs); };
    });
    EXPECT_TRUE(sent);
    return future;
  }
  std::size_t HashesRecorded() const {
    const auto entries = journal_->entries();
    return static_cast<std::size_t>(std::ranges::count_if(entries, [](const sched::JournalEntry& entry) {
      return std::holds_alternative<sched::StateHashRecorded>(entry.body);
    }));
  }
  static bool Ready(std::future<Result<sched::ReplyBody>>& future) {
    return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  SlewedClock clock_{TimePoint()};
  std::atomic<std::size_t> published_ = 0;
  std::promise<std::string> failure_;
  std::unique_ptr<sched::Scheduler> scheduler_;
  std::unique_ptr<MemoryJournal> journal_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<CoreLoop> loop_;
};

TEST_F(CoreLoopTest, AnswersWhenItIsDurable) {
  auto answer = Send(Job("a"));
  const auto body = answer.get();
  ASSERT_TRUE(body) << body.error().message;
  EXPECT_EQ(std::get<sched::SubmitAccepted>(*body).job, JobId(1));
  EXPECT_EQ(journal_->payload_count(), 1u);
  EXPECT_GT(published_, 0u);
}

TEST_F(CoreLoopTest, NothingIsSaidBeforeTheDiskIsDone) {
  ASSERT_EQ(CountJobs().get(), 0u);
  journal_->Block();
  auto first = Send(Job("a"));
  journal_->WaitForHeldAppend();
  auto second = Send(Job("b"));
  auto read = CountJobs();
  EXPECT_FALSE(Ready(first));
  EXPECT_EQ(read.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  journal_->Unblock();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
  EXPECT_EQ(read.get(), 2u);
}

TEST_F(CoreLoopTest, WhatComesDuringASyncSharesTheNext) {
  ASSERT_EQ(CountJobs().get(), 0u);
  journal_->Block();
  std::vector<std::future<Result<sched::ReplyBody>>> answers;
  answers.push_back(Send(Job("first")));
  journal_->WaitForHeldAppend();
  for (int i = 0; i < 500; ++i) answers.push_back(Send(Job("job" + std::to_string(i))));
  const std::size_t before = journal_->appends();
  // All of them are decided while the disk stands still.
  std::promise<void> decided;
  ASSERT_TRUE(loop_->Read([&decided](const rpc::CoreView& view) {
    if (view.state().jobs.size() == 501) decided.set_value();
    return [] {};
  }));
  decided.get_future().wait();
  journal_->Unblock();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_LE(journal_->appends() - before, 5u);
}

// What is durable but cannot be told of must not grow without end.
// Whoever saw a placement may ask its node for the attempt's output, say.
TEST(Committer, NodesHearOfADecisionBeforeThoseWhoSawIt) {
  MemoryJournal journal;
  std::mutex mutex;
  std::string order;
  const auto note = [&](char what) {
    const std::lock_guard lock(mutex);
    order += what;
  };
  {
    Committer committer(
        journal, [](const rpc::EntryBatch&) {}, [&](const std::vector<sched::Message>&) { note('n'); },
        [](const Error&) {}, {.gathered = 10'000});
    for (const std::size_t readers :
         {std::size_t{1}, std::size_t{100}}) {  // released by one thread or the other
      Batch batch;
      batch.to_nodes.push_back(sched::LaunchTask{});
      for (std::size_t i = 0; i < readers; ++i) batch.releases.push_back([&] { note('r'); });
      committer.Add(std::move(batch));
    }
    committer.Stop();
  }
  // However many of the two batches were committed together.
  EXPECT_EQ(order.front(), 'n');
  EXPECT_EQ(order.back(), 'r');
  EXPECT_EQ(order.find("rn"), order.size() > 102 ? 1u : std::string::npos);
}

TEST(Committer, HoldsTheDiskBackWhileTooMuchWaitsForItsRelease) {
  MemoryJournal journal;
  std::promise<void> entered, gate;
  std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> published = 0;
  Committer committer(
      journal,
      [&](const rpc::EntryBatch&) {
        if (published++ == 0) entered.set_value();
        open.wait();
      },
      [](const std::vector<sched::Message>&) {}, [](const Error& error) { FAIL() << error.message; },
      {.gathered = 10'000, .unreleased = 1});
  const auto add = [&committer] {
    Batch batch;
    batch.entries.emplace_back();
    batch.releases.resize(100, [] {});  // too many for the thread that syncs
    committer.Add(std::move(batch));
  };
  add();
  entered.get_future().wait();
  add();  // is synced, and waits
  while (journal.appends() < 2) std::this_thread::yield();
  add();
  // Asked when it has nothing to do, or may do nothing: the second time after it had the chance.
  for (const std::size_t before = journal.idle_calls(); journal.idle_calls() < before + 2;)
    std::this_thread::yield();
  EXPECT_EQ(journal.appends(), 2u);
  gate.set_value();
  committer.Stop();
  EXPECT_EQ(journal.appends(), 3u);
  EXPECT_EQ(published, 3);
}

// One user's large scripts, sent while the disk stands still, are not one write.
TEST_F(CoreLoopTest, WhatIsGatheredForOneWriteIsBoundedInBytes) {
  ASSERT_EQ(CountJobs().get(), 0u);
  journal_->Block();
  std::vector<std::future<Result<sched::ReplyBody>>> answers;
  answers.push_back(Send(Job("first")));
  journal_->WaitForHeldAppend();
  constexpr std::size_t kScript = std::size_t{4} << 20;
  const auto script = std::make_shared<const std::string>(kScript, 'x');
  for (int i = 0; i < 20; ++i) {
    Submission job = Job("job" + std::to_string(i));
    job.payloads[0].bytes = script;
    answers.push_back(Send(std::move(job)));
  }
  journal_->Unblock();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  // Gathered are less than 16 MiB, and then what one round hands over: 16 MiB, and all of the last script.
  EXPECT_LE(journal_->most_payload_bytes(), 2 * (std::size_t{16} << 20) + kScript);
  EXPECT_EQ(CountJobs().get(), 21u);
}

TEST_F(CoreLoopTest, RefusedInputsLeaveNoPayload) {
  auto answer = Send(Job("a", "nowhere"));
  const auto body = answer.get();
  ASSERT_FALSE(body);
  EXPECT_THAT(body.error().message, HasSubstr("nowhere"));
  EXPECT_EQ(journal_->payload_count(), 0u);
}

TEST_F(CoreLoopTest, AFullQueueSaysTryAgain) {
  CoreLoopSettings settings;
  settings.max_queued = 3;
  Make(settings);
  std::promise<void> entered, go_on;
  std::shared_future<void> held = go_on.get_future().share();
  ASSERT_TRUE(loop_->Read([&entered, held](const rpc::CoreView&) {
    entered.set_value();
    held.wait();  // the core's thread stands still
    return [] {};
  }));
  entered.get_future().wait();
  std::vector<std::future<Result<sched::ReplyBody>>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(Send(Job("job")));
  ASSERT_TRUE(Ready(answers[3]));
  const auto refused = answers[3].get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_THAT(refused.error().message, HasSubstr("try again"));
  loop_->SendFromNode(sched::NodeStreamClosed{sched::StreamId(9), "gone"});  // is never refused
  go_on.set_value();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(answers[static_cast<std::size_t>(i)].get());
}

TEST_F(CoreLoopTest, AFailedAppendReleasesNothing) {
  ASSERT_EQ(CountJobs().get(), 0u);
  journal_->Fail(Unavailable("disk full"));
  std::atomic<bool> answered = false;
  Submission job = Job("a");
  ASSERT_TRUE(loop_->Send(std::move(job.input), std::move(job.payloads),
                          [&answered](const Result<sched::ReplyBody>&) { answered = true; }));
  EXPECT_EQ(failure_.get_future().get(), "disk full");
  Stop();
  EXPECT_FALSE(answered);
}

TEST_F(CoreLoopTest, StopAnswersWhatWasTakenAndRefusesTheRest) {
  auto taken = Send(Job("a"));
  loop_->Stop();
  committer_->Stop();
  EXPECT_TRUE(taken.get());
  auto late = Send(Job("b"));
  const auto body = late.get();
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, Code::kUnavailable);
}

TEST_F(CoreLoopTest, AStateHashIsTheLastEntryOfItsBatch) {
  ASSERT_EQ(CountJobs().get(), 0u);
  journal_->AskForStateHash(1);
  EXPECT_TRUE(Send(Job("a")).get());
  EXPECT_TRUE(Send(Job("b")).get());
  EXPECT_EQ(HashesRecorded(), 1u);  // asked for once, as long as the wish stands
  EXPECT_TRUE(std::holds_alternative<sched::StateHashRecorded>(journal_->last_of_batch_with_hash().body));
}

// A snapshot may be begun, made and due again while the core has nothing to do.
TEST_F(CoreLoopTest, AWishThatFollowsAnotherAtOnceIsServedToo) {
  journal_->AskForStateHash(1);
  EXPECT_TRUE(Send(Job("a")).get());
  journal_->AskForStateHash(2);
  EXPECT_TRUE(Send(Job("b")).get());
  EXPECT_EQ(HashesRecorded(), 2u);
}

TEST_F(CoreLoopTest, ReadsDoNotKeepTheJournalFromItsOtherWork) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (journal_->idle_calls() == 0) {
    CountJobs().get();
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
}

TEST_F(CoreLoopTest, WithoutRoomNewJobsAreRefusedAndKnownOnesAreFound) {
  Submission job = Job("a");
  job.input.spec.token.bytes.fill(5);
  const Submission again = job;
  EXPECT_TRUE(Send(job).get());
  journal_->SetRoom(ResourceExhausted("the disk is full"));
  const auto refused = Send(Job("b")).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), ResourceExhausted("the disk is full"));
  const auto found = Send(again).get();
  ASSERT_TRUE(found);
  EXPECT_TRUE(std::get<sched::SubmitAccepted>(*found).repeated);
  journal_->SetRoom(std::nullopt);
  EXPECT_TRUE(Send(Job("b")).get());
}

TEST_F(CoreLoopTest, WithoutRoomNoTaskIsStartedUntilThereIsSome) {
  EXPECT_TRUE(Send(Job("a")).get());
  journal_->SetRoom(ResourceExhausted("the disk is full"));
  sched::NodeHello hello;
  hello.stream = sched::StreamId(1);
  hello.description.name = "n1";
  hello.description.total = {.cpu_milli = 8000, .mem_bytes = 1 << 30, .gpus = 0};
  loop_->SendFromNode(hello);  // what nodes say is always taken
  const auto placed = [this] {
    const auto entries = journal_->entries();
    return std::ranges::any_of(entries, [](const sched::JournalEntry& entry) {
      return std::holds_alternative<sched::AttemptPlaced>(entry.body);
    });
  };
  EXPECT_EQ(CountJobs().get(), 1u);
  EXPECT_FALSE(placed());
  journal_->SetRoom(std::nullopt);  // nothing else happens
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!placed()) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

// With a gathering time that never ends: a report waits until something comes that does not.
TEST_F(CoreLoopTest, ReportsOfTasksWaitForOthersAndForNothingElse) {
  CoreLoopSettings settings;
  settings.gather_reports = std::chrono::hours(1);
  Make(settings);
  sched::NodeHello hello;
  hello.stream = sched::StreamId(1);
  hello.description.name = "n1";
  hello.description.total = {.cpu_milli = 8000, .mem_bytes = 1 << 30, .gpus = 0};
  loop_->SendFromNode(hello);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Send(Job("a")).get());
  const auto count = [this](auto kind) {
    const auto entries = journal_->entries();
    return std::ranges::count_if(entries, [](const sched::JournalEntry& entry) {
      return std::holds_alternative<decltype(kind)>(entry.body);
    });
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (count(sched::AttemptPlaced()) < 3) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  const auto end = [this](std::uint64_t job) {
    sched::TaskEnded ended{NodeId(1), Incarnation(1), {{JobId(job), 0}, 1}, {}, {}};
    ended.end.kind = EndKind::kExited;
    loop_->SendFromNode(ended);
  };
  CountJobs().get();  // after this round three tasks are known to run
  end(1);             // after a quiet time, or with the next
  end(2);
  end(3);
  const std::size_t before = journal_->appends();
  EXPECT_EQ(CountJobs().get(), 3u);
  EXPECT_EQ(count(sched::AttemptEnded()), 3);
  EXPECT_LE(journal_->appends() - before, 2u);
}

TEST_F(CoreLoopTest, TimesNeverDecrease) {
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Send(Job("a")).get());
  TimePoint last;
  for (const sched::JournalEntry& entry : journal_->entries()) {
    EXPECT_GE(entry.at, last);
    last = entry.at;
  }
}

}  // namespace
}  // namespace bsub::daemon
