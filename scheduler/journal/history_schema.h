// The tables of the history database. Users may read them with their own SQL; docs/formats/history.md
// describes them.
#pragma once

namespace bsub::journal {

// Raised with every change of the tables: a history of another version is set aside and made anew from the
// journal.
inline constexpr int kHistorySchemaVersion = 3;

inline constexpr char kHistorySchema[] = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE nodes (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, owner TEXT NOT NULL, uid INTEGER NOT NULL, queue TEXT NOT NULL,
  project TEXT NOT NULL, size INTEGER NOT NULL, priority INTEGER NOT NULL, submitted_at_us INTEGER NOT NULL,
  finished_at_us INTEGER NOT NULL DEFAULT 0, succeeded INTEGER NOT NULL DEFAULT 0, failed INTEGER NOT NULL DEFAULT 0,
  forgotten INTEGER NOT NULL DEFAULT 0, entry BLOB NOT NULL);
CREATE INDEX jobs_by_finish ON jobs (finished_at_us, id) WHERE finished_at_us > 0;
CREATE INDEX jobs_forgotten ON jobs (id) WHERE forgotten = 1;
CREATE TABLE attempts (
  job INTEGER NOT NULL, ordinal INTEGER NOT NULL, number INTEGER NOT NULL, node INTEGER NOT NULL,
  cpu_milli INTEGER NOT NULL DEFAULT 0, mem_bytes INTEGER NOT NULL DEFAULT 0, gpus INTEGER NOT NULL DEFAULT 0,
  placed_at_us INTEGER NOT NULL, started_at_us INTEGER NOT NULL DEFAULT 0, ended_at_us INTEGER NOT NULL DEFAULT 0,
  end_kind INTEGER NOT NULL DEFAULT 0, end_code INTEGER NOT NULL DEFAULT 0, end_by TEXT NOT NULL DEFAULT '',
  end_reason TEXT NOT NULL DEFAULT '', outcome INTEGER, charged INTEGER NOT NULL DEFAULT 0,
  interruption INTEGER NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '', user_us INTEGER NOT NULL DEFAULT 0,
  system_us INTEGER NOT NULL DEFAULT 0, elapsed_us INTEGER NOT NULL DEFAULT 0,
  max_rss_bytes INTEGER NOT NULL DEFAULT 0, read_bytes INTEGER NOT NULL DEFAULT 0,
  write_bytes INTEGER NOT NULL DEFAULT 0, final INTEGER NOT NULL DEFAULT 0,
  notice_at_us INTEGER NOT NULL DEFAULT 0, saved_at_us INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL DEFAULT 0,
  lost_us INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, ordinal, number)) WITHOUT ROWID;
CREATE TABLE task_ends (
  job INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, at_us INTEGER NOT NULL,
  end_kind INTEGER NOT NULL, end_code INTEGER NOT NULL, end_by TEXT NOT NULL, end_reason TEXT NOT NULL,
  PRIMARY KEY (job, first)) WITHOUT ROWID;
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, kind TEXT NOT NULL, job INTEGER, ordinal INTEGER, node INTEGER);
CREATE INDEX events_by_job ON events (job, sequence) WHERE job IS NOT NULL;
)sql";

// Tables that a history of the same version may lack: what was over before they came is not in them.
inline constexpr char kHistoryAdditions[] = R"sql(
CREATE TABLE IF NOT EXISTS gangs (
  job INTEGER NOT NULL, ordinal INTEGER NOT NULL, number INTEGER NOT NULL, entry BLOB NOT NULL,
  PRIMARY KEY (job, ordinal, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS taken_nodes (
  job INTEGER NOT NULL, ordinal INTEGER NOT NULL, number INTEGER NOT NULL, node INTEGER NOT NULL,
  PRIMARY KEY (job, ordinal, number)) WITHOUT ROWID;
)sql";

}  // namespace bsub::journal
