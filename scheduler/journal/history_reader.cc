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
    "elapsed_us, max_rss_bytes, read_bytes, write_bytes, number FROM attempts LEFT JOIN nodes ON nodes.id = "
    "node "
    "WHERE job = ?1 AND ordinal = ?2 ORDER BY number";

std::int64_t Signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }
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
  ended.usage = {s.Int(16), s.Int(17), s.Int(18), s.Int(19), s.Int(20), s.Int(21)};
  return attempt;
}

PastEvent ReadEvent(const Statement& s) {
  PastEvent event;
  event.sequence = static_cast<std::uint64_t>(s.Int(0));
  event.at = TimePoint(s.Int(1));
  event.kind = s.Text(2);
  if (!s.IsNull(3)) {
    event.task = sched::TaskSelector{JobId(static_cast<std::uint64_t>(s.Int(3))), std::nullopt};
    if (!s.IsNull(4)) event.task->ordinal = Unsigned32(s, 4);
  }
  if (!s.IsNull(5)) event.node = NodeId(Unsigned32(s, 5));
  return event;
}

// WHERE clause and its parameters, in order.
struct Conditions {
  std::string sql = "WHERE finished_at_us > 0";
  std::vector<std::string> texts;
  std::vector<std::int64_t> numbers;

  void Text(const char* column, const std::optional<std::string>& value) {
    if (!value) return;
    texts.push_back(*value);
    sql += std::string(" AND ") + column + " = ?" + std::to_string(texts.size());
  }
  void Number(const std::string& condition, std::int64_t value) {
    numbers.push_back(value);
    sql += " AND " + condition + " ?" + std::to_string(texts.size() + numbers.size());
  }
};

}  // namespace

class HistoryReader::Impl {
 public:
  Database database;

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
    if (!row) return attempts;
    attempts.push_back(ReadAttempt(s, task));
  }
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

Result<std::vector<PastJob>> HistoryReader::FinishedJobs(const PastJobFilter& filter, const PastJob* behind,
                                                         std::size_t limit) {
  Conditions where;
  where.Text("owner", filter.owner);
  where.Text("queue", filter.queue);
  where.Text("name", filter.name);
  if (filter.finished_from.set()) where.Number("finished_at_us >=", filter.finished_from.micros());
  if (filter.finished_before.set()) where.Number("finished_at_us <", filter.finished_before.micros());
  if (filter.failed) where.sql += *filter.failed ? " AND failed > 0" : " AND failed = 0";
  if (behind != nullptr) {
    // finished_at_us and id together, as the order is.
    const std::string at = "?" + std::to_string(where.texts.size() + where.numbers.size() + 1);
    where.numbers.push_back(behind->finished_at.micros());
    where.numbers.push_back(Signed(behind->id.value()));
    where.sql += " AND (finished_at_us, id) < (" + at + ", ?" +
                 std::to_string(where.texts.size() + where.numbers.size()) + ")";
  }
  where.numbers.push_back(Signed(limit));
  const std::string sql = kJobColumns + where.sql + " ORDER BY finished_at_us DESC, id DESC LIMIT ?" +
                          std::to_string(where.texts.size() + where.numbers.size());
  BSUB_ASSIGN_OR_RETURN(Statement s, impl_->database.Prepare(sql));
  for (const std::string& text : where.texts) s.Bind(text);
  for (const std::int64_t number : where.numbers) s.Bind(number);
  return impl_->Jobs(s);
}

Result<std::vector<PastEvent>> HistoryReader::EventsAfter(std::uint64_t sequence, std::size_t limit) {
  BSUB_ASSIGN_OR_RETURN(Statement s, impl_->database.Prepare(
                                         "SELECT sequence, at_us, kind, job, ordinal, node FROM events WHERE "
                                         "sequence > ?1 ORDER BY sequence LIMIT ?2"));
  s.Bind(Signed(sequence)).Bind(Signed(limit));
  std::vector<PastEvent> events;
  while (true) {
    BSUB_ASSIGN_OR_RETURN(const bool row, s.Step());
    if (!row) return events;
    events.push_back(ReadEvent(s));
  }
}

}  // namespace bsub::journal
