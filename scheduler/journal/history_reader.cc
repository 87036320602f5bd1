#include <utility>

#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/history.h"
#include "scheduler/journal/sqlite.h"

namespace bsub::journal {
namespace {

constexpr char kJobColumns[] =
    "SELECT id, entry, submitted_at_us, finished_at_us, size, succeeded, failed, priority, forgotten FROM "
    "jobs ";

constexpr char kAttempts[] =
    "SELECT coalesce(nodes.name, ''), node, cpu_milli, mem_bytes, gpus, placed_at_us, started_at_us, "
    "ended_at_us, "
    "end_kind, end_code, end_by, end_reason, coalesce(outcome, 0), charged, interruption, why, user_us, "
    "system_us, "
    "elapsed_us, max_rss_bytes, read_bytes, write_bytes, number, notice_at_us, saved_at_us, "
    "generation, lost_us, coalesce((SELECT name FROM taken_nodes AS t JOIN nodes AS n ON n.id = t.node "
    "WHERE t.job = attempts.job AND t.ordinal = attempts.ordinal AND t.number = attempts.number), '') "
    "FROM attempts LEFT JOIN nodes ON nodes.id = node "
    "WHERE job = ?1 AND ordinal = ?2 ORDER BY number";

std::uint32_t Unsigned32(const Statement& s, int column) { return static_cast<std::uint32_t>(s.Int(column)); }
std::int32_t Signed32(const Statement& s, int column) { return static_cast<std::int32_t>(s.Int(column)); }

Result<PastJob> ReadJob(const Statement& s) {
  PastJob job;
  job.id = JobId(static_cast<std::uint64_t>(s.Int(0)));
  BSUB_ASSIGN_OR_RETURN(sched::JournalEntry entry, DecodeEntry(s.Text(1)));
  auto* submitted = std::get_if<sched::JobSubmitted>(&entry.body);
  if (submitted == nullptr)
    return DataLoss("the history holds another entry than a submit for job " + s.Text(0));
  job.submitted = std::make_shared<sched::JobSubmitted>(std::move(*submitted));
  job.submitted_at = TimePoint(s.Int(2));
  job.finished_at = TimePoint(s.Int(3));
  job.size = Unsigned32(s, 4);
  job.succeeded = Unsigned32(s, 5);
  job.failed = Unsigned32(s, 6);
  job.priority = Signed32(s, 7);
  job.forgotten = s.Int(8) != 0;
  return job;
}

PastAttempt ReadAttempt(const Statement& s, sched::TaskRef task) {
  PastAttempt attempt;
  attempt.node = s.Text(0);
  attempt.allocated = {s.Int(2), s.Int(3), Signed32(s, 4)};
  attempt.ended_at = TimePoint(s.Int(7));
  sched::AttemptEnded& ended = attempt.ended;
  ended.attempt = {task, Unsigned32(s, 22)};
  ended.node = NodeId(Unsigned32(s, 1));
  ended.placed_at = TimePoint(s.Int(5));
  ended.started_at = TimePoint(s.Int(6));
  ended.end = {static_cast<EndKind>(s.Int(8)), Signed32(s, 9), s.Text(10), s.Text(11)};
  ended.then = static_cast<sched::AfterAttempt>(s.Int(12));
  ended.charged = s.Int(13) != 0;
  ended.interruption = s.Int(14) != 0;
  ended.why = s.Text(15);
  ended.cost = {TimePoint(s.Int(23)), TimePoint(s.Int(24)), static_cast<std::uint64_t>(s.Int(25)),
                Duration(s.Int(26))};
  attempt.taken_node = s.Text(27);
  ended.usage = {s.Int(16), s.Int(17), s.Int(18), s.Int(19), s.Int(20), s.Int(21)};
  return attempt;
}

}  // namespace

class HistoryReader::Impl {
 public:
  Database database;

  // The nodes of a task's attempts on several, and how they stand to each other.
  Status AddGangs(sched::TaskRef task, std::vector<PastAttempt>& attempts) {
    BSUB_ASSIGN_OR_RETURN(Statement gangs, database.Prepare("SELECT entry FROM gangs WHERE job = ?1 AND "
                                                            "ordinal = ?2 ORDER BY number"));
    gangs.Bind(Signed(task.job.value())).Bind(task.ordinal);
    auto attempt = attempts.begin();
    while (true) {
      BSUB_ASSIGN_OR_RETURN(const bool row, gangs.Step());
      if (!row) return OkStatus();
      BSUB_ASSIGN_OR_RETURN(const sched::JournalEntry entry, DecodeEntry(gangs.Text(0)));
      const auto* placed = std::get_if<sched::AttemptPlaced>(&entry.body);
      if (!placed) return DataLoss("the history holds another entry than a placement for a multi-node job");
      while (attempt != attempts.end() && attempt->ended.attempt.number < placed->attempt.number) ++attempt;
      if (attempt == attempts.end() || attempt->ended.attempt != placed->attempt) continue;
      BSUB_RETURN_IF_ERROR(AddGang(*placed, *attempt));
    }
  }

  Status AddGang(const sched::AttemptPlaced& placed, PastAttempt& attempt) {
    BSUB_ASSIGN_OR_RETURN(Statement name, database.Prepare("SELECT name FROM nodes WHERE id = ?1"));
    const auto add = [&](NodeId node) -> Status {
      BSUB_ASSIGN_OR_RETURN(const bool known, name.Bind(node.value()).Step());
      attempt.nodes.push_back(known ? name.Text(0) : "");
      name.Reset();
      return OkStatus();
    };
    attempt.parts.push_back({placed.node, placed.incarnation, placed.allocated, placed.gpu_indices});
    attempt.parts.insert(attempt.parts.end(), placed.others.begin(), placed.others.end());
    for (const sched::PlacedPart& part : attempt.parts) BSUB_RETURN_IF_ERROR(add(part.node));
    attempt.placement = placed.placement;
    return OkStatus();
  }

  Result<std::vector<PastJob>> Jobs(Statement& statement) {
    std::vector<PastJob> jobs;
    while (true) {
      BSUB_ASSIGN_OR_RETURN(const bool row, statement.Step());
      if (!row) return jobs;
      BSUB_ASSIGN_OR_RETURN(PastJob job, ReadJob(statement));
      jobs.push_back(std::move(job));
    }
  }
};

HistoryReader::HistoryReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HistoryReader::~HistoryReader() = default;

Result<std::unique_ptr<HistoryReader>> HistoryReader::Open(const std::string& path) {
  auto impl = std::make_unique<Impl>();
  BSUB_ASSIGN_OR_RETURN(impl->database, Database::Open(path, Database::Mode::kReadOnly));
  return std::unique_ptr<HistoryReader>(new HistoryReader(std::move(impl)));
}

Result<std::uint64_t> HistoryReader::LastSequence() {
  BSUB_ASSIGN_OR_RETURN(Statement s,
                        impl_->database.Prepare("SELECT value FROM meta WHERE key = 'last_sequence'"));
  BSUB_RETURN_IF_ERROR(s.Step());
  return static_cast<std::uint64_t>(s.Int(0));
}

Result<std::vector<PastAttempt>> HistoryReader::AttemptsOf(sched::TaskRef task) {
  BSUB_ASSIGN_OR_RETURN(Statement s, impl_->database.Prepare(kAttempts));
  s.Bind(Signed(task.job.value())).Bind(task.ordinal);
  std::vector<PastAttempt> attempts;
  while (true) {
    BSUB_ASSIGN_OR_RETURN(const bool row, s.Step());
    if (!row) break;
    attempts.push_back(ReadAttempt(s, task));
  }
  BSUB_RETURN_IF_ERROR(impl_->AddGangs(task, attempts));
  return attempts;
}

Result<std::optional<PastTaskEnd>> HistoryReader::EndOf(sched::TaskRef task) {
  BSUB_ASSIGN_OR_RETURN(
      Statement s,
      impl_->database.Prepare("SELECT end_kind, end_code, end_by, end_reason, at_us FROM task_ends WHERE "
                              "job = ?1 AND first <= ?2 AND last >= ?2 ORDER BY first DESC LIMIT 1"));
  BSUB_ASSIGN_OR_RETURN(const bool row, s.Bind(Signed(task.job.value())).Bind(task.ordinal).Step());
  if (!row) return std::optional<PastTaskEnd>();
  const End end{static_cast<EndKind>(s.Int(0)), Signed32(s, 1), s.Text(2), s.Text(3)};
  return std::optional<PastTaskEnd>({end, TimePoint(s.Int(4))});
}

Result<std::optional<PastJob>> HistoryReader::FindJob(JobId job) {
  BSUB_ASSIGN_OR_RETURN(Statement s, impl_->database.Prepare(std::string(kJobColumns) + "WHERE id = ?1"));
  BSUB_ASSIGN_OR_RETURN(std::vector<PastJob> jobs, impl_->Jobs(s.Bind(Signed(job.value()))));
  if (jobs.empty()) return std::optional<PastJob>();
  return std::optional<PastJob>(std::move(jobs.front()));
}

Result<std::vector<PastJob>> HistoryReader::ForgottenJobs(JobId from, bool newest_first, std::size_t limit) {
  const char* condition = newest_first ? "WHERE forgotten = 1 AND id < ?1 ORDER BY id DESC LIMIT ?2"
                                       : "WHERE forgotten = 1 AND id > ?1 ORDER BY id LIMIT ?2";
  BSUB_ASSIGN_OR_RETURN(Statement s, impl_->database.Prepare(std::string(kJobColumns) + condition));
  const std::int64_t bound = newest_first && !from.valid() ? INT64_MAX : Signed(from.value());
  return impl_->Jobs(s.Bind(bound).Bind(Signed(limit)));
}

Result<std::vector<std::uint64_t>> HistoryReader::EventsOf(const sched::TaskSelector& target,
                                                           std::uint64_t after, std::size_t limit) {
  const std::string one = target.ordinal ? " AND (ordinal IS NULL OR ordinal = ?3)" : "";
  BSUB_ASSIGN_OR_RETURN(
      Statement s,
      impl_->database.Prepare("SELECT sequence FROM events INDEXED BY events_by_job WHERE job = ?1 AND "
                              "sequence > ?2" +
                              one + " ORDER BY sequence LIMIT ?" + (target.ordinal ? "4" : "3")));
  s.Bind(Signed(target.job.value())).Bind(Signed(after));
  if (target.ordinal) s.Bind(*target.ordinal);
  s.Bind(Signed(limit));
  std::vector<std::uint64_t> sequences;
  while (true) {
    BSUB_ASSIGN_OR_RETURN(const bool row, s.Step());
    if (!row) return sequences;
    sequences.push_back(static_cast<std::uint64_t>(s.Int(0)));
  }
}

}  // namespace bsub::journal
