// The spawner's side of the socket to its agent: who may connect, frames in, frames out. One connection at a
// time; a newer one replaces the older, because an agent that was restarted must not wait for its
// predecessor's to time out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "api/bsub/v1/spawner.pb.h"
#include "common/result.h"
#include "worker/launch/frame.h"
#include "worker/launch/unique_fd.h"
#include "worker/spawner/poller.h"
#include "worker/spawner/state_dir.h"

namespace bsub::spawner {

inline constexpr int kSpawnerProtocol = 1;
inline constexpr int kOldestSpawnerProtocol = 1;

struct AgentLinkSettings {
  std::size_t max_frame_bytes = 0;
  std::optional<std::uint32_t> agent_uid;
};

class AgentLink {
 public:
  using OnMessage = std::function<void(const v1::spawner::ToSpawner&)>;

  // Binds DIR/spawner.sock; the caller holds the directory's lock.
  static Result<AgentLink> Listen(const StateDir& dir, AgentLinkSettings settings, Poller& poller);

  bool Owns(int fd) const { return fd == listener_.get() || (fd == connection_.get() && fd >= 0); }
  // Accepts, or reads what is there and hands out its messages.
  void OnReady(const Ready& ready, const OnMessage& on_message);
  // Queued until Flush; dropped if no agent that said hello is there (it will ask for the list).
  void Send(const v1::spawner::FromSpawner& message);
  void Flush();
  // After an AgentHello that was accepted: from now on Send sends.
  void Greet(const v1::spawner::FromSpawner& hello);
  // Says why and closes.
  void Refuse(const std::string& reason);

 private:
  AgentLink(worker::UniqueFd listener, AgentLinkSettings settings, Poller& poller)
      : settings_(settings),
        poller_(&poller),
        listener_(std::move(listener)),
        reader_(settings.max_frame_bytes) {}
  void Accept(const OnMessage& on_message);
  void Read(const OnMessage& on_message);
  void HandOut(const OnMessage& on_message);
  void Close(const std::string& why);

  AgentLinkSettings settings_;
  Poller* poller_;
  worker::UniqueFd listener_;
  worker::UniqueFd connection_;
  worker::FrameReader reader_;
  std::string outgoing_;
  std::size_t sent_ = 0;  // of outgoing_
  bool greeted_ = false;
  bool watching_writes_ = false;
};

}  // namespace bsub::spawner
