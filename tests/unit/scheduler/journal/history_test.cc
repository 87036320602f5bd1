#include "scheduler/journal/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "scheduler/journal/identity.h"
#include "scheduler/journal/journal_cursor.h"
#include "scheduler/journal/sqlite.h"
#include "tests/support/journal/core_journal.h"

namespace bsub::journal::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kUuid = FormatUuid(kCoreCluster);

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    std::string pattern = testing::TempDir() + "bsub-history-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/history.db";
    Must(core_.Start());
    OpenWriter(0);
  }
  ~HistoryTest() override {
    writer_.reset();
    std::filesystem::remove_all(directory_);
  }

  static void Must(const Status& status) { ASSERT_TRUE(status) << status.error().message; }

  void OpenWriter(std::uint64_t journal_sequence) {
    writer_.reset();
    auto writer = HistoryWriter::Open(path_, kUuid, journal_sequence);
    ASSERT_TRUE(writer) << writer.error().message;
    writer_ = std::move(*writer);
  }

  // All of the journal from sequence 1, in pages; the writer passes over what it has.
  void Feed(std::size_t page = 7) {
    JournalCursor cursor(files_, "/journal", 0);
    while (true) {
      auto entries = cursor.Next(page, core_.journal().last_sequence());
      ASSERT_TRUE(entries) << entries.error().message;
      if (entries->empty()) break;
      Must(writer_->Apply(*entries));
    }
    ASSERT_EQ(writer_->LastSequence(), core_.journal().last_sequence());
  }

  std::int64_t EventCount() {
    auto database = Database::Open(path_, Database::Mode::kReadOnly);
    auto count = database->Prepare("SELECT count(*) FROM events");
    EXPECT_TRUE(*count->Step());
    return count->Int(0);
  }

  // Of the tables that are made from several entries.
  std::vector<std::string> AllRows() {
    std::vector<std::string> rows;
    auto database = Database::Open(path_, Database::Mode::kReadOnly);
    for (const auto& [table, columns] :
         {std::pair("attempts ORDER BY job, ordinal, number", 25),
          std::pair("task_ends ORDER BY job, first", 8), std::pair("jobs ORDER BY id", 13)}) {
      auto all = database->Prepare(std::string("SELECT * FROM ") + table);
      EXPECT_TRUE(all) << all.error().message;
      while (*all->Step()) {
        std::string& row = rows.emplace_back(table);
        for (int i = 0; i < columns; ++i) row += "|" + all->Text(i);
      }
    }
    return rows;
  }

  std::unique_ptr<HistoryReader> Reader() {
    auto reader = HistoryReader::Open(path_);
    EXPECT_TRUE(reader) << reader.error().message;
    return std::move(*reader);
  }

  sched::Control Control(sched::ControlAction action, JobTarget target) {
    sched::Control control;
    control.who = {.uid = 1000, .gid = 1000, .groups = {}, .name = "alice"};
    control.action = action;
    control.targets = {target};
    control.reason = "test";
    return control;
  }

  UnsyncedFileSystem files_;
  CoreJournal core_{files_};
  std::string directory_;
  std::string path_;
  std::unique_ptr<HistoryWriter> writer_;
};

TEST_F(HistoryTest, TellsWhatTheCoreTells) {
  Must(core_.RunSomeWork());
  Feed();
  const auto reader = Reader();
  EXPECT_EQ(*reader->LastSequence(), core_.journal().last_sequence());
  for (const auto& [id, job] : core_.scheduler().state().jobs) {
    const auto past = reader->FindJob(id);
    ASSERT_TRUE(past && *past) << id.value();
    const sched::StatusSummary summary = sched::Summarise(job);
    EXPECT_EQ((*past)->submitted->spec.name, job.spec.name);
    EXPECT_EQ((*past)->size, job.size());
    EXPECT_EQ((*past)->submitted_at, job.submitted_at);
    EXPECT_EQ((*past)->finished_at, job.finished_at);
    EXPECT_EQ((*past)->succeeded, summary[static_cast<int>(JobState::kSucceeded)]);
    EXPECT_EQ((*past)->failed, summary[static_cast<int>(JobState::kFailed)]);
  }
  EXPECT_FALSE(reader->FindJob(JobId(99))->has_value());
}

TEST_F(HistoryTest, KeepsEveryAttemptWithNodeTimesAndUsage) {
  Must(core_.AddNode("n1", 1));
  Must(core_.Submit("flaky"));
  for (const std::int32_t code : {3, 4, 0}) {
    Must(core_.Cycle());
    Must(core_.EndAttempts(NodeId(1), code));
  }
  Feed();
  const auto attempts = Reader()->AttemptsOf({JobId(1), 0});
  ASSERT_TRUE(attempts) << attempts.error().message;
  ASSERT_THAT(*attempts, SizeIs(3));
  EXPECT_EQ((*attempts)[0].ended.end.code, 3);
  EXPECT_EQ((*attempts)[0].ended.then, sched::AfterAttempt::kRetry);
  EXPECT_EQ((*attempts)[2].ended.then, sched::AfterAttempt::kSucceeded);
  EXPECT_EQ((*attempts)[2].node, "n1");
  EXPECT_EQ((*attempts)[2].allocated.cpu_milli, 1000);
  EXPECT_EQ((*attempts)[2].ended.usage.user_us, 12'345);
  EXPECT_EQ((*attempts)[2].ended.attempt.number, 3u);
  EXPECT_LT((*attempts)[2].ended.placed_at, (*attempts)[2].ended.started_at);
  EXPECT_LT((*attempts)[2].ended.started_at, (*attempts)[2].ended_at);
}

TEST_F(HistoryTest, KeepsAllNodesOfAnAttemptOnSeveral) {
  const auto record = std::make_shared<sched::PlacementRecord>();
  record->path = "cluster/rack3";
  const auto registered = [](std::uint32_t id, const char* name) {
    sched::NodeRegistered node{NodeId(id), Incarnation(1), {}};
    node.description.name = name;
    return node;
  };
  const sched::AttemptRef attempt{{JobId(7), 0}, 2};
  const std::vector<sched::JournalEntry> entries = {
      {Sequence(1), TimePoint(1), registered(1, "n1")},
      {Sequence(2), TimePoint(2), registered(2, "n2")},
      {Sequence(3), TimePoint(3),
       sched::AttemptPlaced{
           attempt, NodeId(2), Incarnation(1), {}, {}, {{NodeId(1), Incarnation(1), {}, {}}}, record}},
      {Sequence(4), TimePoint(4),
       sched::AttemptEnded{attempt,
                           {EndKind::kExited, 0, "", ""},
                           {},
                           sched::AfterAttempt::kSucceeded,
                           true,
                           false,
                           "",
                           NodeId(2),
                           TimePoint(3),
                           TimePoint(3)}}};
  Must(writer_->Apply(entries));
  const auto attempts = Reader()->AttemptsOf(attempt.task);
  ASSERT_TRUE(attempts) << attempts.error().message;
  ASSERT_THAT(*attempts, SizeIs(1));
  EXPECT_THAT((*attempts)[0].nodes, ElementsAre("n2", "n1"));
  ASSERT_NE((*attempts)[0].placement, nullptr);
  EXPECT_EQ((*attempts)[0].placement->path, "cluster/rack3");
  ASSERT_THAT((*attempts)[0].parts, SizeIs(2));
  EXPECT_EQ((*attempts)[0].parts[1].node, NodeId(1));
  EXPECT_EQ((*attempts)[0].taken_node, "");
}

// Of a gang on n1 (its main node), n2 and n3, by what happened before its end: the node that was taken.
class TakenNodeTest : public HistoryTest {
 protected:
  static constexpr sched::AttemptRef kGang{{JobId(7), 0}, 1};

  static sched::AttemptEnded Interrupted(std::uint32_t last_part, EndKind last_kind) {
    sched::AttemptEnded ended;
    ended.attempt = kGang;
    ended.end.kind = EndKind::kNodeLost;
    ended.interruption = true;
    ended.node = NodeId(1);
    ended.last_part = last_part;
    ended.last_end.kind = last_kind;
    return ended;
  }

  static sched::PartEnded Lost(std::uint32_t part, bool is_cause) {
    sched::PartEnded ended;
    ended.attempt = kGang;
    ended.part = part;
    ended.end.kind = EndKind::kNodeLost;
    ended.ends_gang = !is_cause;
    ended.is_cause = is_cause;
    return ended;
  }

  std::string TakenBy(const std::vector<sched::EntryBody>& bodies) {
    std::vector<sched::JournalEntry> entries;
    const auto add = [&](sched::EntryBody body) {
      const auto number = static_cast<std::int64_t>(entries.size()) + 1;
      entries.push_back({Sequence(entries.size() + 1), TimePoint(number), std::move(body)});
    };
    for (std::uint32_t id = 1; id <= 3; ++id) {
      sched::NodeRegistered node{NodeId(id), Incarnation(1), {}};
      node.description.name = "n" + std::to_string(id);
      add(node);
    }
    const std::vector<sched::PlacedPart> others = {{NodeId(2), Incarnation(1), {}, {}},
                                                   {NodeId(3), Incarnation(1), {}, {}}};
    add(sched::AttemptPlaced{kGang, NodeId(1), Incarnation(1), {}, {}, others, nullptr});
    for (const sched::EntryBody& body : bodies) add(body);
    Must(writer_->Apply(entries));
    const auto attempts = Reader()->AttemptsOf(kGang.task);
    EXPECT_TRUE(attempts && attempts->size() == 1);
    return attempts->front().taken_node;
  }
};

TEST_F(TakenNodeTest, IsTheOneThatHadANotice) {
  EXPECT_EQ(
      TakenBy({sched::AttemptNoticed{kGang, NodeId(3), TimePoint(100)}, Interrupted(0, EndKind::kSignalled)}),
      "n3");
}

TEST_F(TakenNodeTest, IsNoneIfTheNodeStayed) {
  EXPECT_EQ(
      TakenBy({sched::AttemptNoticed{kGang, NodeId(3), TimePoint(100)},
               sched::AttemptNoticed{kGang, NodeId(3), TimePoint()}, Interrupted(0, EndKind::kSignalled)}),
      "");
}

TEST_F(TakenNodeTest, IsTheOneThatWasLost) {
  EXPECT_EQ(TakenBy({Lost(1, false), Interrupted(0, EndKind::kSignalled)}), "n2");
}

TEST_F(TakenNodeTest, IsTheOneWhoseLossCameOutLater) {
  EXPECT_EQ(TakenBy({sched::AttemptNoticed{kGang, NodeId(1), TimePoint(100)}, Lost(2, true),
                     Interrupted(0, EndKind::kSignalled)}),
            "n3");
}

TEST_F(TakenNodeTest, IsTheOneThatWasOverLastIfTheOthersEndedWell) {
  EXPECT_EQ(TakenBy({Interrupted(2, EndKind::kNodeLost)}), "n3");
}

TEST_F(HistoryTest, FeedingTwiceOrInOtherPagesChangesNothing) {
  Must(core_.RunSomeWork());
  Feed(1);
  const auto job = *Reader()->FindJob(JobId(2));
  const std::int64_t events = EventCount();
  Feed(1000);
  OpenWriter(core_.journal().last_sequence());
  EXPECT_EQ(writer_->warning(), "");
  Feed(13);
  const auto again = *Reader()->FindJob(JobId(2));
  EXPECT_EQ(again->succeeded, job->succeeded);
  EXPECT_EQ(again->failed, job->failed);
  EXPECT_EQ(EventCount(), events);
}

// A task that is placed, starts and ends in one page is written once; so are the counts of a job.
TEST_F(HistoryTest, TheRowsAreTheSameHoweverTheyWerePaged) {
  Must(core_.RunSomeWork());
  Must(core_.AddNode("n9", 9));
  Must(core_.Submit("array", *ParseArraySpec("0-9")));
  const JobId array = core_.scheduler().state().jobs.rbegin()->first;
  for (int i = 0; i < 3; ++i) {
    Must(core_.Cycle());
    Must(core_.EndAttempts(NodeId(1), i == 1 ? 3 : 0));
  }
  Must(core_.Handle(Control(sched::ControlAction::kCancel, {array.value(), std::nullopt})));
  Must(core_.Handle(Control(sched::ControlAction::kRequeue, {array.value(), 4})));
  Must(core_.Handle(Control(sched::ControlAction::kCancel, {array.value(), 4})));
  std::set<std::vector<std::string>> contents;
  for (const std::size_t page : {1, 3, 100'000}) {
    path_ = directory_ + "/history-" + std::to_string(page) + ".db";
    OpenWriter(core_.journal().last_sequence());
    Feed(page);
    contents.insert(AllRows());
  }
  ASSERT_THAT(contents, SizeIs(1));
  EXPECT_GT(contents.begin()->size(), 20u);
}

TEST_F(HistoryTest, ARequeueTakesBackWhatHadEnded) {
  Must(core_.Submit("array", *ParseArraySpec("0-9")));
  Must(core_.Handle(Control(sched::ControlAction::kCancel, {1, std::nullopt})));
  Feed();
  EXPECT_EQ((*Reader()->FindJob(JobId(1)))->failed, 10u);
  EXPECT_TRUE((*Reader()->FindJob(JobId(1)))->finished_at.set());
  EXPECT_EQ((*Reader()->EndOf({JobId(1), 4}))->end.kind, EndKind::kCancelled);
  EXPECT_EQ((*Reader()->EndOf({JobId(1), 4}))->end.by, "alice");

  Must(core_.Handle(Control(sched::ControlAction::kRequeue, {1, 4})));
  Feed();
  const auto job = *Reader()->FindJob(JobId(1));
  EXPECT_EQ(job->failed, 9u);
  EXPECT_FALSE(job->finished_at.set());
  EXPECT_FALSE(Reader()->EndOf({JobId(1), 4})->has_value());
  EXPECT_TRUE(Reader()->EndOf({JobId(1), 3})->has_value());
  EXPECT_TRUE(Reader()->EndOf({JobId(1), 5})->has_value());

  Must(core_.AddNode("n1", 1));
  Must(core_.Cycle());
  Must(core_.EndAttempts(NodeId(1), 0));
  Feed();
  EXPECT_EQ((*Reader()->FindJob(JobId(1)))->succeeded, 1u);
  EXPECT_TRUE((*Reader()->FindJob(JobId(1)))->finished_at.set());
  Must(core_.Handle(Control(sched::ControlAction::kRequeue, {1, 4})));
  Feed();
  EXPECT_EQ((*Reader()->FindJob(JobId(1)))->succeeded, 0u);
  EXPECT_THAT(*Reader()->AttemptsOf({JobId(1), 4}), SizeIs(1));  // it stays in the record
}

// So that the journal is read only there.
TEST_F(HistoryTest, KnowsWhichEntriesAreAboutAJobOrAChild) {
  Must(core_.AddNode("n1", 1));
  Must(core_.Submit("other"));
  Must(core_.Submit("array", *ParseArraySpec("0-2")));
  for (int i = 0; i < 4; ++i) {
    Must(core_.Cycle());
    Must(core_.EndAttempts(NodeId(1), 0));
  }
  Must(core_.Submit("later"));
  Feed();
  JournalCursor cursor(files_, "/journal", 0);
  const auto entries = cursor.Next(10'000, core_.journal().last_sequence());
  ASSERT_TRUE(entries) << entries.error().message;
  const auto about = [&](std::optional<std::uint32_t> child) {
    std::vector<std::uint64_t> sequences;
    for (const sched::JournalEntry& entry : *entries) {
      const auto* submitted = std::get_if<sched::JobSubmitted>(&entry.body);
      const auto* placed = std::get_if<sched::AttemptPlaced>(&entry.body);
      const auto* started = std::get_if<sched::AttemptStarted>(&entry.body);
      const auto* ended = std::get_if<sched::AttemptEnded>(&entry.body);
      sched::TaskRef task;
      if (placed) task = placed->attempt.task;
      if (started) task = started->attempt.task;
      if (ended) task = ended->attempt.task;
      if ((submitted && submitted->id == JobId(2)) ||
          (task.job == JobId(2) && (!child || task.ordinal == *child)))
        sequences.push_back(entry.sequence.value());
    }
    return sequences;
  };
  const auto reader = Reader();
  EXPECT_THAT(about(1), SizeIs(4));
  EXPECT_EQ(*reader->EventsOf({JobId(2), std::nullopt}, 0, 100), about(std::nullopt));
  EXPECT_EQ(*reader->EventsOf({JobId(2), 1}, 0, 100), about(1));
  EXPECT_EQ(*reader->EventsOf({JobId(2), 1}, about(1)[0], 1), std::vector{about(1)[1]});
  EXPECT_THAT(*reader->EventsOf({JobId(9), std::nullopt}, 0, 100), IsEmpty());
}

TEST_F(HistoryTest, RemovesWhatIsTooOldInPortions) {
  Must(core_.AddNode("n1", 1));
  Must(core_.Submit("array", *ParseArraySpec("0-4")));
  for (int i = 0; i < 5; ++i) {
    Must(core_.Cycle());
    Must(core_.EndAttempts(NodeId(1), 0));
  }
  Must(core_.Submit("kept"));
  Must(core_.Submit("waits"));
  Must(core_.Handle(Control(sched::ControlAction::kCancel, {2, std::nullopt})));
  Feed();
  sched::JournalEntry forget;
  forget.sequence = Sequence(writer_->LastSequence() + 1);
  forget.at = core_.now();
  forget.body = sched::JobsForgotten{{JobId(1)}};
  Must(writer_->Apply(std::vector{forget}));
  const std::int64_t events = EventCount();

  EXPECT_EQ(*writer_->RemoveOld(TimePoint(1), 100), 0u) << "nothing is that old";
  const TimePoint later = core_.now() + std::chrono::hours(1);
  std::size_t removed = 0, steps = 0;
  while (true) {
    const auto step = writer_->RemoveOld(later, 2);
    ASSERT_TRUE(step) << step.error().message;
    if (*step == 0) break;
    EXPECT_LE(*step, 2u);
    removed += *step;
    ++steps;
  }
  EXPECT_EQ(static_cast<std::int64_t>(removed), events + 5 + 1) << "events, attempts, and the job";
  EXPECT_FALSE((*Reader()->FindJob(JobId(1))).has_value());
  EXPECT_THAT(*Reader()->AttemptsOf({JobId(1), 3}), IsEmpty());
  EXPECT_TRUE((*Reader()->FindJob(JobId(2))).has_value()) << "the core still has it";
  EXPECT_TRUE((*Reader()->EndOf({JobId(2), 0})).has_value());
  EXPECT_EQ(writer_->LastSequence(), forget.sequence.value());
}

TEST_F(HistoryTest, KeepsJobsThatTheCoreForgets) {
  Must(core_.Submit("a"));
  Must(core_.Submit("b"));
  Feed();
  sched::JournalEntry forget;
  forget.sequence = Sequence(writer_->LastSequence() + 1);
  forget.at = core_.now();
  forget.body = sched::JobsForgotten{{JobId(1), JobId(2)}};
  Must(writer_->Apply({&forget, 1}));
  const auto reader = Reader();
  EXPECT_THAT(*reader->ForgottenJobs(JobId(), false, 10), SizeIs(2));
  EXPECT_EQ(reader->ForgottenJobs(JobId(), true, 1)->front().id, JobId(2));
  EXPECT_EQ(reader->ForgottenJobs(JobId(2), true, 10)->front().id, JobId(1));
  EXPECT_EQ(reader->ForgottenJobs(JobId(1), false, 10)->front().id, JobId(2));
}

TEST_F(HistoryTest, ADamagedDatabaseIsMadeAnew) {
  Must(core_.RunSomeWork());
  Feed();
  writer_.reset();
  std::ofstream(path_, std::ios::trunc) << std::string(5000, 'x');
  std::filesystem::remove(path_ + "-wal");
  OpenWriter(core_.journal().last_sequence());
  EXPECT_THAT(writer_->warning(), HasSubstr("is made anew from the journal"));
  EXPECT_EQ(writer_->LastSequence(), 0u);
  EXPECT_TRUE(std::filesystem::exists(path_ + ".aside"));
  Feed();
  EXPECT_TRUE(Reader()->FindJob(JobId(1))->has_value());
}

TEST_F(HistoryTest, ADatabaseAheadOfTheJournalOrOfAnotherClusterIsMadeAnew) {
  Must(core_.RunSomeWork());
  Feed();
  OpenWriter(3);  // the journal was cut
  EXPECT_THAT(writer_->warning(), HasSubstr("ahead of the journal"));
  EXPECT_EQ(writer_->LastSequence(), 0u);
  Feed();
  writer_.reset();
  const auto other = HistoryWriter::Open(path_, FormatUuid(RandomUuid()), 1000);
  ASSERT_TRUE(other);
  EXPECT_THAT((*other)->warning(), HasSubstr("it is of cluster " + kUuid));
}

TEST_F(HistoryTest, TheReaderCannotWrite) {
  Feed();
  EXPECT_FALSE(HistoryReader::Open(directory_ + "/none.db"));
}

}  // namespace
}  // namespace bsub::journal::test
