#include <cstdio>
#include <map>
#include <utility>

#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/history.h"
#include "scheduler/journal/history_retention.h"
#include "scheduler/journal/history_schema.h"
#include "scheduler/journal/sqlite.h"

namespace bsub::journal {
namespace {

// What an entry is about, for the events table.
struct About {
  std::optional<std::uint64_t> job;
  std::optional<std::uint32_t> ordinal;
  std::optional<std::uint32_t> node;
};

About AboutTask(const sched::AttemptRef& attempt) {
  return {attempt.task.job.value(), attempt.task.ordinal, {}};
}

struct Subject {
  About operator()(const sched::JobSubmitted& e) const { return {e.id.value(), {}, {}}; }
  About operator()(const sched::BeginTimeReached& e) const { return {e.job.value(), {}, {}}; }
  About operator()(const sched::HoldSet& e) const { return {e.target.job.value(), e.target.ordinal, {}}; }
  About operator()(const sched::PrioritySet& e) const { return {e.job.value(), {}, {}}; }
  About operator()(const sched::TasksEnded& e) const { return {e.job.value(), {}, {}}; }
  About operator()(const sched::TasksRequeued& e) const { return {e.job.value(), {}, {}}; }
  About operator()(const sched::AttemptPlaced& e) const { return On(e.attempt, e.node); }
  About operator()(const sched::AttemptStarted& e) const { return AboutTask(e.attempt); }
  About operator()(const sched::StopRequested& e) const { return AboutTask(e.attempt); }
  About operator()(const sched::AttemptEnded& e) const { return On(e.attempt, e.node); }
  About operator()(const sched::PartStarted& e) const { return AboutTask(e.attempt); }
  About operator()(const sched::PartEnded& e) const { return AboutTask(e.attempt); }
  About operator()(const sched::NodeRegistered& e) const { return {{}, {}, e.node.value()}; }
  About operator()(const sched::NodeContactLost& e) const { return {{}, {}, e.node.value()}; }
  About operator()(const sched::NodeDied& e) const { return {{}, {}, e.node.value()}; }
  About operator()(const sched::NodeDrainSet& e) const { return {{}, {}, e.node.value()}; }
  About operator()(const sched::NodeNoticeSet& e) const { return {{}, {}, e.node.value()}; }
  About operator()(const sched::AttemptNoticed& e) const { return AboutTask(e.attempt); }
  About operator()(const sched::JobMoved& e) const { return {e.job.value(), {}, {}}; }
  About operator()(const sched::NodeRemoved& e) const { return {{}, {}, e.node.value()}; }
  template <typename T>
  About operator()(const T& /*cluster-wide*/) const {
    return {};
  }
  static About On(const sched::AttemptRef& attempt, NodeId node) {
    About about = AboutTask(attempt);
    about.node = node.value();
    return about;
  }
};

template <typename T>
void BindOptional(Statement& statement, const std::optional<T>& value) {
  if (value) {
    statement.Bind(static_cast<std::int64_t>(*value));
  } else {
    statement.BindNull();
  }
}

}  // namespace

class HistoryWriter::Impl {
 public:
  static Result<std::unique_ptr<Impl>> Open(const std::string& path, std::string_view cluster) {
    std::unique_ptr<Impl> impl(new Impl);
    BSUB_ASSIGN_OR_RETURN(impl->database_, Database::Open(path, Database::Mode::kReadWrite));
    // NORMAL: a power loss may take the newest rows, and the journal brings them again.
    BSUB_RETURN_IF_ERROR(impl->database_.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"));
    BSUB_RETURN_IF_ERROR(impl->MakeTables(cluster));
    BSUB_RETURN_IF_ERROR(impl->Check(cluster));
    BSUB_RETURN_IF_ERROR(impl->database_.Execute(kHistoryAdditions));
    BSUB_RETURN_IF_ERROR(impl->PrepareAll());
    return impl;
  }

  Status Apply(std::span<const sched::JournalEntry> entries) {
    while (!entries.empty() && entries.front().sequence.value() <= last_sequence_)
      entries = entries.subspan(1);
    if (entries.empty()) return OkStatus();
    BSUB_RETURN_IF_ERROR(database_.Execute("BEGIN IMMEDIATE"));
    auto applied = ApplyAll(entries);
    if (applied) applied = database_.Execute("COMMIT");
    if (!applied) {
      static_cast<void>(database_.Execute("ROLLBACK"));
      return applied;
    }
    last_sequence_ = entries.back().sequence.value();
    return OkStatus();
  }

  Result<std::size_t> RemoveOld(TimePoint before, std::size_t most) {
    return RemoveOldHistory(database_, before, most);
  }

  std::uint64_t last_sequence() const { return last_sequence_; }
  std::string warning;

 private:
  Impl() = default;

  Status MakeTables(std::string_view cluster) {
    BSUB_ASSIGN_OR_RETURN(Statement count, database_.Prepare("SELECT count(*) FROM sqlite_schema"));
    BSUB_RETURN_IF_ERROR(count.Step());
    if (count.Int(0) > 0) return OkStatus();
    count.Reset();
    BSUB_RETURN_IF_ERROR(database_.Execute("BEGIN IMMEDIATE"));
    BSUB_RETURN_IF_ERROR(database_.Execute(kHistorySchema));
    BSUB_ASSIGN_OR_RETURN(Statement insert, database_.Prepare("INSERT INTO meta VALUES (?1, ?2)"));
    BSUB_RETURN_IF_ERROR(insert.Bind("schema_version").Bind(kHistorySchemaVersion).Run());
    BSUB_RETURN_IF_ERROR(insert.Bind("cluster_uuid").Bind(cluster).Run());
    BSUB_RETURN_IF_ERROR(insert.Bind("last_sequence").Bind(std::int64_t{0}).Run());
    return database_.Execute("COMMIT");
  }

  Status Check(std::string_view cluster) {
    BSUB_ASSIGN_OR_RETURN(Statement get, database_.Prepare("SELECT value FROM meta WHERE key = ?1"));
    BSUB_RETURN_IF_ERROR(get.Bind("schema_version").Step());
    if (get.Int(0) != kHistorySchemaVersion) {
      return FailedPrecondition("its schema has version " + std::to_string(get.Int(0)) + ", not " +
                                std::to_string(kHistorySchemaVersion));
    }
    get.Reset();
    BSUB_RETURN_IF_ERROR(get.Bind("cluster_uuid").Step());
    if (get.Text(0) != cluster) return FailedPrecondition("it is of cluster " + get.Text(0));
    get.Reset();
    BSUB_RETURN_IF_ERROR(get.Bind("last_sequence").Step());
    last_sequence_ = static_cast<std::uint64_t>(get.Int(0));
    get.Reset();
    return OkStatus();
  }

  Status PrepareAll() {
    const std::pair<Statement*, const char*> statements[] = {
        {&set_sequence_, "UPDATE meta SET value = ?1 WHERE key = 'last_sequence'"},
        {&add_event_, "INSERT OR REPLACE INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
        {&add_node_, "INSERT OR REPLACE INTO nodes VALUES (?1, ?2)"},
        {&add_job_,
         "INSERT OR REPLACE INTO jobs (id, name, owner, uid, queue, project, size, priority, "
         "submitted_at_us, entry) "
         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
        {&set_priority_, "UPDATE jobs SET priority = ?1 WHERE id = ?2"},
        {&move_, "UPDATE jobs SET queue = ?1 WHERE id = ?2"},
        {&forget_, "UPDATE jobs SET forgotten = 1 WHERE id = ?1"},
        {&count_tasks_,
         "UPDATE jobs SET succeeded = succeeded + ?1, failed = failed + ?2, finished_at_us = "
         "iif(succeeded + failed + ?1 + ?2 >= size, ?3, 0) WHERE id = ?4"},
        {&place_,
         "INSERT OR REPLACE INTO attempts (job, ordinal, number, node, cpu_milli, mem_bytes, gpus, "
         "placed_at_us, started_at_us) "
         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"},
        {&place_gang_, "INSERT OR REPLACE INTO gangs VALUES (?1, ?2, ?3, ?4)"},
        {&find_gang_, "SELECT entry FROM gangs WHERE job = ?1 AND ordinal = ?2 AND number = ?3"},
        {&take_, "INSERT OR REPLACE INTO taken_nodes VALUES (?1, ?2, ?3, ?4)"},
        {&take_if_none_, "INSERT OR IGNORE INTO taken_nodes VALUES (?1, ?2, ?3, ?4)"},
        {&give_back_, "DELETE FROM taken_nodes WHERE job = ?1 AND ordinal = ?2 AND number = ?3"},
        {&start_, "UPDATE attempts SET started_at_us = ?1 WHERE job = ?2 AND ordinal = ?3 AND number = ?4"},
        {&end_,
         "INSERT INTO attempts (job, ordinal, number, node, placed_at_us, started_at_us, ended_at_us, "
         "end_kind, "
         "end_code, end_by, end_reason, outcome, charged, interruption, why, user_us, system_us, elapsed_us, "
         "max_rss_bytes, read_bytes, write_bytes, final, cpu_milli, mem_bytes, gpus, "
         "notice_at_us, saved_at_us, generation, lost_us) VALUES (?1, ?2, ?3, ?4, "
         "?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
         "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29) ON CONFLICT "
         "DO UPDATE SET node = "
         "excluded.node, "
         "placed_at_us = excluded.placed_at_us, started_at_us = excluded.started_at_us, ended_at_us = "
         "excluded.ended_at_us, end_kind = excluded.end_kind, end_code = excluded.end_code, end_by = "
         "excluded.end_by, "
         "end_reason = excluded.end_reason, outcome = excluded.outcome, charged = excluded.charged, "
         "interruption = "
         "excluded.interruption, why = excluded.why, user_us = excluded.user_us, system_us = "
         "excluded.system_us, "
         "elapsed_us = excluded.elapsed_us, max_rss_bytes = excluded.max_rss_bytes, read_bytes = "
         "excluded.read_bytes, "
         "write_bytes = excluded.write_bytes, final = excluded.final, notice_at_us = excluded.notice_at_us, "
         "saved_at_us = excluded.saved_at_us, generation = excluded.generation, lost_us = excluded.lost_us"},
        {&add_task_end_, "INSERT OR REPLACE INTO task_ends VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
        {&final_attempts_,
         "SELECT count(*), coalesce(sum(outcome = 0), 0) FROM attempts WHERE job = ?1 AND ordinal BETWEEN ?2 "
         "AND ?3 "
         "AND final = 1"},
        {&reopen_attempts_,
         "UPDATE attempts SET final = 0 WHERE job = ?1 AND ordinal BETWEEN ?2 AND ?3 AND final = 1"},
        {&overlapping_ends_,
         "SELECT first, last, at_us, end_kind, end_code, end_by, end_reason FROM task_ends WHERE job = ?1 "
         "AND "
         "last >= ?2 AND first <= ?3 ORDER BY first"},
        {&remove_end_, "DELETE FROM task_ends WHERE job = ?1 AND first = ?2"},
    };
    for (const auto& [statement, sql] : statements) {
      BSUB_ASSIGN_OR_RETURN(*statement, database_.Prepare(sql));
    }
    return OkStatus();
  }

  Status ApplyAll(std::span<const sched::JournalEntry> entries) {
    placed_.clear();
    counts_.clear();
    for (const sched::JournalEntry& entry : entries) {
      BSUB_RETURN_IF_ERROR(AddEvent(entry));
      BSUB_RETURN_IF_ERROR(std::visit([&](const auto& body) { return Do(body, entry); }, entry.body));
    }
    BSUB_RETURN_IF_ERROR(WritePlaced());
    BSUB_RETURN_IF_ERROR(WriteCounts());
    return set_sequence_.Bind(Signed(entries.back().sequence.value())).Run();
  }

  Status AddEvent(const sched::JournalEntry& entry) {
    const About about = std::visit(Subject{}, entry.body);
    add_event_.Bind(Signed(entry.sequence.value())).Bind(entry.at.micros()).Bind(sched::KindName(entry.body));
    BindOptional(add_event_, about.job);
    BindOptional(add_event_, about.ordinal);
    BindOptional(add_event_, about.node);
    return add_event_.Run();
  }

  template <typename T>
  Status Do(const T& /*not for the history*/, const sched::JournalEntry& /*entry*/) {
    return OkStatus();
  }

  Status Do(const sched::NodeRegistered& e, const sched::JournalEntry& /*entry*/) {
    return add_node_.Bind(e.node.value()).Bind(e.description.name).Run();
  }

  Status Do(const sched::JobSubmitted& e, const sched::JournalEntry& entry) {
    const JobSettings& s = *e.spec.settings;
    const std::uint32_t size = e.spec.array ? e.spec.array->size() : 1;
    add_job_.Bind(Signed(e.id.value())).Bind(e.spec.name).Bind(s.owner.name).Bind(s.owner.uid).Bind(s.queue);
    add_job_.Bind(s.project).Bind(size).Bind(s.priority).Bind(entry.at.micros()).BindBlob(EncodeEntry(entry));
    return add_job_.Run();
  }

  Status Do(const sched::PrioritySet& e, const sched::JournalEntry& /*entry*/) {
    return set_priority_.Bind(e.priority).Bind(Signed(e.job.value())).Run();
  }

  Status Do(const sched::JobMoved& e, const sched::JournalEntry& /*entry*/) {
    return move_.Bind(e.queue).Bind(Signed(e.job.value())).Run();
  }

  Status Do(const sched::JobsForgotten& e, const sched::JournalEntry& /*entry*/) {
    for (const JobId job : e.jobs) BSUB_RETURN_IF_ERROR(forget_.Bind(Signed(job.value())).Run());
    return OkStatus();
  }

  // Written at the end of the transaction, unless it ends within it: most short tasks are so one row, once.
  Status Do(const sched::AttemptPlaced& e, const sched::JournalEntry& entry) {
    placed_.insert_or_assign(e.attempt, Placed{e.node, e.allocated, entry.at, TimePoint()});
    if (e.others.empty()) return OkStatus();
    return BindAttempt(place_gang_, e.attempt).BindBlob(EncodeEntry(entry)).Run();
  }

  Status WritePlaced() {
    for (const auto& [attempt, placed] : placed_) {
      BindAttempt(place_, attempt).Bind(placed.node.value());
      BindResources(place_, placed.allocated).Bind(placed.at.micros()).Bind(placed.started_at.micros());
      BSUB_RETURN_IF_ERROR(place_.Run());
    }
    placed_.clear();
    return OkStatus();
  }

  Status Do(const sched::AttemptStarted& e, const sched::JournalEntry& entry) {
    if (const auto it = placed_.find(e.attempt); it != placed_.end()) {
      it->second.started_at = entry.at;
      return OkStatus();
    }
    return BindAttempt(start_.Bind(entry.at.micros()), e.attempt).Run();
  }

  Status Do(const sched::AttemptNoticed& e, const sched::JournalEntry& /*entry*/) {
    if (!e.ends_at.set()) return BindAttempt(give_back_, e.attempt).Run();
    return BindAttempt(take_, e.attempt).Bind(e.node.value()).Run();
  }

  // A loss says more than the notice of another node before it.
  Status Do(const sched::PartEnded& e, const sched::JournalEntry& /*entry*/) {
    const bool by_node = e.end.kind == EndKind::kNodeLost || e.node_fault;
    return by_node && (e.ends_gang || e.is_cause) ? Take(take_, e.attempt, e.part) : OkStatus();
  }

  // The node of one part of an attempt on several.
  Status Take(Statement& statement, const sched::AttemptRef& attempt, std::uint32_t part) {
    BSUB_ASSIGN_OR_RETURN(const bool row, BindAttempt(find_gang_, attempt).Step());
    if (!row) return OkStatus();  // it was placed before there was such a table
    const auto placed = DecodeEntry(find_gang_.Text(0));
    find_gang_.Reset();
    if (!placed) return placed.error();
    const auto* gang = std::get_if<sched::AttemptPlaced>(&placed->body);
    if (!gang || part > gang->others.size()) return OkStatus();
    const NodeId node = part == 0 ? gang->node : gang->others[part - 1].node;
    return BindAttempt(statement, attempt).Bind(node.value()).Run();
  }

  Status Do(const sched::AttemptEnded& e, const sched::JournalEntry& entry) {
    // All others had ended well: the part that was over last is the cause.
    if (e.interruption && e.last_part > 0 && e.last_end.kind == EndKind::kNodeLost)
      BSUB_RETURN_IF_ERROR(Take(take_if_none_, e.attempt, e.last_part));
    const bool final = e.then != sched::AfterAttempt::kRetry;
    BindAttempt(end_, e.attempt).Bind(e.node.value()).Bind(e.placed_at.micros()).Bind(e.started_at.micros());
    end_.Bind(entry.at.micros())
        .Bind(static_cast<int>(e.end.kind))
        .Bind(e.end.code)
        .Bind(e.end.by)
        .Bind(e.end.reason);
    end_.Bind(static_cast<int>(e.then)).Bind(e.charged).Bind(e.interruption).Bind(e.why);
    end_.Bind(e.usage.user_us).Bind(e.usage.system_us).Bind(e.usage.elapsed_us).Bind(e.usage.max_rss_bytes);
    end_.Bind(e.usage.read_bytes).Bind(e.usage.write_bytes).Bind(final);
    const auto placed = placed_.extract(e.attempt);
    BindResources(end_, placed ? placed.mapped().allocated : Resources{});
    end_.Bind(e.cost.notice_at.micros()).Bind(e.cost.saved_at.micros());
    BSUB_RETURN_IF_ERROR(end_.Bind(Signed(e.cost.generation)).Bind(e.cost.lost.count()).Run());
    if (!final) return OkStatus();
    const bool good = e.then == sched::AfterAttempt::kSucceeded;
    Count(e.attempt.task.job, good ? 1 : 0, good ? 0 : 1, entry.at);
    return OkStatus();
  }

  Status Do(const sched::TasksEnded& e, const sched::JournalEntry& entry) {
    std::int64_t tasks = 0;
    for (const sched::OrdinalRange& range : e.tasks) {
      BSUB_RETURN_IF_ERROR(AddTaskEnd(e.job, range, e.end, entry.at));
      tasks += std::int64_t{range.last} - range.first + 1;
    }
    Count(e.job, 0, tasks, entry.at);
    return OkStatus();
  }

  // The tasks wait again: what ended them does no longer count, and is no longer their end.
  Status Do(const sched::TasksRequeued& e, const sched::JournalEntry& entry) {
    BSUB_RETURN_IF_ERROR(WriteCounts());  // the job may have been over for a moment
    std::int64_t succeeded = 0;
    std::int64_t failed = 0;
    for (const sched::OrdinalRange& range : e.tasks) {
      const auto bind = [&](Statement& s) -> Statement& {
        return s.Bind(Signed(e.job.value())).Bind(range.first).Bind(range.last);
      };
      BSUB_RETURN_IF_ERROR(bind(final_attempts_).Step());
      succeeded += final_attempts_.Int(1);
      failed += final_attempts_.Int(0) - final_attempts_.Int(1);
      final_attempts_.Reset();
      BSUB_RETURN_IF_ERROR(bind(reopen_attempts_).Run());
      BSUB_ASSIGN_OR_RETURN(const std::int64_t reopened, ReopenTaskEnds(e.job, range));
      failed += reopened;
    }
    Count(e.job, -succeeded, -failed, entry.at);
    return WriteCounts();
  }

  // Cuts `range` out of the stretches of tasks that ended without an attempt. Returns how many tasks that
  // were.
  Result<std::int64_t> ReopenTaskEnds(JobId job, const sched::OrdinalRange& range) {
    struct Stretch {
      sched::OrdinalRange tasks;
      TimePoint at;
      End end;
    };
    std::vector<Stretch> stretches;
    overlapping_ends_.Bind(Signed(job.value())).Bind(range.first).Bind(range.last);
    while (true) {
      BSUB_ASSIGN_OR_RETURN(const bool row, overlapping_ends_.Step());
      if (!row) break;
      const Statement& s = overlapping_ends_;
      stretches.push_back(
          {{static_cast<std::uint32_t>(s.Int(0)), static_cast<std::uint32_t>(s.Int(1))},
           TimePoint(s.Int(2)),
           {static_cast<EndKind>(s.Int(3)), static_cast<std::int32_t>(s.Int(4)), s.Text(5), s.Text(6)}});
    }
    std::int64_t reopened = 0;
    for (const Stretch& old : stretches) {
      BSUB_RETURN_IF_ERROR(remove_end_.Bind(Signed(job.value())).Bind(old.tasks.first).Run());
      const sched::OrdinalRange cut{std::max(old.tasks.first, range.first),
                                    std::min(old.tasks.last, range.last)};
      reopened += std::int64_t{cut.last} - cut.first + 1;
      if (old.tasks.first < cut.first) {
        BSUB_RETURN_IF_ERROR(AddTaskEnd(job, {old.tasks.first, cut.first - 1}, old.end, old.at));
      }
      if (cut.last < old.tasks.last) {
        BSUB_RETURN_IF_ERROR(AddTaskEnd(job, {cut.last + 1, old.tasks.last}, old.end, old.at));
      }
    }
    return reopened;
  }

  Status AddTaskEnd(JobId job, const sched::OrdinalRange& tasks, const End& end, TimePoint at) {
    add_task_end_.Bind(Signed(job.value())).Bind(tasks.first).Bind(tasks.last).Bind(at.micros());
    return add_task_end_.Bind(static_cast<int>(end.kind)).Bind(end.code).Bind(end.by).Bind(end.reason).Run();
  }

  // A job's row is written once for all of its tasks that end in a transaction. The last of them ends the
  // job, if one does.
  void Count(JobId job, std::int64_t succeeded, std::int64_t failed, TimePoint at) {
    Counted& counted = counts_[job];
    counted.succeeded += succeeded;
    counted.failed += failed;
    counted.at = at;
  }

  Status WriteCounts() {
    for (const auto& [job, counted] : counts_) {
      count_tasks_.Bind(counted.succeeded).Bind(counted.failed).Bind(counted.at.micros());
      BSUB_RETURN_IF_ERROR(count_tasks_.Bind(Signed(job.value())).Run());
    }
    counts_.clear();
    return OkStatus();
  }

  static Statement& BindResources(Statement& statement, const Resources& resources) {
    return statement.Bind(resources.cpu_milli).Bind(resources.mem_bytes).Bind(resources.gpus);
  }

  static Statement& BindAttempt(Statement& statement, const sched::AttemptRef& attempt) {
    return statement.Bind(Signed(attempt.task.job.value())).Bind(attempt.task.ordinal).Bind(attempt.number);
  }

  struct Placed {
    NodeId node;
    Resources allocated;
    TimePoint at;
    TimePoint started_at;
  };
  struct Counted {
    std::int64_t succeeded = 0;
    std::int64_t failed = 0;
    TimePoint at;
  };

  // Of the transaction, not yet written.
  std::map<sched::AttemptRef, Placed> placed_;
  std::map<JobId, Counted> counts_;

  Database database_;  // outlives the statements
  std::uint64_t last_sequence_ = 0;
  Statement set_sequence_, add_event_, add_node_, add_job_, set_priority_, move_, forget_, count_tasks_,
      place_, place_gang_, find_gang_, take_, take_if_none_, give_back_, start_, end_, add_task_end_,
      final_attempts_, reopen_attempts_, overlapping_ends_, remove_end_;
};

HistoryWriter::HistoryWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HistoryWriter::~HistoryWriter() = default;

Result<std::unique_ptr<HistoryWriter>> HistoryWriter::Open(const std::string& path,
                                                           std::string_view cluster_uuid,
                                                           std::uint64_t journal_sequence) {
  auto impl = Impl::Open(path, cluster_uuid);
  std::string problem;
  if (!impl) {
    const Code code = impl.error().code;
    const bool useless = code == Code::kDataLoss || code == Code::kFailedPrecondition;
    if (!useless) return Error(std::move(impl).error());
    problem = impl.error().message;
  } else if ((*impl)->last_sequence() > journal_sequence) {
    problem = "it is ahead of the journal (" + std::to_string((*impl)->last_sequence()) + " > " +
              std::to_string(journal_sequence) + ")";
  } else {
    return std::unique_ptr<HistoryWriter>(new HistoryWriter(std::move(*impl)));
  }
  if (impl) impl->reset();
  // SQLite's own side files belong to the old one.
  for (const char* side : {"-wal", "-shm"})
    std::rename((path + side).c_str(), (path + ".aside" + side).c_str());
  std::rename(path.c_str(), (path + ".aside").c_str());
  BSUB_ASSIGN_OR_RETURN(auto fresh, Impl::Open(path, cluster_uuid));
  fresh->warning = "the history " + path + " is made anew from the journal, the old one is kept as " + path +
                   ".aside: " + problem;
  return std::unique_ptr<HistoryWriter>(new HistoryWriter(std::move(fresh)));
}

Status HistoryWriter::Apply(std::span<const sched::JournalEntry> entries) { return impl_->Apply(entries); }
Result<std::size_t> HistoryWriter::RemoveOld(TimePoint before, std::size_t most) {
  return impl_->RemoveOld(before, most);
}
std::uint64_t HistoryWriter::LastSequence() const { return impl_->last_sequence(); }
const std::string& HistoryWriter::warning() const { return impl_->warning; }

}  // namespace bsub::journal
