// Where things are below BSUB_LITE_HOME.
//
//   cluster.json    what `up` was asked for; durable
//   first-queues    the queues of a new cluster are still to be made; empty
//   up.lock         held by an `up` or `down` at work
//   supervisor.lock held by the supervisor for its life
//   run/            sockets, records of processes, daemons.json; nothing in it survives a reboot in meaning
//   log/            one file per daemon
//   nodes/NAME/     a node's state: spawner/ and agent/
//   secrets/        mode 0700: launch.key
//   journal/ …      the scheduler's
#pragma once

#include <string>
#include <string_view>

namespace bsub::cli {

struct HomeLayout {
  std::string home;  // absolute

  std::string ClusterFile() const { return home + "/cluster.json"; }
  std::string FirstQueuesMark() const { return home + "/first-queues"; }
  std::string JournalDir() const { return home + "/journal"; }
  std::string UpLock() const { return home + "/up.lock"; }
  std::string SupervisorLock() const { return home + "/supervisor.lock"; }
  std::string RunDir() const { return home + "/run"; }
  std::string LogDir() const { return home + "/log"; }
  std::string SecretsDir() const { return home + "/secrets"; }
  std::string LaunchKey() const { return SecretsDir() + "/launch.key"; }
  std::string SchedulerSocket() const { return RunDir() + "/scheduler.sock"; }
  std::string DaemonsFile() const { return RunDir() + "/daemons.json"; }
  std::string RecordOf(std::string_view daemon) const {
    return RunDir() + "/" + std::string(daemon) + ".pid";
  }
  std::string LogOf(std::string_view daemon) const { return LogDir() + "/" + std::string(daemon) + ".log"; }
  std::string NodeDir(std::string_view node) const { return home + "/nodes/" + std::string(node); }
};

inline constexpr std::string_view kSupervisorName = "supervisor";
inline constexpr std::string_view kSchedulerName = "scheduler";

}  // namespace bsub::cli
