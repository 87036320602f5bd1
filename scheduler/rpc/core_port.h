// What the adapters ask of the core's thread: put an input on its queue, or look at its state for a moment.
//
// The daemon implements it (scheduler/daemon/core_loop.h). All calls may come from any thread and never
// block. What is called back runs on another thread, in order, once everything that it rests on is durable.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/hash.h"
#include "common/result.h"
#include "common/time.h"
#include "scheduler/core/input.h"
#include "scheduler/core/message.h"
#include "scheduler/core/scheduler.h"

namespace bsub::rpc {

// Bytes that have to be durable before the entry that names their hash.
struct StagedPayload {
  PayloadHash hash;
  std::shared_ptr<const std::string> bytes;
};

// The core as a read sees it, for the time of the call only.
struct CoreView {
  const sched::Scheduler& scheduler;
  TimePoint now;
  const sched::State& state() const { return scheduler.state(); }
};

using ReplyFn = std::function<void(Result<sched::ReplyBody>)>;
// Makes an input from what it sees, on the core's thread: read and decision are one step.
using DecideFn = std::function<Result<sched::InputBody>(const CoreView&)>;
// Looks, briefly and bounded, and returns what is to be done with it once it is durable.
using ReadFn = std::function<std::function<void()>(const CoreView&)>;

class CorePort {
 public:
  virtual ~CorePort() = default;

  // `done` is called exactly once if this returns success. ResourceExhausted: the queue is full; Unavailable:
  // stopping.
  virtual Status Decide(DecideFn decide, std::vector<StagedPayload> payloads, ReplyFn done) = 0;
  virtual Status Read(ReadFn read) = 0;
  // From a node's stream: has no answer and is never refused for a full queue, since a node cannot say it
  // again.
  virtual void SendFromNode(sched::InputBody input) = 0;
  // What came together, to be decided together where that can be.
  virtual void SendAllFromNode(std::vector<sched::InputBody> inputs) {
    for (sched::InputBody& input : inputs) SendFromNode(std::move(input));
  }

  // An input that needs no look at the state first. Its `reply` is filled in by the loop.
  Status Send(sched::InputBody input, std::vector<StagedPayload> payloads, ReplyFn done) {
    auto shared = std::make_shared<sched::InputBody>(std::move(input));
    return Decide([shared](const CoreView&) -> Result<sched::InputBody> { return std::move(*shared); },
                  std::move(payloads), std::move(done));
  }
};

}  // namespace bsub::rpc
