// Every setting of the scheduler in one table: its name in the YAML file, what it does, its default.
// docs/settings.md is this table in words; a test keeps them equal.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/time.h"
#include "scheduler/core/settings.h"
#include "scheduler/daemon/core_loop.h"
#include "scheduler/rpc/settings.h"

namespace bsub::daemon {

struct JournalSettings {
  std::int64_t segment_bytes = std::int64_t{32} << 20;
  std::int64_t snapshot_bytes = std::int64_t{32} << 20;
  std::int64_t kept_bytes = std::int64_t{16} << 20;
  std::uint32_t snapshot_percent = 25;  // of the newest snapshot, where that is more
  std::uint32_t snapshots = 2;
  std::uint32_t snapshot_nice = 10;  // of the process that makes one
  Duration history_retention = std::chrono::hours(24 * 30);
  std::int64_t payload_cache_bytes = std::int64_t{64} << 20;
  std::size_t max_gathered = 100'000;                     // entries and answers that may wait for the disk
  std::size_t max_unreleased = 64;                        // batches that are durable and not yet told of
  std::int64_t max_batch_bytes = std::int64_t{16} << 20;  // gathered, and written with one sync
  std::size_t max_history_backlog = 10'000;  // batches in memory; a history that lags more reads the journal
};

struct HistorySettings {
  // At least core.finished_retention: what the core holds stays here too.
  Duration retention = std::chrono::hours(24 * 365);
  std::size_t max_removed_per_step = 10'000;  // rows, after each batch that is taken
  // Entries wait for others before they are written; not while somebody waits for them.
  Duration gather = std::chrono::milliseconds(200);
};

// How the C library's allocator gives memory back (mallopt(3)). Left to itself it raises both numbers with
// what it sees freed, and tables that were outgrown stay behind as holes: with 1,000,000 waiting jobs 4 %
// more.
struct MemorySettings {
  std::int64_t mapped_bytes = std::int64_t{64}
                              << 10;                 // a block from this size on is mapped and unmapped alone
  std::int64_t spare_bytes = std::int64_t{4} << 20;  // kept at the end of each heap
};

struct DaemonSettings {
  sched::Settings core;
  CoreLoop::MaintenancePlan maintenance;  // of the cluster's configuration; null: none
  rpc::RpcSettings rpc;
  CoreLoopSettings loop;
  JournalSettings journal;
  HistorySettings history;
  MemorySettings memory;
  std::string log_level = "info";
  Duration stop_tasks_timeout = std::chrono::minutes(2);
};

struct Setting {
  std::string name;  // "core.lease"
  std::string help;
  std::function<Status(DaemonSettings&, const std::string& value)> set;
  std::function<std::string(const DaemonSettings&)> get;  // as it would be written
};
const std::vector<Setting>& AllSettings();

// Reads a YAML file's text over `settings`: the settings themselves, or a cluster configuration that has them
// below its key `settings` and must be right as a whole; its tree becomes core.topology. A name or value that
// is wrong is named with its line.
Status ReadSettings(const std::string& yaml, DaemonSettings& settings);
// The same from a file; messages open with its name.
Status LoadSettings(const std::string& path, DaemonSettings& settings);

std::string PrintSettings(const DaemonSettings& settings);  // YAML, commented; reads back to the same
std::string SettingsManual();                               // docs/settings.md

}  // namespace bsub::daemon
