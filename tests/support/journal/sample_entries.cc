#include "tests/support/journal/sample_entries.h"

#include <memory>
#include <utility>

namespace bsub::journal::test {
namespace {

constexpr TimePoint kAt(1'700'000'000'123'456);
// Not UTF-8, with a NUL: paths and names may be anything.
const std::string kBytes("\xff\x00 caf\xe9", 7);

PayloadHash Hash(std::uint8_t first) {
  PayloadHash hash;
  for (std::size_t i = 0; i < hash.bytes.size(); ++i) hash.bytes[i] = static_cast<std::uint8_t>(first + i);
  return hash;
}

End SampleEnd() {
  return {.kind = EndKind::kSignalled, .code = -9, .by = "bob", .reason = "because " + kBytes};
}

RetryStrategy SampleRetry() {
  return {.attempts = 4,
          .evaluate_on_exit = {{"status*", "reason*", "13*", RetryAction::kExit}, {"", "", "1", {}}}};
}

JobSettings SampleSettings() {
  JobSettings s;
  s.owner = {.uid = 1000, .gid = 1001, .groups = {4, 27, 1000}, .name = "alice"};
  s.submit_host = "login1";
  s.working_directory = "/home/alice/" + kBytes;
  s.umask = 077;
  s.limits = {{"nofile", 1024, -1}, {"core", 0, 0}};
  s.environment = Hash(1);
  s.queue = "high";
  s.priority = -7;
  s.project = "p";
  s.share_identifier = "share";
  s.request = {.cpu_milli = 1500, .mem_bytes = std::int64_t{4} << 30, .gpus = 2};
  s.walltime = std::chrono::hours(3);
  s.stop_grace = std::chrono::seconds(5);
  s.retry = SampleRetry();
  s.max_interruptions = 5;
  s.on_impossible = OnImpossible::kKeep;
  s.definition = "align:3";
  s.stdout_path = "out.%J";
  s.stderr_path = "err.%J";
  s.tags = {{"a", "1"}, {"b", kBytes}};
  return s;
}

sched::JobSubmitted SampleJob() {
  sched::JobSubmitted e;
  e.id = JobId(17);
  e.spec.name = "name " + kBytes;
  e.spec.settings = std::make_shared<JobSettings>(SampleSettings());
  e.spec.command = Hash(100);
  e.spec.array = ArraySpec({{1, 9, 2}, {20, 20, 1}}, 3);
  DependencyNode done;
  done.condition = Condition::kExit;
  done.compare = Compare::kGreater;
  done.exit_code = 3;
  done.job = JobId(4);
  done.name = "4";
  DependencyNode whole;
  whole.condition = Condition::kDone;
  whole.index_wise = true;
  whole.job = JobId(5);
  DependencyNode child;
  child.condition = Condition::kStarted;
  child.job = JobId(6);
  child.index = 0;
  DependencyNode both;
  both.kind = DependencyNode::Kind::kAnd;
  DependencyNode either;
  either.kind = DependencyNode::Kind::kOr;
  e.spec.dependency.nodes = {done, whole, both, child, either};
  e.spec.begin_at = kAt + std::chrono::hours(1);
  e.spec.held = true;
  e.spec.token.bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  return e;
}

JobDefinition SampleDefinition() {
  JobDefinition d;
  d.name = "align";
  d.revision = 3;
  d.active = true;
  d.command = {"bwa", "Ref::input", kBytes};
  d.environment = {{"A", "1"}};
  d.parameters = {{"input", "x.fq"}};
  d.working_directory = "/work dir";
  d.request = {.cpu_milli = 2000, .mem_bytes = 1, .gpus = 1};
  d.walltime = std::chrono::minutes(5);
  d.priority = 9;
  d.retry = SampleRetry();
  d.tags = {{"t", "u"}};
  d.registered_by = "alice";
  d.registered_at = kAt;
  return d;
}

sched::AttemptEnded SampleAttemptEnded() {
  sched::AttemptEnded e;
  e.attempt = {{JobId(17), 3}, 2};
  e.end = SampleEnd();
  e.usage = {1, 2, 3, 4, 5, 6};
  e.then = sched::AfterAttempt::kRetry;
  e.charged = true;
  e.interruption = true;
  e.why = "attempt 2 of 4";
  e.node = NodeId(2);
  e.placed_at = kAt;
  e.started_at = kAt + std::chrono::seconds(1);
  return e;
}

sched::NodeRegistered SampleNode() {
  sched::NodeRegistered e{NodeId(2), Incarnation(9), {}};
  e.description = {.name = "n2",
                   .host = "h",
                   .boot_id = "b",
                   .spawner_id = "s",
                   .state_id = "",  // the golden journal is older than this field
                   .version = "1.2",
                   .total = {},
                   .interruptible = true,
                   .on_lease_loss = sched::OnLeaseLoss::kKill};
  e.description.total = {.cpu_milli = 64'000, .mem_bytes = std::int64_t{256} << 30, .gpus = 8};
  return e;
}

sched::QueueSet SampleQueue() {
  return {{.name = "high",
           .priority = -3,
           .accepts = true,
           .dispatches = true,
           .max_running = 1,
           .max_running_per_user = 2,
           .max_waiting = 3,
           .max_waiting_per_user = 4,
           .description = "urgent"},
          true,
          "root"};
}

std::vector<sched::JournalEntry> Numbered(std::vector<sched::EntryBody> bodies) {
  std::vector<sched::JournalEntry> entries;
  for (sched::EntryBody& body : bodies) {
    entries.push_back({Sequence(entries.size() + 1), kAt, std::move(body)});
  }
  return entries;
}

}  // namespace

std::vector<sched::JournalEntry> SampleEntriesOfVersion2() {
  sched::JobSubmitted job = SampleJob();
  job.begins_later = true;
  return Numbered({sched::DefinitionRegistered{SampleDefinition(), true, {"old", kBytes}}, std::move(job),
                   sched::CountersLifted{1'000'004, 10'003, 1'000'009}});
}

std::vector<sched::JournalEntry> SampleEntriesOfVersion3() {
  const sched::AttemptRef attempt{{JobId(17), 3}, 2};
  const GangSpec gang{4,
                      2,
                      3,
                      true,
                      GangEnd::kMain,
                      GangLaunch::kRanks,
                      {PlacementPolicy::kPartition, PlacementMode::kPreferred, 3, std::chrono::minutes(5)}};
  const auto placement =
      std::make_shared<const sched::PlacementRecord>(sched::PlacementRecord{PlacementPolicy::kPartition,
                                                                            false,
                                                                            "spine",
                                                                            "c/" + kBytes,
                                                                            {2, 3, 20'000, 500'000'000},
                                                                            {1, 1, 5'000, 1'250'000'000},
                                                                            {0, 1, 2}});
  sched::JobSubmitted job = SampleJob();
  JobSettings settings = *job.spec.settings;
  settings.gang = gang;
  settings.node_ranges = {{1, NodeRange::kOpen, Hash(50)}, {2, 3, Hash(60)}};
  job.spec.settings = std::make_shared<JobSettings>(settings);
  sched::DefinitionRegistered definition{SampleDefinition()};
  definition.definition.gang = gang;
  definition.definition.node_ranges = {{1, NodeRange::kOpen, {"work", "Ref::input", kBytes}}};
  sched::NodeRegistered node = SampleNode();
  node.description.address = "10.0.0.2";
  sched::AttemptEnded ended = SampleAttemptEnded();
  ended.last_part = 1;
  ended.last_end = {EndKind::kExited, 3, "", "late"};
  const std::vector<sched::PlacedPart> others = {{NodeId(3), Incarnation(10), {1500, 1 << 20, 1}, {1}},
                                                 {NodeId(5), Incarnation(4), {1500, 1 << 20, 0}, {}}};
  return Numbered({std::move(definition), std::move(job),
                   sched::AttemptPlaced{
                       attempt, NodeId(2), Incarnation(9), {1500, 1 << 20, 2}, {0, 3}, others, placement},
                   std::move(ended), std::move(node), sched::PartStarted{attempt, 2, 4711},
                   sched::PartEnded{attempt, 2, SampleEnd(), {1, 2, 3, 4, 5, 6}, true, true}});
}

std::vector<sched::JournalEntry> SampleEntriesOfVersion4() {
  GangSpec gang;
  gang.placement.policy = PlacementPolicy::kSpread;
  gang.placement.group = "pg " + kBytes;
  gang.placement.features = {"efa", "!" + kBytes};
  gang.placement.preferred_features = {"avx512"};
  sched::JobSubmitted job = SampleJob();
  JobSettings settings = *job.spec.settings;
  settings.gang = gang;
  job.spec.settings = std::make_shared<JobSettings>(settings);
  sched::DefinitionRegistered definition{SampleDefinition()};
  definition.definition.gang = gang;
  return Numbered({std::move(definition), std::move(job)});
}

std::vector<sched::JournalEntry> SampleEntriesOfVersion5() {
  sched::QueueSet queue = SampleQueue();
  queue.queue.order = sched::QueueOrder::kFairShare;
  queue.queue.backfill = sched::Backfill::kConservative;
  queue.queue.fair_share = {std::chrono::hours(2), 20, {{"gold " + kBytes, 5'000}, {"silver*", 1}}};
  queue.queue.weights = {
      .age = 1, .fair_share = 2, .priority = 3, .size = 4, .max_age = std::chrono::hours(5)};
  queue.queue.favour_short = std::chrono::hours(1);
  queue.queue.overdue_after = Duration(0);
  const sched::AttemptRef attempt{{JobId(17), 3}, 2};
  sched::JobSubmitted job = SampleJob();
  JobSettings settings = *job.spec.settings;
  settings.checkpoint = {
      "/saved " + kBytes, std::chrono::seconds(30), 10, true, 85, std::chrono::minutes(1), true};
  job.spec.settings = std::make_shared<JobSettings>(settings);
  sched::AttemptEnded ended = SampleAttemptEnded();
  ended.cost = {kAt, kAt + std::chrono::seconds(2), 41, std::chrono::seconds(3)};
  ended.restarts = true;
  return Numbered({std::move(job),
                   sched::NodeNoticeSet{NodeId(2), kAt, sched::NoticeKind::kDrill, "root", "spot"},
                   sched::AttemptNoticed{attempt, NodeId(2), kAt, sched::NoticeKind::kDrain},
                   sched::StopRequested{attempt, sched::StopReason::kNotice, "", "its time is over"},
                   std::move(ended), std::move(queue)});
}

std::vector<sched::JournalEntry> LaterEntriesOfVersion5() {
  sched::JobSubmitted job = SampleJob();
  JobSettings settings = *job.spec.settings;
  settings.checkpoint.then_queue = "on-demand " + kBytes;
  settings.gang.nodes = 4;
  settings.gang.min_nodes = 2;
  job.spec.settings = std::make_shared<JobSettings>(settings);
  return Numbered({std::move(job), sched::JobMoved{JobId(17), "on-demand"}});
}

std::vector<sched::JournalEntry> SampleEntriesOfVersion6() {
  sched::QueueSet queue = SampleQueue();
  queue.queue.max_cpus = 5;
  queue.queue.max_cpus_per_user = 6;
  queue.queue.max_cpus_per_share = 7;
  queue.queue.max_running_per_share = 8;
  queue.queue.max_waiting_per_share = 9;
  queue.queue.preempts = {"low", "lower " + kBytes};
  sched::JobSubmitted job = SampleJob();
  JobSettings settings = *job.spec.settings;
  settings.reservation = "course " + kBytes;
  job.spec.settings = std::make_shared<JobSettings>(settings);
  return Numbered(
      {std::move(queue), std::move(job),
       sched::ReservationMade{
           {"course", kAt, kAt + std::chrono::hours(1), {NodeId(2), NodeId(5)}, {"alice", kBytes}, "root"}},
       sched::AttemptNoticed{{{JobId(17), 3}, 2}, NodeId(2), kAt, sched::NoticeKind::kPreempted, JobId(18)},
       sched::ReservationEnded{"course", "root"}});
}

std::vector<sched::JournalEntry> SampleEntriesOfVersion7() {
  const sched::AttemptRef attempt{{JobId(17), 3}, 2};
  return Numbered({sched::PartEnded{attempt, 2, SampleEnd(), {1, 2, 3, 4, 5, 6}, false, false, true}});
}

std::vector<sched::JournalEntry> SampleEntriesOfVersion8() {
  sched::PartEnded ended{{{JobId(17), 3}, 2}, 0, SampleEnd(), {1, 2, 3, 4, 5, 6}};
  ended.told = {9, TimePoint(10), TimePoint(11), true, TimePoint(12)};
  return Numbered({std::move(ended)});
}

std::vector<sched::JournalEntry> SampleEntries() {
  const sched::AttemptRef attempt{{JobId(17), 3}, 2};
  std::vector<sched::EntryBody> bodies;
  bodies.emplace_back(sched::ClusterCreated{"123e4567-e89b-42d3-a456-426614174000", "default"});
  bodies.emplace_back(SampleQueue());
  bodies.emplace_back(sched::QueueDeleted{"low", "root"});
  bodies.emplace_back(sched::DefinitionRegistered{SampleDefinition()});
  bodies.emplace_back(sched::DefinitionDeregistered{"align", 2, "alice"});
  bodies.emplace_back(SampleJob());
  bodies.emplace_back(sched::BeginTimeReached{JobId(17)});
  bodies.emplace_back(sched::HoldSet{{JobId(17), 0}, true, "alice", "later"});
  bodies.emplace_back(sched::PrioritySet{JobId(17), -5, "root"});
  bodies.emplace_back(sched::TasksEnded{JobId(17), {{0, 3}, {5, 5}}, SampleEnd()});
  bodies.emplace_back(sched::TasksRequeued{JobId(17), {{0, 0}, {7, 9}}, "alice"});
  bodies.emplace_back(sched::AttemptPlaced{attempt, NodeId(2), Incarnation(9), {1500, 1 << 20, 2}, {0, 3}});
  bodies.emplace_back(sched::AttemptStarted{attempt, 4711});
  bodies.emplace_back(sched::StopRequested{attempt, sched::StopReason::kRequeue, "alice", "again"});
  bodies.emplace_back(SampleAttemptEnded());
  bodies.emplace_back(SampleNode());
  bodies.emplace_back(sched::NodeContactLost{NodeId(2), Incarnation(9), "stream closed"});
  bodies.emplace_back(sched::NodeDied{NodeId(2), Incarnation(9), "new boot id"});
  bodies.emplace_back(sched::NodeDrainSet{NodeId(2), true, "root", "disk"});
  bodies.emplace_back(sched::NodeRemoved{NodeId(2), "root"});
  bodies.emplace_back(sched::JobsForgotten{{JobId(1), JobId(2), JobId(1'000'000'000'000)}});
  bodies.emplace_back(sched::StateHashRecorded{0xfedcba9876543210});
  bodies.emplace_back(sched::CountersLifted{1'000'004, 10'003, 1'000'009});
  return Numbered(std::move(bodies));
}

}  // namespace bsub::journal::test
