// The two lines of a task's slot (task_slots.h), as text. Each ends with a hash, so that a torn line is none.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "worker/core/attempt_key.h"

namespace bsub::spawner {

// Which process a task is.
struct SlotTask {
  worker::AttemptKey key;
  std::uint64_t incarnation = 0;
  pid_t pid = 0;                  // also its session and process group
  std::uint64_t start_ticks = 0;  // /proc/PID/stat, field 22
  pid_t witness = 0;
  std::uint64_t witness_start_ticks = 0;
  std::string cgroup;  // empty: none
  friend bool operator==(const SlotTask&, const SlotTask&) = default;
};
std::string EncodeTask(const SlotTask& task);
std::optional<SlotTask> DecodeTask(std::string_view text);

// How it ended.
struct SeenExit {
  int wait_status = 0;  // as of waitpid(2)
  std::int64_t user_us = 0;
  std::int64_t system_us = 0;
  std::int64_t elapsed_us = 0;
  std::int64_t max_rss_bytes = 0;
  std::int64_t read_bytes = 0;
  std::int64_t write_bytes = 0;
  friend bool operator==(const SeenExit&, const SeenExit&) = default;
};
// `usage` as the kernel gave it when it was waited for; elapsed_us is left 0.
SeenExit ExitFrom(int wait_status, const rusage& usage);
// With the attempt, so that it is nobody else's.
std::string EncodeExit(const worker::AttemptKey& key, const SeenExit& exit);
std::optional<SeenExit> DecodeExit(const worker::AttemptKey& key, std::string_view text);

}  // namespace bsub::spawner
