#include "scheduler/journal/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/entry_json.h"
#include "scheduler/journal/snapshot_maker.h"
#include "tests/support/journal/core_journal.h"
#include "tests/support/journal/sample_entries.h"

namespace bsub::journal::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class DumpTest : public testing::Test {
 protected:
  DumpTest() {
    EXPECT_TRUE(core_.Start());
    EXPECT_TRUE(core_.RunSomeWork());
  }

  std::vector<json> Dump(const DumpOptions& options = {}) {
    std::ostringstream out;
    status_ = DumpJournal(files_, "/journal", options, out);
    std::vector<json> lines;
    std::istringstream in(out.str());
    for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
    return lines;
  }

  UnsyncedFileSystem files_;
  CoreJournal core_{files_, "/journal", 4096};
  Status status_;
};

TEST_F(DumpTest, OneLinePerRecordInOrder) {
  const auto lines = Dump();
  ASSERT_TRUE(status_);
  std::uint64_t next = 1;
  std::size_t payloads = 0;
  for (const json& line : lines) {
    EXPECT_EQ(line["sequence"], next);
    line["kind"] == "Payload" ? ++payloads : ++next;
    EXPECT_EQ(line.contains("text"), false);
  }
  EXPECT_EQ(next, core_.journal().last_sequence() + 1);
  EXPECT_GE(payloads, 5u);
}

TEST_F(DumpTest, FieldsAreThereUnderTheirNames) {
  for (const json& line : Dump()) {
    if (line["kind"] != "JobSubmitted" || line["body"]["id"] != 3) continue;
    EXPECT_EQ(line["body"]["spec"]["name"], "other");
    EXPECT_EQ(line["body"]["spec"]["settings"]["owner"]["name"], "alice");
    EXPECT_EQ(line["body"]["spec"]["commandHash"].get<std::string>().size(), 64u);
    EXPECT_THAT(line["at"].get<std::string>(), HasSubstr("2023-11-14T22:"));
    EXPECT_THAT(line["file"].get<std::string>(), testing::StartsWith("segment-"));
    return;
  }
  FAIL() << "job 3 is not in the dump";
}

TEST_F(DumpTest, ARangeAndThePayloadsCanBeAskedFor) {
  const auto lines = Dump({.from = 5, .to = 9, .payloads = true, .summary = false});
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.front()["sequence"], 5);
  EXPECT_EQ(lines.back()["sequence"], 9);
  bool command_seen = false;
  for (const json& line : lines) command_seen |= line.value("text", "") == "run array";
  EXPECT_TRUE(command_seen);
}

TEST_F(DumpTest, TheSummaryDescribesTheDirectory) {
  const auto sequence = core_.CloseSegmentWithHash();
  ASSERT_TRUE(MakeSnapshot(files_, "/journal", *sequence));
  const auto lines = Dump({.from = 1, .to = {}, .payloads = false, .summary = true});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["cluster"], "123e4567-e89b-42d3-a456-426614174000");
  EXPECT_EQ(lines[0]["state"], "clean");
  EXPECT_EQ(lines[0]["nextSequence"], *sequence + 1);
  EXPECT_EQ(lines[0]["kinds"]["JobSubmitted"], 3);
  EXPECT_EQ(lines[0]["snapshots"][0]["state"], "good");
}

TEST_F(DumpTest, PrintsWhatIsGoodBeforeDamage) {
  const std::string path = "/journal/" + ReadDirectory(files_, "/journal")->segments[1].name;
  std::string bytes = files_.Contents(path);
  bytes[bytes.size() / 2] ^= 1;
  files_.SetContents(path, bytes);
  const auto lines = Dump();
  ASSERT_FALSE(status_);
  EXPECT_THAT(status_.error().message, HasSubstr("journal cut --at"));
  EXPECT_GT(lines.size(), 10u);
  EXPECT_EQ(Dump({.from = 1, .to = {}, .payloads = false, .summary = true})[0]["state"], "damaged");
}

TEST_F(DumpTest, CuttingNeedsTheLock) {
  EXPECT_FALSE(CutLockedJournal(files_, "/journal", 5));
  core_.Stop();
  EXPECT_TRUE(CutLockedJournal(files_, "/journal", 5));
  EXPECT_TRUE(core_.Start());
  EXPECT_LT(core_.report().last_sequence, 5u);
}

TEST(EntryJson, PrintsEveryKind) {
  for (const sched::JournalEntry& entry : SampleEntries()) {
    const auto text = EntryToJson(EncodeEntry(entry));
    ASSERT_TRUE(text) << text.error().message;
    const json line = json::parse(*text);
    EXPECT_EQ(line["kind"], std::string(sched::KindName(entry.body)));
    EXPECT_EQ(line["at"], "2023-11-14T22:13:20.123456Z");
    EXPECT_FALSE(line["body"].empty());
  }
}

}  // namespace
}  // namespace bsub::journal::test
