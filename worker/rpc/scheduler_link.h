// The agent's side of the stream to the scheduler (worker.proto). One call at a time; what happens on it is
// put in a mailbox, with the number of the call, so that the late news of an old one can be told from the
// present one's.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "api/bsub/v1/worker.grpc.pb.h"
#include "common/result.h"
#include "common/time.h"
#include "worker/rpc/mailbox.h"
#include "worker/rpc/report_gatherer.h"

namespace bsub::worker {

struct LinkSettings {
  std::string target;  // "unix:PATH" or "host:port"
  std::string token;   // empty: none, the socket's peer credentials are enough
  std::string tls_ca;  // PEM; empty: plain
  std::size_t max_message_bytes = std::size_t{64} << 20;
  Duration longest_reconnect = std::chrono::seconds(2);  // of the channel below the calls
};

struct LinkEvent {
  std::uint64_t call = 0;
  std::unique_ptr<v1::ToNode> message;  // null: the call is over
  std::string reason;                   // then: why, in one line
};

class SchedulerStream;

class SchedulerLink {
 public:
  SchedulerLink(const LinkSettings& settings, Mailbox<LinkEvent>& events);
  ~SchedulerLink();

  // Starts a call and returns its number; an open one is given up.
  std::uint64_t Open();
  void Close();
  // From any thread. Dropped if no call is open: what it says will be said again in the next Hello. Reports
  // of tasks may wait for others, if the scheduler takes many at a time.
  void Send(v1::FromNode message);
  // Bytes of log data that wait to be written; a reader of logs pauses while there are many.
  std::size_t QueuedBytes() const;

 private:
  void SendNow(v1::FromNode message);

  const LinkSettings settings_;
  Mailbox<LinkEvent>& events_;
  std::unique_ptr<v1::Worker::Stub> stub_;
  mutable std::mutex mutex_;
  std::shared_ptr<SchedulerStream> stream_;
  std::uint64_t calls_ = 0;
  ReportGatherer reports_{[this](v1::FromNode message) { SendNow(std::move(message)); }};
};

}  // namespace bsub::worker
