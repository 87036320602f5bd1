// Reads tasks' output for people elsewhere, on a thread of its own: output may lie on a slow file system, and
// the agent's heartbeats must not wait for it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "api/bsub/v1/worker.pb.h"
#include "common/time.h"
#include "worker/core/attempt_key.h"
#include "worker/daemon/output_file.h"
#include "worker/launch/unique_fd.h"

namespace bsub::worker {

struct LogReaderSettings {
  std::string spool;  // the spawner's state directory
  std::int64_t tail_bytes = 0;
  Duration look_interval{};
  std::size_t chunk_bytes = 0;
  std::size_t max_queued_bytes = 0;
};

class LogReader {
 public:
  using Send = std::function<void(v1::FromNode)>;    // from the reader's thread
  using QueuedBytes = std::function<std::size_t()>;  // of what was sent and is not written yet

  LogReader(LogReaderSettings settings, Send send, QueuedBytes queued_bytes);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // Starts (or, with `cancel`, stops) an answer. `over`: the attempt writes nothing more.
  void Read(const v1::ReadLog& request, std::uint64_t incarnation, bool over);
  // The attempt is over: who follows it gets the rest. The last part of its output goes to the scheduler.
  void AttemptOver(const AttemptKey& attempt, std::uint64_t incarnation);
  // The last part of a running attempt's output goes to the scheduler if it has grown since it was sent last.
  void AttemptRuns(const AttemptKey& attempt, std::uint64_t incarnation);
  // A new stream: nobody waits for the answers any more.
  void ForgetRequests();

 private:
  struct Answer {
    v1::ReadLog request;
    AttemptKey attempt;
    std::uint64_t incarnation = 0;
    bool over = false;
    std::optional<OutputFile> file;
    std::int64_t offset = 0;
  };
  struct Tail {
    AttemptKey attempt;
    std::uint64_t incarnation = 0;
    bool final = false;
  };

  void Run();
  // One step of one answer; true once it is finished.
  bool Step(Answer& answer, bool& idle);
  void Finish(const Answer& answer, const std::string& error);
  void SendTail(const Tail& tail, bool standard_error);

  const LogReaderSettings settings_;
  const Send send_;
  const QueuedBytes queued_bytes_;
  UniqueFd spool_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::list<Answer> incoming_;
  std::deque<std::uint64_t> cancelled_;
  std::deque<AttemptKey> over_;
  std::deque<Tail> tails_;
  bool forget_ = false;

  // The thread's own:
  std::list<Answer> answers_;
  std::map<std::pair<AttemptKey, bool>, std::int64_t> sent_sizes_;  // of running attempts' outputs
  std::thread thread_;
};

}  // namespace bsub::worker
