#include "scheduler/journal/entry_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "api/bsub/v1/journal.pb.h"
#include "scheduler/journal/recovery.h"
#include "scheduler/journal/segment_format.h"
#include "tests/support/journal/sample_entries.h"

namespace bsub::journal::test {
namespace {

using testing::HasSubstr;

// Every field of every struct, so that one forgotten by the codec shows.
struct Same {
  const sched::EntryBody& other;
  template <typename T>
  const T& Other() const {
    return std::get<T>(other);
  }
  template <typename T, typename... Fields>
  bool Fieldwise(const T& a, Fields... fields) const {
    return ((a.*fields == Other<T>().*fields) && ...);
  }

  bool operator()(const sched::ClusterCreated& e) const {
    using T = sched::ClusterCreated;
    return Fieldwise(e, &T::uuid, &T::default_queue);
  }
  bool operator()(const sched::QueueSet& e) const {
    using T = sched::QueueSet;
    return Fieldwise(e, &T::queue, &T::make_default, &T::by);
  }
  bool operator()(const sched::QueueDeleted& e) const {
    using T = sched::QueueDeleted;
    return Fieldwise(e, &T::name, &T::by);
  }
  bool operator()(const sched::DefinitionRegistered& e) const {
    using T = sched::DefinitionRegistered;
    return Fieldwise(e, &T::definition, &T::forgets_deregistered, &T::forgets_in);
  }
  bool operator()(const sched::DefinitionDeregistered& e) const {
    using T = sched::DefinitionDeregistered;
    return Fieldwise(e, &T::name, &T::revision, &T::by);
  }
  bool operator()(const sched::JobSubmitted& e) const {
    const auto& o = Other<sched::JobSubmitted>();
    return e.id == o.id && e.spec.name == o.spec.name && *e.spec.settings == *o.spec.settings &&
           e.spec.command == o.spec.command && e.spec.array == o.spec.array &&
           e.spec.dependency == o.spec.dependency && e.spec.begin_at == o.spec.begin_at &&
           e.spec.held == o.spec.held && e.spec.token == o.spec.token;
  }
  bool operator()(const sched::BeginTimeReached& e) const {
    return Fieldwise(e, &sched::BeginTimeReached::job);
  }
  bool operator()(const sched::HoldSet& e) const {
    using T = sched::HoldSet;
    return Fieldwise(e, &T::target, &T::held, &T::by, &T::reason, &T::by_admin);
  }
  bool operator()(const sched::PrioritySet& e) const {
    using T = sched::PrioritySet;
    return Fieldwise(e, &T::job, &T::priority, &T::by);
  }
  bool operator()(const sched::TasksEnded& e) const {
    using T = sched::TasksEnded;
    return Fieldwise(e, &T::job, &T::tasks, &T::end);
  }
  bool operator()(const sched::TasksRequeued& e) const {
    using T = sched::TasksRequeued;
    return Fieldwise(e, &T::job, &T::tasks, &T::by);
  }
  bool operator()(const sched::AttemptPlaced& e) const {
    using T = sched::AttemptPlaced;
    const auto& placed = Other<T>().placement;
    const bool same = e.placement && placed ? *e.placement == *placed : e.placement == placed;
    return same &&
           Fieldwise(e, &T::attempt, &T::node, &T::incarnation, &T::allocated, &T::gpu_indices, &T::others);
  }
  bool operator()(const sched::AttemptStarted& e) const {
    using T = sched::AttemptStarted;
    return Fieldwise(e, &T::attempt, &T::pid);
  }
  bool operator()(const sched::StopRequested& e) const {
    using T = sched::StopRequested;
    return Fieldwise(e, &T::attempt, &T::reason, &T::by, &T::text);
  }
  bool operator()(const sched::AttemptEnded& e) const {
    using T = sched::AttemptEnded;
    return Fieldwise(e, &T::attempt, &T::end, &T::usage, &T::then, &T::charged, &T::interruption, &T::why,
                     &T::node, &T::placed_at, &T::started_at, &T::last_part, &T::last_end, &T::cost,
                     &T::restarts);
  }
  bool operator()(const sched::PartStarted& e) const {
    using T = sched::PartStarted;
    return Fieldwise(e, &T::attempt, &T::part, &T::pid);
  }
  bool operator()(const sched::PartEnded& e) const {
    using T = sched::PartEnded;
    return Fieldwise(e, &T::attempt, &T::part, &T::end, &T::usage, &T::ends_gang, &T::node_fault,
                     &T::is_cause, &T::told);
  }
  bool operator()(const sched::NodeRegistered& e) const {
    using T = sched::NodeRegistered;
    return Fieldwise(e, &T::node, &T::incarnation, &T::description);
  }
  bool operator()(const sched::NodeContactLost& e) const {
    using T = sched::NodeContactLost;
    return Fieldwise(e, &T::node, &T::incarnation, &T::reason);
  }
  bool operator()(const sched::NodeDied& e) const {
    using T = sched::NodeDied;
    return Fieldwise(e, &T::node, &T::incarnation, &T::reason);
  }
  bool operator()(const sched::NodeDrainSet& e) const {
    using T = sched::NodeDrainSet;
    return Fieldwise(e, &T::node, &T::drained, &T::by, &T::reason);
  }
  bool operator()(const sched::NodeNoticeSet& e) const {
    using T = sched::NodeNoticeSet;
    return Fieldwise(e, &T::node, &T::ends_at, &T::kind, &T::by, &T::reason);
  }
  bool operator()(const sched::ReservationMade& e) const {
    return Fieldwise(e, &sched::ReservationMade::reservation);
  }
  bool operator()(const sched::ReservationEnded& e) const {
    return Fieldwise(e, &sched::ReservationEnded::name, &sched::ReservationEnded::by);
  }
  bool operator()(const sched::JobMoved& e) const {
    return Fieldwise(e, &sched::JobMoved::job, &sched::JobMoved::queue);
  }
  bool operator()(const sched::AttemptNoticed& e) const {
    using T = sched::AttemptNoticed;
    return Fieldwise(e, &T::attempt, &T::node, &T::ends_at, &T::kind, &T::preempted_for);
  }
  bool operator()(const sched::NodeRemoved& e) const {
    using T = sched::NodeRemoved;
    return Fieldwise(e, &T::node, &T::by);
  }
  bool operator()(const sched::JobsForgotten& e) const { return Fieldwise(e, &sched::JobsForgotten::jobs); }
  bool operator()(const sched::StateHashRecorded& e) const {
    return Fieldwise(e, &sched::StateHashRecorded::hash);
  }
  bool operator()(const sched::CountersLifted& e) const {
    using T = sched::CountersLifted;
    return Fieldwise(e, &T::next_job_id, &T::next_node_id, &T::next_incarnation);
  }
};

// The samples are what the golden files of version 1 hold; this field came later, and needs no version 2.
TEST(EntryCodec, WhoRegisteredADefinitionIsKept) {
  sched::JournalEntry entry;
  entry.body = sched::DefinitionRegistered{JobDefinition{.name = "align", .registered_by_uid = 0}};
  auto decoded = DecodeEntry(EncodeEntry(entry));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<sched::DefinitionRegistered>(decoded->body).definition.registered_by_uid, 0u);
  entry.body = sched::DefinitionRegistered{JobDefinition{.name = "align"}};
  decoded = DecodeEntry(EncodeEntry(entry));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<sched::DefinitionRegistered>(decoded->body).definition.registered_by_uid, std::nullopt);
}

TEST(EntryCodec, EveryFieldOfEveryKindRoundTrips) {
  std::set<std::size_t> kinds;
  std::vector<sched::JournalEntry> entries = SampleEntries();
  for (sched::JournalEntry& entry : SampleEntriesOfVersion3()) entries.push_back(std::move(entry));
  for (sched::JournalEntry& entry : SampleEntriesOfVersion4()) entries.push_back(std::move(entry));
  for (sched::JournalEntry& entry : SampleEntriesOfVersion5()) entries.push_back(std::move(entry));
  for (sched::JournalEntry& entry : LaterEntriesOfVersion5()) entries.push_back(std::move(entry));
  for (sched::JournalEntry& entry : SampleEntriesOfVersion6()) entries.push_back(std::move(entry));
  for (sched::JournalEntry& entry : SampleEntriesOfVersion7()) entries.push_back(std::move(entry));
  for (sched::JournalEntry& entry : SampleEntriesOfVersion8()) entries.push_back(std::move(entry));
  for (const sched::JournalEntry& entry : entries) {
    const auto decoded = DecodeEntry(EncodeEntry(entry));
    ASSERT_TRUE(decoded) << sched::KindName(entry.body) << ": " << decoded.error().message;
    EXPECT_EQ(decoded->sequence, entry.sequence);
    EXPECT_EQ(decoded->at, entry.at);
    ASSERT_EQ(decoded->body.index(), entry.body.index());
    EXPECT_TRUE(std::visit(Same{decoded->body}, entry.body)) << sched::KindName(entry.body);
    kinds.insert(entry.body.index());
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<sched::EntryBody>) << "a kind has no sample";
}

// The golden journal is older than these fields, so the samples do not have them.
TEST(EntryCodec, KeepsFieldsThatTheSamplesLack) {
  const auto back = [](sched::EntryBody body) {
    const auto decoded = DecodeEntry(EncodeEntry({Sequence(1), TimePoint(1), std::move(body)}));
    EXPECT_TRUE(decoded) << decoded.error().message;
    return decoded->body;
  };
  sched::NodeRegistered node{NodeId(2), Incarnation(9), {}};
  node.description.state_id = "0123456789abcdef";
  EXPECT_EQ(std::get<sched::NodeRegistered>(back(node)).description.state_id, "0123456789abcdef");
  const sched::HoldSet hold{{JobId(17), {}}, true, "root", "later", true};
  EXPECT_TRUE(std::get<sched::HoldSet>(back(hold)).by_admin);
}

// A struct that grew a field shows here: add the field to the codec, the comparison above and SampleEntries.
TEST(EntryCodec, KnowsTheWholeOfEachStruct) {
  EXPECT_EQ(sizeof(sched::AttemptEnded), 328u);
  EXPECT_EQ(sizeof(JobSettings), 800u);
  EXPECT_EQ(sizeof(sched::NodeDescription), 256u);
  EXPECT_EQ(sizeof(sched::Queue), 256u);
  EXPECT_EQ(sizeof(JobDefinition), 504u);
}

TEST(EntryCodec, AnEntryFromTheFutureNamesTheVersionItNeeds) {
  v1::Entry future;
  future.set_needs(9);
  future.set_sequence(42);
  const auto decoded = DecodeEntry(future.SerializeAsString());
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Code::kUnimplemented);
  EXPECT_THAT(decoded.error().message, HasSubstr("sequence 42 needs journal content version 9"));
}

TEST(EntryCodec, WhatIsNotUnderstoodIsRefused) {
  const std::string good = EncodeEntry(SampleEntries()[5]);
  EXPECT_FALSE(DecodeEntry(""));
  EXPECT_FALSE(DecodeEntry(good + std::string("\xf8\x07\x01", 3)));  // a field that nobody knows
  EXPECT_FALSE(DecodeEntry("\x10\x01" + good));                      // a field twice
  for (std::size_t size = 1; size < good.size(); ++size)
    EXPECT_FALSE(DecodeEntry(good.substr(0, size))) << size;
}

TEST(EntryCodec, NumbersThatAreNoValueOfAnEnumerationAreRefused) {
  v1::Entry entry;
  entry.set_needs(1);
  entry.mutable_stop_requested()->mutable_attempt();
  entry.mutable_stop_requested()->set_reason(200);
  EXPECT_THAT(DecodeEntry(entry.SerializeAsString()).error().message, HasSubstr("unknown stop reason 200"));
  entry.mutable_attempt_ended()->mutable_end()->set_kind(99);
  EXPECT_THAT(DecodeEntry(entry.SerializeAsString()).error().message, HasSubstr("unknown kind of end 99"));
}

TEST(EntryCodec, NamesThePayloadsOfASubmit) {
  const auto entries = SampleEntries();
  const auto& submitted = std::get<sched::JobSubmitted>(entries[5].body);
  EXPECT_THAT(PayloadsNamedBy(entries[5]),
              testing::ElementsAre(submitted.spec.command, submitted.spec.settings->environment));
  EXPECT_THAT(PayloadsNamedBy(entries[6]), testing::IsEmpty());
}

TEST(EntryCodec, EveryFieldOfVersion2RoundTrips) {
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion2()) {
    const auto decoded = DecodeEntry(EncodeEntry(entry));
    ASSERT_TRUE(decoded) << sched::KindName(entry.body) << ": " << decoded.error().message;
    ASSERT_EQ(decoded->body.index(), entry.body.index());
    EXPECT_TRUE(std::visit(Same{decoded->body}, entry.body)) << sched::KindName(entry.body);
  }
}

std::uint32_t NeedsOf(const std::string& bytes) {
  v1::Entry entry;
  EXPECT_TRUE(entry.ParseFromString(bytes));
  return entry.needs();
}

// So that an older program says which one it needs, instead of a damage that there is not.
TEST(EntryCodec, WhatIsNewNeedsVersion2AndTheRestVersion1) {
  for (const sched::JournalEntry& entry : SampleEntries()) {
    const bool lifts = std::holds_alternative<sched::CountersLifted>(entry.body);
    EXPECT_EQ(NeedsOf(EncodeEntry(entry)), lifts ? 2u : 1u) << sched::KindName(entry.body);
  }
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion2())
    EXPECT_EQ(NeedsOf(EncodeEntry(entry)), 2u) << sched::KindName(entry.body);
}

std::string WithNeeds(const sched::JournalEntry& entry, std::uint32_t needs) {
  v1::Entry message;
  EXPECT_TRUE(message.ParseFromString(EncodeEntry(entry)));
  message.set_needs(needs);
  return message.SerializeAsString();
}

TEST(EntryCodec, ANoticeThatIsTakenBackIsOfVersion6) {
  const sched::AttemptNoticed taken_back{{{JobId(17), 3}, 2}, NodeId(2), {}, sched::NoticeKind::kDrain};
  const std::string bytes = EncodeEntry({Sequence(1), TimePoint(5), taken_back});
  EXPECT_EQ(VersionNeeded(taken_back), 6u);
  const auto read = DecodeEntry(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(std::get<sched::AttemptNoticed>(read->body).ends_at.set());
}

TEST(EntryCodec, OnlyAPartThatIsTheCauseOfAnothersEndNeedsVersion7) {
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion7())
    EXPECT_EQ(NeedsOf(EncodeEntry(entry)), 7u) << sched::KindName(entry.body);
  EXPECT_EQ(VersionNeeded(sched::PartEnded{{{JobId(17), 3}, 2}, 1, {EndKind::kExited, 1}, {}, true}), 3u);
}

TEST(EntryCodec, OnlyWhatAMainPartToldOfItsSavesNeedsVersion8) {
  for (sched::JournalEntry& entry : SampleEntriesOfVersion8()) {
    EXPECT_EQ(NeedsOf(EncodeEntry(entry)), 8u) << sched::KindName(entry.body);
    std::get<sched::PartEnded>(entry.body).told = {};
    EXPECT_EQ(NeedsOf(EncodeEntry(entry)), 3u);
  }
}

TEST(EntryCodec, WhatWasWrittenBeforeThereWasAVersion2IsRead) {
  for (const sched::JournalEntry& entry : SampleEntriesOfVersion2())
    EXPECT_TRUE(DecodeEntry(WithNeeds(entry, 1))) << sched::KindName(entry.body);
  EXPECT_FALSE(DecodeEntry(WithNeeds(SampleEntries()[0], 2))) << "nobody writes that";
  EXPECT_FALSE(DecodeEntry(WithNeeds(SampleEntries()[0], 0)));
}

// The journal's lost end is given up with so many ids at most.
TEST(EntryCodec, ARecordThatGivesOutAnIdHasSoManyBytesAtLeast) {
  sched::JobSubmitted job{.id = JobId(1), .spec = {}};
  job.spec.settings = std::make_shared<JobSettings>();
  for (const sched::EntryBody& body :
       {sched::EntryBody(job), sched::EntryBody(sched::NodeRegistered{NodeId(1), Incarnation(1), {}})}) {
    EXPECT_GE(EncodeEntry({Sequence(1), TimePoint(), body}).size() + kRecordHeaderBytes, kLeastBytesOfAnId)
        << sched::KindName(body);
  }
}

}  // namespace
}  // namespace bsub::journal::test
