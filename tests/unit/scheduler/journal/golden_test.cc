// Journals of every format version that was ever released must load for ever: tests/golden/journal-v*/.
//
// BSUB_REWRITE_GOLDEN=1 makes the newest version's files anew. Do that only while that version is unreleased;
// afterwards raise the version and add a folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/recovery.h"
#include "scheduler/journal/snapshot_maker.h"
#include "tests/support/journal/core_journal.h"
#include "tests/support/journal/sample_entries.h"

namespace bsub::journal::test {
namespace {

namespace fs = std::filesystem;
const std::string kGoldenPath = "/journal";

fs::path GoldenFolder(int version) {
  const char* source = std::getenv("BSUB_SOURCE_DIR");
  return fs::path(source != nullptr ? source : ".") / "tests/golden" /
         ("journal-v" + std::to_string(version));
}

// `with`: which of the samples of its kind.
fs::path EntryFile(int version, const sched::JournalEntry& entry, const std::string& with) {
  return GoldenFolder(version) / "entries" / (std::string(sched::KindName(entry.body)) + with);
}

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// What the files hold, beside them.
std::string Describe(CoreJournal& core) {
  nlohmann::ordered_json facts;
  facts["lastSequence"] = core.journal().last_sequence();
  facts["snapshot"] = core.report().snapshot;
  facts["stateHash"] = std::to_string(core.scheduler().state_hash());
  for (const auto& [id, job] : core.scheduler().state().jobs) {
    nlohmann::ordered_json line;
    line["name"] = job.spec.name;
    line["command"] = core.journal().payloads().Get(job.spec.command).value_or("missing");
    line["statusSummary"] = sched::Summarise(job);
    facts["jobs"].push_back(line);
  }
  return facts.dump(1) + "\n";
}

Status Register(CoreJournal& core, const std::string& name) {
  const Principal alice{1000, 1000, {}, "alice"};
  JobDefinition definition{.name = name, .command = {"run"}};
  BSUB_RETURN_IF_ERROR(core.Handle(sched::RegisterDefinition{sched::ReplyTo(1), alice, definition}));
  return core.Handle(sched::DeregisterDefinition{sched::ReplyTo(2), alice, name, 1});
}

// Waits for a feature that no node has.
Status SubmitChoosy(CoreJournal& core) {
  JobSettings settings;
  settings.working_directory = "/";
  settings.request.cpu_milli = 500;
  settings.gang.placement.features = {"efa"};
  settings.gang.placement.policy = PlacementPolicy::kCluster;
  settings.gang.placement.group = "pg1";
  sched::Submit submit;
  submit.who = {.uid = 1000, .gid = 1000, .groups = {}, .name = "alice"};
  submit.spec.name = "choosy";
  submit.spec.settings = std::make_shared<JobSettings>(settings);
  BSUB_RETURN_IF_ERROR(core.Handle(std::move(submit)));
  return core.Cycle();
}

// On two nodes: one that succeeded, and one of which a part has failed and the other is not over.
Status RunGangs(CoreJournal& core) {
  for (const char* name : {"n3", "n4"}) BSUB_RETURN_IF_ERROR(core.AddNode(name, 1));
  for (const std::int32_t code : {0, 3}) {
    JobSettings settings;
    settings.working_directory = "/";
    settings.request.cpu_milli = 500;
    settings.gang = {.nodes = 2, .ranks_per_node = 2, .exclusive = true, .end = GangEnd::kAny};
    sched::Submit submit;
    submit.who = {.uid = 1000, .gid = 1000, .groups = {}, .name = "alice"};
    submit.spec.name = "gang";
    submit.spec.settings = std::make_shared<JobSettings>(settings);
    BSUB_RETURN_IF_ERROR(core.Handle(std::move(submit)));
    BSUB_RETURN_IF_ERROR(core.Cycle());
    BSUB_RETURN_IF_ERROR(core.EndAttempts(NodeId(4), code));
    if (code == 0) BSUB_RETURN_IF_ERROR(core.EndAttempts(NodeId(3), code));
  }
  return OkStatus();
}

// A node is to be taken away from two jobs, of which one saves.
Status RunNotices(CoreJournal& core) {
  JobSettings settings;
  settings.working_directory = "/tmp";
  settings.request.cpu_milli = 1000;
  for (const bool saves : {true, false}) {
    settings.checkpoint =
        saves ? CheckpointSpec{.directory = "/saved", .signal = 10, .exit_code = 85} : CheckpointSpec{};
    sched::Submit submit;
    submit.who = {.uid = 1000, .gid = 1000, .groups = {}, .name = "alice"};
    submit.spec.name = saves ? "saves" : "does not";
    submit.spec.settings = std::make_shared<JobSettings>(settings);
    BSUB_RETURN_IF_ERROR(core.Handle(std::move(submit)));
  }
  BSUB_RETURN_IF_ERROR(core.AddNode("spot", 2));
  BSUB_RETURN_IF_ERROR(core.Cycle());
  const NodeId spot = core.scheduler().state().FindNode("spot")->id;
  sched::SetNode notice{{}, {0, 0, {}, "root"}, sched::NodeAction::kNotice, "spot", "price"};
  notice.deadline = std::chrono::minutes(2);
  BSUB_RETURN_IF_ERROR(core.Handle(std::move(notice)));
  const auto attempts = core.scheduler().AttemptsOn(spot);
  sched::TaskEnded saved{spot, core.scheduler().state().nodes.at(spot).incarnation, attempts.front(), {}, {}};
  saved.end = {EndKind::kExited, 85, "", ""};
  return core.Handle(std::move(saved));
}

// A queue that goes by shares, so that use is in the snapshot.
Status GoByShares(CoreJournal& core) {
  sched::Queue queue = core.scheduler().state().queues.at(core.scheduler().state().default_queue);
  queue.order = sched::QueueOrder::kFairShare;
  queue.backfill = sched::Backfill::kEasy;
  queue.fair_share.weights = {{"gold*", 5'000}};
  return core.Handle(
      sched::SetQueue{.reply = {}, .who = {.uid = 0, .gid = 0, .name = "root"}, .queue = queue});
}

// A queue with every field set, and one that a job of two to three nodes is moved to when it is interrupted.
Status MoveOne(CoreJournal& core) {
  const Principal root{0, 0, {}, "root"};
  sched::Queue queue{.name = "every", .priority = 1, .max_running = 9, .max_running_per_user = 8};
  queue.max_waiting = 7, queue.max_waiting_per_user = 6, queue.description = "all fields";
  queue.order = sched::QueueOrder::kMultifactor, queue.backfill = sched::Backfill::kConservative;
  queue.fair_share = {std::chrono::hours(1), 10, {{"gold", 5'000}, {"silver*", 20'000}}};
  queue.weights = {1, 2, 3, 4, std::chrono::hours(5)};
  queue.favour_short = std::chrono::hours(2), queue.overdue_after = std::chrono::hours(3);
  queue.max_cpus = 99, queue.max_cpus_per_user = 98, queue.max_cpus_per_share = 97;
  queue.max_running_per_share = 96, queue.max_waiting_per_share = 95;
  BSUB_RETURN_IF_ERROR(core.Handle(sched::SetQueue{.reply = {}, .who = root, .queue = queue}));
  BSUB_RETURN_IF_ERROR(core.Handle(sched::SetQueue{.reply = {}, .who = root, .queue = {.name = "later"}}));
  JobSettings settings;
  settings.working_directory = "/";
  settings.request.cpu_milli = 250;
  settings.queue = "every";
  settings.gang = {.nodes = 3, .min_nodes = 2};
  settings.max_interruptions = 0;
  settings.checkpoint.then_queue = "later";
  sched::Submit submit;
  submit.who = {.uid = 1000, .gid = 1000, .groups = {}, .name = "alice"};
  submit.spec.name = "moves";
  submit.spec.settings = std::make_shared<JobSettings>(settings);
  BSUB_RETURN_IF_ERROR(core.Handle(std::move(submit)));
  BSUB_RETURN_IF_ERROR(core.Cycle());
  BSUB_RETURN_IF_ERROR(core.Handle(sched::SetNode{{}, root, sched::NodeAction::kDeclareDead, "n3", "fire"}));
  return core.Handle(sched::SetNode{{}, root, sched::NodeAction::kDeclareDead, "n4", "fire"});
}

// Of three parts one fails because another's node is lost, which is known later; the third is not over.
Status LoseANodeOfThree(CoreJournal& core) {
  for (const char* name : {"t1", "t2", "t3"}) BSUB_RETURN_IF_ERROR(core.AddNode(name, 1));
  JobSettings settings;
  settings.working_directory = "/";
  settings.request.cpu_milli = 1000;
  settings.priority = 10;  // before all that waits
  settings.gang = {.nodes = 3, .exclusive = true, .end = GangEnd::kAny};
  sched::Submit submit;
  submit.who = {.uid = 1000, .gid = 1000, .groups = {}, .name = "alice"};
  submit.spec.name = "loses a node";
  submit.spec.settings = std::make_shared<JobSettings>(settings);
  BSUB_RETURN_IF_ERROR(core.Handle(std::move(submit)));
  BSUB_RETURN_IF_ERROR(core.Cycle());
  const auto& nodes = core.scheduler().state();
  BSUB_RETURN_IF_ERROR(core.EndAttempts(nodes.FindNode("t1")->id, 1));
  BSUB_RETURN_IF_ERROR(core.AddNode("t2", 1));  // it is back without its part
  const auto& entries = core.last_outcome().entries;
  const bool told = std::any_of(entries.begin(), entries.end(), [](const sched::JournalEntry& entry) {
    const auto* part = std::get_if<sched::PartEnded>(&entry.body);
    return part != nullptr && part->is_cause;
  });
  return told ? OkStatus() : FailedPrecondition("no part is the cause of another's end");
}

// A job that runs on every node of two is told to save: its main part has done so, the other is not over.
Status SaveAsAGang(CoreJournal& core) {
  for (const char* name : {"s1", "s2"}) BSUB_RETURN_IF_ERROR(core.AddNode(name, 1));
  JobSettings settings;
  settings.working_directory = "/";
  settings.request.cpu_milli = 1000;
  settings.priority = 10;  // before all that waits
  settings.gang = {.nodes = 2, .exclusive = true, .end = GangEnd::kAny};
  settings.checkpoint = {.directory = "/saved", .exit_code = 85};
  sched::Submit submit;
  submit.who = {.uid = 1000, .gid = 1000, .groups = {}, .name = "alice"};
  submit.spec.name = "saves on two nodes";
  submit.spec.settings = std::make_shared<JobSettings>(settings);
  BSUB_RETURN_IF_ERROR(core.Handle(std::move(submit)));
  BSUB_RETURN_IF_ERROR(core.Cycle());
  const sched::State& state = core.scheduler().state();
  JobId newest;
  for (const auto& [id, each] : state.jobs) newest = std::max(newest, id);
  const sched::Job* job = state.FindJob(newest);
  if (!job->task.attempt) return FailedPrecondition("the job does not run");
  const sched::Node& main = state.nodes.at(job->task.attempt->node);
  sched::SetNode notice{{}, {0, 0, {}, "root"}, sched::NodeAction::kNotice, main.description.name, "price"};
  notice.deadline = std::chrono::minutes(2);
  BSUB_RETURN_IF_ERROR(core.Handle(std::move(notice)));
  const sched::AttemptRef attempt{{newest, 0}, job->task.attempt->number};
  sched::TaskEnded saved{main.id, main.incarnation, attempt, {EndKind::kExited, 85, "", ""}, {}};
  saved.saved = {7, std::chrono::seconds(2), std::chrono::seconds(1)};
  BSUB_RETURN_IF_ERROR(core.Handle(std::move(saved)));
  const bool kept = job->task.attempt && job->task.attempt->gang->told.generation == 7;
  return kept ? OkStatus() : FailedPrecondition("nothing is kept of the save");
}

// A snapshot with a pack, closed segments before and behind it, and an open one.
void MakeGolden(UnsyncedFileSystem& files) {
  CoreJournal core(files, kGoldenPath, 4096);
  core.core_settings.max_definitions_per_user = 1;
  ASSERT_TRUE(core.Start());
  ASSERT_TRUE(GoByShares(core));
  ASSERT_TRUE(core.RunSomeWork());
  ASSERT_TRUE(RunGangs(core));
  ASSERT_TRUE(SaveAsAGang(core));
  ASSERT_TRUE(SubmitChoosy(core));
  ASSERT_TRUE(RunNotices(core));
  ASSERT_TRUE(MoveOne(core));
  ASSERT_TRUE(LoseANodeOfThree(core));
  for (const char* name : {"forgotten", "kept"}) ASSERT_TRUE(Register(core, name));
  core.Stop();
  ASSERT_TRUE(AskForLift(files, kGoldenPath, 1000));
  ASSERT_TRUE(core.Start());
  const auto sequence = core.CloseSegmentWithHash();
  ASSERT_TRUE(sequence);
  ASSERT_TRUE(MakeSnapshot(files, kGoldenPath, *sequence));
  ASSERT_TRUE(core.journal().FinishSnapshot(*sequence, core.now()));
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(core.Submit("after the snapshot " + std::to_string(i)));
  ASSERT_TRUE(core.CloseSegmentWithHash());
  ASSERT_TRUE(core.Submit("in the open segment"));
}

void Rewrite(int version) {
  const fs::path folder = GoldenFolder(version);
  fs::remove_all(folder);
  fs::create_directories(folder / "journal");
  fs::create_directories(folder / "entries");
  UnsyncedFileSystem files;
  MakeGolden(files);
  for (const std::string& name : files.Names(kGoldenPath))
    WriteFile(folder / "journal" / name, files.Contents(kGoldenPath + "/" + name));
  for (const sched::JournalEntry& entry : SampleEntries())
    WriteFile(EntryFile(version, entry, ""), EncodeEntry(entry));
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion2())
    WriteFile(EntryFile(version, entry, ".2"), EncodeEntry(entry));
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion3())
    WriteFile(EntryFile(version, entry, ".3"), EncodeEntry(entry));
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion4())
    WriteFile(EntryFile(version, entry, ".4"), EncodeEntry(entry));
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion5())
    WriteFile(EntryFile(version, entry, ".5"), EncodeEntry(entry));
  for (const sched::JournalEntry& entry : LaterEntriesOfVersion5())
    WriteFile(EntryFile(version, entry, ".5b"), EncodeEntry(entry));
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion6())
    WriteFile(EntryFile(version, entry, ".6"), EncodeEntry(entry));
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion7())
    WriteFile(EntryFile(version, entry, ".7"), EncodeEntry(entry));
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion8())
    WriteFile(EntryFile(version, entry, ".8"), EncodeEntry(entry));
  CoreJournal core(files, kGoldenPath);
  ASSERT_TRUE(core.Start());
  WriteFile(folder / "expected.json", Describe(core));
}

class GoldenTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    const char* rewrite = std::getenv("BSUB_REWRITE_GOLDEN");
    if (rewrite != nullptr && std::string(rewrite) == "1" &&
        GetParam() == static_cast<int>(kContentVersion)) {
      Rewrite(GetParam());
    }
    ASSERT_TRUE(fs::exists(GoldenFolder(GetParam()))) << GoldenFolder(GetParam());
    ASSERT_TRUE(files_.CreateDirectory(kGoldenPath));
    for (const auto& file : fs::directory_iterator(GoldenFolder(GetParam()) / "journal")) {
      files_.SetContents(kGoldenPath + "/" + file.path().filename().string(), ReadFile(file.path()));
    }
  }
  std::string Expected() const { return ReadFile(GoldenFolder(GetParam()) / "expected.json"); }

  UnsyncedFileSystem files_;
};

TEST_P(GoldenTest, LoadsFromItsSnapshot) {
  CoreJournal core(files_);
  const auto started = core.Start();
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_THAT(core.report().warnings, testing::IsEmpty());
  EXPECT_FALSE(core.report().dropped_tail);
  EXPECT_TRUE(core.scheduler().CheckInvariants());
  EXPECT_EQ(Describe(core), Expected());
}

TEST_P(GoldenTest, ReplaysFromItsFirstEntryToTheSameState) {
  std::uint64_t hash = 0;
  {
    CoreJournal core(files_);
    ASSERT_TRUE(core.Start());
    hash = core.scheduler().state_hash();
  }
  for (const std::string& name : files_.Names(kGoldenPath)) {
    if (name.starts_with("snapshot-")) files_.Forget(kGoldenPath + "/" + name);
  }
  CoreJournal core(files_);
  const auto started = core.Start();
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(core.scheduler().state_hash(), hash);
}

void ExpectReadAs(const fs::path& path, const sched::JournalEntry& entry) {
  const auto decoded = DecodeEntry(ReadFile(path));
  ASSERT_TRUE(decoded) << path << ": " << decoded.error().message;
  EXPECT_EQ(EncodeEntry(*decoded), EncodeEntry(entry)) << path;
}

TEST_P(GoldenTest, EveryKindOfEntryIsReadAsWhatItWas) {
  for (const sched::JournalEntry& entry : SampleEntries())
    ExpectReadAs(EntryFile(GetParam(), entry, ""), entry);
  if (GetParam() < 2) return;
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion2())
    ExpectReadAs(EntryFile(GetParam(), entry, ".2"), entry);
  if (GetParam() < 3) return;
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion3())
    ExpectReadAs(EntryFile(GetParam(), entry, ".3"), entry);
  if (GetParam() < 4) return;
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion4())
    ExpectReadAs(EntryFile(GetParam(), entry, ".4"), entry);
  if (GetParam() < 5) return;
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion5())
    ExpectReadAs(EntryFile(GetParam(), entry, ".5"), entry);
  if (GetParam() < 6) return;
  for (const sched::JournalEntry& entry : LaterEntriesOfVersion5())
    ExpectReadAs(EntryFile(GetParam(), entry, ".5b"), entry);
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion6())
    ExpectReadAs(EntryFile(GetParam(), entry, ".6"), entry);
  if (GetParam() < 7) return;
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion7())
    ExpectReadAs(EntryFile(GetParam(), entry, ".7"), entry);
  if (GetParam() < 8) return;
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion8())
    ExpectReadAs(EntryFile(GetParam(), entry, ".8"), entry);
}

TEST_P(GoldenTest, CanBeContinued) {
  CoreJournal core(files_);
  ASSERT_TRUE(core.Start());
  ASSERT_TRUE(core.Submit("one more"));
  const auto sequence = core.CloseSegmentWithHash();
  const auto made = MakeSnapshot(files_, kGoldenPath, *sequence);
  EXPECT_TRUE(made) << made.error().message;
}

INSTANTIATE_TEST_SUITE_P(EveryVersion, GoldenTest, testing::Values(1, 2, 3, 4, 5, 6, 7, 8));

}  // namespace
}  // namespace bsub::journal::test
