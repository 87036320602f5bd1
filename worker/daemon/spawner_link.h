// The agent's side of the socket to the spawner: connects, says hello, gathers the list, and turns what comes
// into NodeCore's words.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/bsub/v1/spawner.pb.h"
#include "common/result.h"
#include "worker/core/messages.h"
#include "worker/launch/frame.h"
#include "worker/launch/unique_fd.h"

namespace bsub::worker {

class SpawnerLink {
 public:
  using Hear = std::function<void(InputBody)>;

  SpawnerLink(std::string socket_path, std::size_t max_frame_bytes, std::string version)
      : socket_path_(std::move(socket_path)),
        max_frame_bytes_(max_frame_bytes),
        version_(std::move(version)),
        reader_(max_frame_bytes) {}

  // Unavailable while the spawner is not there.
  Status Connect();
  bool connected() const { return fd_.valid(); }
  int fd() const { return fd_.get(); }
  bool wants_to_write() const { return sent_ < outgoing_.size(); }

  // Reads what is there. `hear` gets SpawnerUp once the whole list is in, then reports, at last SpawnerDown.
  void OnReadable(const Hear& hear);
  // Set once the spawner has refused us for good; the message says why.
  const std::optional<Error>& refusal() const { return refusal_; }

  void Send(const StartTask& start);
  void Send(const StopTask& stop);
  void Send(const NoticeTask& notice, const std::string& action);
  void Send(const ForgetTask& forget);
  void Send(const RenewLease& lease);
  void SendDie();
  // Writes what was sent; the rest when the socket is writable again.
  void Flush();

  // What the spawner said of itself.
  const v1::spawner::SpawnerHello& hello() const { return hello_; }

 private:
  void Queue(const v1::spawner::ToSpawner& message);
  void TakeFrames(const Hear& hear);
  void Take(const v1::spawner::FromSpawner& message, const Hear& hear);
  void Drop(const Hear& hear);

  std::string socket_path_;
  std::size_t max_frame_bytes_;
  std::string version_;
  UniqueFd fd_;
  FrameReader reader_;
  std::string outgoing_;
  std::size_t sent_ = 0;  // of outgoing_
  v1::spawner::SpawnerHello hello_;
  std::vector<TaskState> list_;
  bool up_ = false;  // the list is whole
  std::optional<Error> refusal_;
};

TaskState StateFrom(const v1::spawner::TaskStatus& status);

}  // namespace bsub::worker
