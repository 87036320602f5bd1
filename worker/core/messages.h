// What one node's agent hears and says, as plain data: the sim drives it, the daemon translates it to the
// wire.
//
// Two neighbours: the scheduler, over one stream at a time, and the spawner, the parent of all tasks. Times
// are of the machine's steady clock (CLOCK_BOOTTIME) and are never compared with another machine's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "jobs/checkpoint_spec.h"
#include "jobs/end.h"
#include "jobs/resources.h"
#include "worker/core/attempt_key.h"

namespace bsub::worker {

// A launch as the scheduler signed it. Opaque here: the spawner checks and reads it.
struct SignedLaunch {
  std::string launch;
  std::string proof;
  friend bool operator==(const SignedLaunch&, const SignedLaunch&) = default;
};

// A task as the node knows it.
struct TaskState {
  AttemptKey attempt;
  bool started = false;
  std::int64_t pid = 0;
  bool ended = false;
  End end;
  Usage usage;
  bool node_fault = false;  // it never started, for want of something of the node's
  SavedWork saved{};
  bool stopped = false;  // it had been told to stop before it ended
  friend bool operator==(const TaskState&, const TaskState&) = default;
};

// ---- heard from the scheduler ----

struct StreamOpened {};  // answered with Hello
struct StreamClosed {
  std::string reason;
};
struct Accepted {
  Incarnation incarnation;
  Duration lease{};      // from when Hello was said; renewed by each heartbeat
  Duration heartbeat{};  // how often one comes
};
struct Refused {
  std::string reason;
  bool final = false;
  Incarnation current{};  // set: Hello again at once, naming this one as the last
};
struct LaunchOrder {
  Incarnation incarnation;
  AttemptKey attempt;
  std::shared_ptr<const SignedLaunch> launch;
};
struct StopOrder {
  Incarnation incarnation;
  AttemptKey attempt;
  Duration grace{};
  std::string reason;
};
struct NoticeOrder {  // one of its nodes is taken away: it is to save
  Incarnation incarnation;
  AttemptKey attempt;
  Duration remaining{};
  std::string reason;
  bool withdrawn = false;  // or: it stays
};
struct EndAcknowledged {
  Incarnation incarnation;
  AttemptKey attempt;
};
struct HeartbeatCame {
  Incarnation incarnation;
  std::uint64_t count = 0;
  std::uint64_t answered = 0;  // the newest whose answer the scheduler has; 0: none
};

// ---- heard from the spawner ----

struct SpawnerUp {
  std::string spawner_id;
  std::string boot_id;
  std::vector<TaskState> tasks;  // all that run or are unacknowledged
};
struct SpawnerDown {};
struct TaskReported {  // started, saved, or ended
  TaskState task;
};

// ---- time ----

struct Tick {};

using InputBody =
    std::variant<StreamOpened, StreamClosed, Accepted, Refused, LaunchOrder, StopOrder, NoticeOrder,
                 EndAcknowledged, HeartbeatCame, SpawnerUp, SpawnerDown, TaskReported, Tick>;
struct Input {
  TimePoint at;
  InputBody body;
};

// ---- said to the scheduler ----

struct SayHello {
  std::string spawner_id;
  std::string boot_id;
  std::vector<TaskState> tasks;
  Incarnation last{};  // granted or told of; lets the scheduler see that a later Hello has overtaken this one
};
struct ReportTask {
  Incarnation incarnation;
  TaskState task;
};
struct AnswerHeartbeat {
  Incarnation incarnation;
  std::uint64_t count = 0;
};

// ---- said to the spawner ----

struct StartTask {
  AttemptKey attempt;
  std::shared_ptr<const SignedLaunch> launch;
};
struct StopTask {
  AttemptKey attempt;
  Duration grace{};
  std::string reason;
};
struct NoticeTask {
  AttemptKey attempt;
  TimePoint ends;  // of the machine's steady clock
  std::string reason;
  bool withdrawn = false;
};
struct ForgetTask {  // its end is known to the scheduler
  AttemptKey attempt;
};
struct RenewLease {
  TimePoint ends;  // may have passed: then it is lost
  bool kill_on_loss = false;
};

// ---- asked of the adapter ----

struct OpenStream {};  // to the scheduler, as soon as it can be reached; StreamOpened tells
struct CloseStream {
  std::string reason;
};
struct GiveUp {  // the scheduler wants no such node: a person must act
  std::string reason;
};

using Message = std::variant<SayHello, ReportTask, AnswerHeartbeat, StartTask, StopTask, NoticeTask,
                             ForgetTask, RenewLease, OpenStream, CloseStream, GiveUp>;

struct Outcome {
  std::vector<Message> messages;         // in this order
  TimePoint wake_at = TimePoint::Max();  // send a Tick then, at the latest
};

}  // namespace bsub::worker
