// Runs the commands of a scenario in an Env. Commands, one per line; T is a job or child, "2" or "2[17]":
//
//   nodes N cpus=C                 N nodes more, named n1, n2, …       node NAME cpus=C [kill]
//   queue NAME [priority=P] [max_running=N] [max_running_per_user=N] [closed] [policy=fair-share]
//         [backfill=easy] [share=gold*=0.5] [overdue_hours=H] [max_cpus=N] [max_cpus_per_user=N]
//         [max_cpus_per_share=N] [max_running_per_share=N] [max_waiting_per_share=N] [preempts=QUEUE]
//   submit [name=] [cpus=] [array=] [after=] [queue=] [priority=] [retry=] [by=bob] [begin=+1h] [token=N]
//          [held] [keep-if-impossible] [nodes=N] [exclusive] [ends-with-main]
//          [placement=cluster:preferred@5m] [share=S] [walltime=1h] [reservation=R]
//   crowd hours=H [until=NAME]     a stream of small jobs (crowd.h), until the job of that name starts
//   maintenance NAME node= in= for= · reserve NAME in= for= nodes=N|node= [user=alice] [by=] · unreserve NAME
//   racks n1,n2 n3,n4              the tree of the cluster, before there are nodes
//   cycle [N]                      start what can start, at most N
//   start T · finish T CODE        what the node reports
//   cancel T [by=] · hold T · release T · requeue T · priority T N
//   advance 90s                    the only thing that moves the clock
//   disconnect NODE · connect NODE · reboot NODE
//   drain NODE [reason=] · resume NODE · declare-dead NODE · remove NODE
//   lose-messages · deliver-messages
//   restart                        the scheduler, from its journal; its nodes are out of contact until
//   connect show · why T                   read only
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/scenarios/crowd.h"
#include "tests/support/scheduler_env.h"

namespace bsub::testing {

class ScenarioRun {
 public:
  // The lines that came of one command: entries and messages in order, or what was asked for. A command that
  // cannot be read gives one line that says so.
  std::vector<std::string> Do(std::string_view command);

 private:
  struct Words;
  void Act(const Words& words, std::vector<std::string>& out);
  bool ActOnJobs(const Words& words);
  bool ActOnNodes(const Words& words);
  bool ActOnTheScheduler(const Words& words);
  bool Look(const Words& words, std::vector<std::string>& out);
  void Submit(const Words& words);
  void SetQueue(const Words& words);

  Env env_;
  Crowd crowd_{env_};
};

}  // namespace bsub::testing
