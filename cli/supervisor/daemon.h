// One daemon under supervision: started by us, or found alive from the record of an earlier supervisor.
//
// The record names the process before it executes its program: a new supervisor never misses a daemon, and a
// child whose parent died before the record was written ends by itself.
#pragma once

#include <optional>
#include <string>

#include "cli/supervisor/backoff.h"
#include "cli/supervisor/daemon_spec.h"
#include "cli/supervisor/process.h"
#include "cli/supervisor/unique_fd.h"

namespace bsub::cli {

class Daemon {
 public:
  Daemon(DaemonSpec spec, const HomeLayout& layout, BackoffSettings backoff);

  const DaemonSpec& spec() const { return spec_; }
  bool running() const { return pidfd_.valid(); }
  int pidfd() const { return pidfd_.get(); }
  pid_t pid() const { return running() ? identity_.pid : 0; }
  int restarts() const { return backoff_.restarts(); }
  const std::string& last_end() const { return last_end_; }  // "exited with code 1"; empty: never ended
  bool gave_up() const { return gave_up_; }        // its last end was an exit of its own with an error
  bool ended_well() const { return ended_well_; }  // the last end was seen and was an exit with 0
  Duration start_at() const { return start_at_; }  // while not running: not before

  bool MayStart() const;  // what it needs is there
  // True if the recorded process lives; it is then watched like one of our own.
  bool Adopt(Duration now);
  Status Start(Duration now, const std::string& option = "");  // beside those of its spec
  // Call when pidfd() is readable.
  void OnEnd(Duration now);
  void Signal(int signal) const;

 private:
  [[noreturn]] void RunChild(int go, const std::string& option) const;
  void PlanRestart(Duration now);

  DaemonSpec spec_;
  std::string record_;
  std::string log_;
  Backoff backoff_;
  ProcessIdentity identity_;
  UniqueFd pidfd_;
  bool is_child_ = false;
  Duration started_at_{};
  Duration start_at_{};
  std::string last_end_;
  bool gave_up_ = false;
  bool ended_well_ = false;
};

}  // namespace bsub::cli
