// The spawner's durable memory: which ends nobody has acknowledged yet. What runs is in task_slots.h;
// spawners of before had it here too.
//
// Appended before an end is reported; read by the next spawner after this one was killed. Format:
// docs/formats/spawner.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "api/bsub/v1/spawner.pb.h"
#include "common/result.h"
#include "worker/launch/unique_fd.h"

namespace bsub::spawner {

namespace wire = v1::spawner;

enum class SyncPolicy {
  kAll,   // fdatasync after each batch of records, and after each slot is written (task_slots.h)
  kEnds,  // only after batches that hold an end: a slot is needed only while the machine stays up
  kNone,  // never: ends survive the spawner's death but not the machine's
};

struct RecoveredLog {
  std::string boot_id;                             // of the newest session; empty for a new log
  std::vector<wire::LogRecord::Launched> running;  // without a recorded end
  std::vector<wire::TaskStatus> unacknowledged;
  std::size_t good_bytes = 0;   // up to the first bad record
  std::string damage;           // empty, or what is wrong behind good_bytes
  std::size_t kept_behind = 0;  // good records behind a bad one: not a torn end, but damage
};

void AppendRecord(std::string& out, const wire::LogRecord& record);
// A bad record with good ones behind it is passed over: what they say stands for itself.
RecoveredLog RecoverTaskLog(std::string_view bytes);

class TaskLog {
 public:
  // Replaces the file at `path` by one that holds `first`.
  static Result<TaskLog> Create(std::string path, SyncPolicy sync, const std::vector<wire::LogRecord>& first);

  void Add(const wire::LogRecord& record);
  bool HasUncommitted() const { return !pending_.empty(); }
  // Writes what was added. After an error nothing of it is in the file and it can be tried again, or dropped.
  Status Commit();
  void DropUncommitted();
  // Makes sure that the records of the tasks that run will still fit when the disk is full. ResourceExhausted
  // if it is full already: then nothing new should be started.
  Status Reserve();
  std::size_t size() const { return size_; }

 private:
  TaskLog(std::string path, SyncPolicy sync, worker::UniqueFd fd, std::size_t size)
      : path_(std::move(path)), sync_(sync), fd_(std::move(fd)), size_(size) {}
  Status Undo(std::string error);

  std::string path_;
  SyncPolicy sync_;
  worker::UniqueFd fd_;
  std::size_t size_;          // of what is committed
  std::size_t reserved_ = 0;  // bytes of the file that have their place on disk
  std::string pending_;
  bool pending_end_ = false;
};

}  // namespace bsub::spawner
