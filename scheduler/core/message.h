// What the core wants said, once the entries it rests on are durable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/result.h"
#include "jobs/array_spec.h"
#include "jobs/job_spec.h"
#include "scheduler/core/input.h"
#include "scheduler/core/refs.h"
#include "scheduler/core/task.h"

namespace bsub::sched {

struct SubmitAccepted {
  JobId job;
  std::string queue;
  bool default_queue = false;
  bool repeated = false;  // the token was known: this is the first answer again
};
// One per target of a Control, in order.
struct ControlResults {
  std::vector<Status> results;
};
struct DefinitionAccepted {
  std::string name;
  std::int32_t revision = 0;
};
struct Done {};

using ReplyBody = std::variant<SubmitAccepted, ControlResults, DefinitionAccepted, Done>;

struct Reply {
  ReplyTo to;
  Result<ReplyBody> body;
};

// The nodes of an attempt on several, in the order of its parts.
struct LaunchGang {
  struct Place {
    std::string name;
    std::string host;  // by which others reach it
  };
  std::vector<Place> nodes;
  std::vector<std::uint32_t> partitions{};  // of each, from 0; empty unless they are placed so
};

// Start a task. The adapter fetches the payloads and adds the launch proof.
struct LaunchTask {
  NodeId node;
  Incarnation incarnation;
  AttemptRef attempt;
  std::shared_ptr<const JobSettings> settings;
  std::string job_name;
  PayloadHash command;
  Resources allocated;
  std::vector<std::int32_t> gpu_indices;
  std::optional<std::uint32_t> array_index;  // what users see
  std::uint32_t array_size = 0;
  std::uint32_t restart_count = 0;     // attempts of this task before this one
  bool after_interruption = false;     // the attempt before was taken away: it did not crash
  std::uint64_t saved_generation = 0;  // that an attempt before is known to have left; 0: none is known
  Duration mean_interruption{};  // expected until one of its nodes is taken away; zero: it does not save
  std::uint32_t part = 0;
  std::shared_ptr<const LaunchGang> gang{};  // null: an ordinary job
};
struct StopTask {
  NodeId node;
  Incarnation incarnation;
  AttemptRef attempt;
  StopReason reason = StopReason::kCancel;
  Duration grace{};
};
// Its node, or another one of its nodes, is taken away after `remaining`: the program is to save.
struct NoticeTask {
  NodeId node;
  Incarnation incarnation;
  AttemptRef attempt;
  Duration remaining{};
  NoticeKind kind = NoticeKind::kInterruption;
  bool withdrawn = false;  // the node stays
  bool only_save = false;  // it is only likely to be: the program saves and runs on; `remaining` says nothing
};
// A drill: it is to do this to itself.
struct StrikeNode {
  NodeId node;
  Incarnation incarnation;
  bool kill = false;       // all of its processes, without a word
  Duration cut_off_for{};  // or it keeps silent for so long
};
// The end is durable; the spawner may forget it.
struct AckEnded {
  NodeId node;
  Incarnation incarnation;
  AttemptRef attempt;
};

struct AcceptNode {
  StreamId stream;
  NodeId node;
  Incarnation incarnation;
  Duration lease{};
  // That it was given before and may have still; of one on several nodes only if this is the main one.
  std::vector<AttemptRef> attempts{};
};
struct RefuseNode {
  StreamId stream;
  Error error;
  Incarnation current{};  // set: say Hello again and name this one
};

using Message =
    std::variant<Reply, LaunchTask, StopTask, NoticeTask, StrikeNode, AckEnded, AcceptNode, RefuseNode>;

}  // namespace bsub::sched
