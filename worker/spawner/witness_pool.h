// The witnesses of a node, and which of them are free: a task is given to one that has nothing to do, or to a
// new one. They are kept, because making a process for each task costs as much as a short task.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/result.h"
#include "worker/core/attempt_key.h"
#include "worker/launch/unique_fd.h"
#include "worker/spawner/launch_bytes.h"
#include "worker/spawner/launcher.h"
#include "worker/spawner/poller.h"
#include "worker/spawner/witness_words.h"

namespace bsub::spawner {

struct WitnessPoolSettings {
  std::size_t max_idle = 0;      // those that have nothing to do beyond this many are let go
  std::uint32_t max_tasks = 0;   // of one witness, one after another
  std::int64_t patience_us = 0;  // how long one that has nothing to do may take to read its order
};

// What is heard of the task that a witness has.
struct Heard {
  worker::AttemptKey task;
  std::optional<Word>
      word;  // nothing: its witness is gone, and so is a main process that executes nothing yet
};

class WitnessPool {
 public:
  WitnessPool(Launcher launcher, Poller& poller, WitnessPoolSettings settings)
      : launcher_(std::move(launcher)), poller_(&poller), settings_(settings) {}

  Status Start() { return launcher_.Start(); }

  // Gives the task to a witness; returns its socket, which names it from now on. After an error nothing of
  // the order is ever executed.
  Result<int> Give(const LaunchOrder& order);

  bool Owns(int socket) const { return by_socket_.count(socket) != 0; }
  // What was said since, without waiting.
  std::vector<Heard> Hear(int socket);
  // It is heard to be gone soon. A main process that does not execute yet never will, and says so.
  void Kill(int socket);

  // A child of the spawner was reaped; false: it was none of ours.
  bool OnReaped(pid_t pid);
  bool Has(pid_t pid) const { return launcher_.Is(pid) || by_pid_.count(pid) != 0; }

 private:
  struct Witness {
    pid_t pid = 0;
    worker::UniqueFd socket;
    WordReader words;
    std::optional<worker::AttemptKey> task;
    bool idle = false;        // in idle_
    bool executed = false;    // its last task's program
    std::uint32_t tasks = 0;  // that it was given
  };

  Result<int> MakeWitness();
  bool TakeOrder(Witness& witness, std::string_view order);
  // False: it is no witness, by what it says.
  static bool TakeWords(Witness& witness, std::vector<Heard>& heard);
  bool AwaitDeath(const Witness& witness) const;
  void BecomeIdle(int socket);
  void LetGo(int socket);
  void Drop(int socket);

  Launcher launcher_;
  Poller* poller_;
  WitnessPoolSettings settings_;
  std::map<int, Witness> by_socket_;
  std::unordered_map<pid_t, int> by_pid_;  // until reaped; -1: let go
  std::vector<int> idle_;
};

}  // namespace bsub::spawner
