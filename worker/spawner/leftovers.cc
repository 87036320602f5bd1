#include "worker/spawner/leftovers.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

constexpr int kRoundMs = 50;  // how long to wait for the killed before looking again

int PidfdOpen(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }
int PidfdSendSignal(int fd, int signal) {
  return static_cast<int>(syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0));
}

class Finder {
 public:
  Finder(const std::vector<Process>& processes, const LeftoverSigns& signs, pid_t self)
      : processes_(processes), signs_(signs), self_(self) {
    for (const Process& p : processes) by_pid_[p.stat.pid] = &p;
  }

  std::set<pid_t> Find() {
    for (const auto& launched : signs_.recorded) AddSession(launched);
    for (const Process& p : processes_) {
      const bool ours = signs_.task_mark.empty() ? MarkerOf(p.marker, signs_.state_id)
                                                 : MarkerNames(p.marker, signs_.task_mark);
      if (ours) Add(p.stat.pid);
    }
    AddDescendants();
    return std::move(found_);
  }

 private:
  void Add(pid_t pid) {
    if (pid != self_ && pid > 1) found_.insert(pid);
  }

  void AddSession(const v1::spawner::LogRecord::Launched& launched) {
    const auto pid = static_cast<pid_t>(launched.pid());
    const auto leader = by_pid_.find(pid);
    if (leader == by_pid_.end() || leader->second->stat.start_ticks != launched.start_ticks()) return;
    for (const Process& p : processes_) {
      if (p.stat.pid == pid || p.stat.session == pid) Add(p.stat.pid);
    }
  }

  void AddDescendants() {
    // Parents may have larger numbers than their children, so go round until nothing is added.
    for (std::size_t before = 0; before != found_.size();) {
      before = found_.size();
      for (const Process& p : processes_) {
        if (found_.count(p.stat.parent) != 0) Add(p.stat.pid);
      }
    }
  }

  const std::vector<Process>& processes_;
  const LeftoverSigns& signs_;
  pid_t self_;
  std::map<pid_t, const Process*> by_pid_;
  std::set<pid_t> found_;
};

std::vector<Process> Snapshot(const ProcFs& proc) {
  std::vector<Process> processes;
  for (const pid_t pid : proc.All()) {
    const auto stat = proc.Stat(pid);
    if (stat) processes.push_back({*stat, stat->Gone() ? std::string() : proc.Marker(pid)});
  }
  return processes;
}

// A process that is surely the one that was looked at, held by its pidfd.
struct Victim {
  pid_t pid = 0;
  UniqueFd fd;
};

std::vector<Victim> KillThem(const ProcFs& proc, const std::vector<Process>& processes,
                             const std::set<pid_t>& pids) {
  std::vector<Victim> victims;
  for (const Process& p : processes) {
    if (pids.count(p.stat.pid) == 0 || p.stat.Gone()) continue;
    UniqueFd fd(PidfdOpen(p.stat.pid));
    const auto now = proc.Stat(p.stat.pid);
    if (!fd.valid() || !now || now->start_ticks != p.stat.start_ticks || now->Gone()) continue;
    PidfdSendSignal(fd.get(), SIGKILL);
    victims.push_back({p.stat.pid, std::move(fd)});
  }
  return victims;
}

void WaitRound(const std::vector<Victim>& victims) {
  std::vector<pollfd> polls;
  for (const Victim& victim : victims) polls.push_back({victim.fd.get(), POLLIN, 0});
  if (polls.empty()) {
    poll(nullptr, 0, kRoundMs);
    return;
  }
  const std::int64_t until = BootTimeUs() + kRoundMs * 1000;
  while (!polls.empty() && BootTimeUs() < until) {
    if (poll(polls.data(), polls.size(), kRoundMs) <= 0) return;
    polls.erase(std::remove_if(polls.begin(), polls.end(), [](const pollfd& p) { return p.revents != 0; }),
                polls.end());
  }
}

std::vector<std::string> Groups(const CgroupTree& cgroups, const LeftoverSigns& signs) {
  std::vector<std::string> names = cgroups.List();
  if (signs.task_mark.empty()) return names;
  const std::string task = signs.task_mark.substr(signs.task_mark.find(':') + 1);
  std::erase_if(names, [&](const std::string& name) { return name != task; });
  return names;
}

void KillCgroups(CgroupTree& cgroups, const LeftoverSigns& signs) {
  for (const std::string& name : Groups(cgroups, signs)) {
    cgroups.KillAll(name);
    [[maybe_unused]] const auto removed = cgroups.Remove(name);  // next round, if members are still dying
  }
}

}  // namespace

std::set<pid_t> FindLeftovers(const std::vector<Process>& processes, const LeftoverSigns& signs, pid_t self) {
  return Finder(processes, signs, self).Find();
}

Result<int> KillLeftovers(const ProcFs& proc, CgroupTree& cgroups, const LeftoverSigns& signs,
                          std::int64_t deadline_us) {
  const std::int64_t deadline = BootTimeUs() + deadline_us;
  std::set<pid_t> killed;
  for (;;) {
    KillCgroups(cgroups, signs);
    const std::vector<Process> processes = Snapshot(proc);
    const auto victims = KillThem(proc, processes, FindLeftovers(processes, signs, getpid()));
    const std::vector<std::string> groups = Groups(cgroups, signs);
    if (victims.empty() && groups.empty()) return static_cast<int>(killed.size());
    for (const Victim& victim : victims) killed.insert(victim.pid);
    if (BootTimeUs() > deadline) {
      std::string who;
      for (const Victim& victim : victims) who += " " + std::to_string(victim.pid);
      for (const std::string& group : groups) who += " cgroup:" + group;
      return Error{Code::kDeadlineExceeded,
                   "leftover processes of the spawner before will not die:" + who +
                       "; end them by hand (a hung file system?), then start the node again"};
    }
    WaitRound(victims);
  }
}

}  // namespace bsub::spawner
