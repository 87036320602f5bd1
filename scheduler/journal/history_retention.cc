#include "scheduler/journal/history_retention.h"

#include <cstdint>
#include <optional>

namespace bsub::journal {
namespace {

class Removal {
 public:
  Removal(Database& database, TimePoint before, std::size_t most)
      : database_(database), before_(before), left_(static_cast<std::int64_t>(most)) {}

  Status Run() {
    BSUB_RETURN_IF_ERROR(RemoveEvents());
    while (left_ > 0) {
      BSUB_ASSIGN_OR_RETURN(const std::optional<std::int64_t> job, OldestJob());
      if (!job) return OkStatus();
      BSUB_RETURN_IF_ERROR(RemoveJob(*job));
    }
    return OkStatus();
  }

  std::size_t removed() const { return static_cast<std::size_t>(removed_); }

 private:
  // By the index on their end.
  Result<std::optional<std::int64_t>> OldestJob() {
    BSUB_ASSIGN_OR_RETURN(
        Statement s, database_.Prepare("SELECT id FROM jobs WHERE finished_at_us > 0 AND finished_at_us < ?1 "
                                       "AND forgotten = 1 ORDER BY finished_at_us, id LIMIT 1"));
    BSUB_ASSIGN_OR_RETURN(const bool row, s.Bind(before_.micros()).Step());
    return row ? std::optional(s.Int(0)) : std::nullopt;
  }

  // The job's own row goes last: until then it is found again.
  Status RemoveJob(std::int64_t job) {
    BSUB_RETURN_IF_ERROR(
        Remove("DELETE FROM attempts WHERE (job, ordinal, number) IN (SELECT job, ordinal, number "
               "FROM attempts WHERE job = ?1 LIMIT ?2)",
               job));
    BSUB_RETURN_IF_ERROR(
        Remove("DELETE FROM gangs WHERE (job, ordinal, number) IN (SELECT job, ordinal, number "
               "FROM gangs WHERE job = ?1 LIMIT ?2)",
               job));
    BSUB_RETURN_IF_ERROR(
        Remove("DELETE FROM taken_nodes WHERE (job, ordinal, number) IN (SELECT job, ordinal, number "
               "FROM taken_nodes WHERE job = ?1 LIMIT ?2)",
               job));
    BSUB_RETURN_IF_ERROR(
        Remove("DELETE FROM task_ends WHERE (job, first) IN (SELECT job, first FROM task_ends "
               "WHERE job = ?1 LIMIT ?2)",
               job));
    return Remove("DELETE FROM jobs WHERE id = ?1 AND ?2 > 0", job);
  }

  // Their times go up with their numbers.
  Status RemoveEvents() {
    BSUB_ASSIGN_OR_RETURN(Statement s,
                          database_.Prepare("SELECT sequence, at_us FROM events ORDER BY sequence LIMIT ?1"));
    std::optional<std::int64_t> last;
    for (s.Bind(left_);;) {
      BSUB_ASSIGN_OR_RETURN(const bool row, s.Step());
      if (!row || s.Int(1) >= before_.micros()) break;
      last = s.Int(0);
    }
    s.Reset();
    return last ? Remove("DELETE FROM events WHERE sequence <= ?1 AND ?2 > 0", *last) : OkStatus();
  }

  // `sql` takes what is meant and how many rows may go.
  Status Remove(std::string_view sql, std::int64_t what) {
    if (left_ <= 0) return OkStatus();
    BSUB_ASSIGN_OR_RETURN(Statement s, database_.Prepare(sql));
    BSUB_RETURN_IF_ERROR(s.Bind(what).Bind(left_).Run());
    BSUB_ASSIGN_OR_RETURN(Statement changes, database_.Prepare("SELECT changes()"));
    BSUB_RETURN_IF_ERROR(changes.Step());
    removed_ += changes.Int(0);
    left_ -= changes.Int(0);
    return OkStatus();
  }

  Database& database_;
  const TimePoint before_;
  std::int64_t left_;
  std::int64_t removed_ = 0;
};

}  // namespace

Result<std::size_t> RemoveOldHistory(Database& database, TimePoint before, std::size_t most) {
  BSUB_RETURN_IF_ERROR(database.Execute("BEGIN IMMEDIATE"));
  Removal removal(database, before, most);
  Status done = removal.Run();
  if (done) done = database.Execute("COMMIT");
  if (done) return removal.removed();
  static_cast<void>(database.Execute("ROLLBACK"));
  return done.error();
}

}  // namespace bsub::journal
