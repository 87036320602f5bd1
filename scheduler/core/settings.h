// Every number that shapes the core's decisions, with a default that works on a laptop. Settings influence
// decisions only, never Apply: a journal replays under any settings.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/time.h"
#include "jobs/authority.h"
#include "jobs/job_spec.h"
#include "scheduler/core/placement.h"

namespace bsub::sched {

// How a node that is kept free is chosen.
struct KeepLimits {
  std::uint32_t candidates = 64;  // nodes, those with the most room, that have their tasks looked at
  // A task that has just begun says nothing of how long it will run, and a choice must stand for a while.
  Duration shortest_guess = std::chrono::minutes(1);
};

// What `when` may cost (start_study.h).
struct StudyLimits {
  std::uint32_t plays = 40;  // of the cluster's future; fewer than `least_plays` are no answer
  std::uint32_t least_plays = 10;
  std::uint32_t max_jobs = 2'000;  // waiting jobs that are played: those that are served first
  // Jobs that wait, tasks that run, and what is copied, a thousand children of an array counting as a job;
  // with more there is no answer.
  std::uint32_t max_looked = 50'000;
  std::uint32_t max_steps = 300'000;  // starts, ends and cycles of all plays together
};

struct Settings {
  AuthorityPolicy authority;
  SpecLimits spec_limits;
  // Waiting tasks of one user over all queues, an array counting its size; 0: no limit.
  std::int64_t max_waiting_per_user = 2'000'000;
  std::int64_t max_jobs = 5'000'000;  // rows in the core, finished ones included
  // From so many percent of max_jobs on, the jobs that finished first are forgotten before their retention is
  // over.
  std::int32_t early_forgetting_percent = 90;
  // But not before they were over for so long: whoever waits for them, or repeats a submit, must find them.
  Duration least_retention = std::chrono::minutes(15);
  // Revisions of job definitions, of all users and that one user registered. When it is reached, deregistered
  // ones are forgotten.
  std::int64_t max_definitions = 10'000;
  std::int64_t max_definitions_per_user = 1'000;
  // The texts of one revision together. With max_definitions it bounds what definitions take.
  std::size_t max_definition_bytes = std::size_t{64} << 10;
  std::size_t max_control_targets = 100'000;
  // Tasks that one cancel or requeue ends or sends back; children of arrays count one by one.
  std::uint64_t max_control_tasks = 2'000'000;
  // The highest priority that somebody who is no administrator may submit with: without it whoever asks for
  // most is first.
  std::int32_t max_user_priority = 100;
  // In each queue for so many classes of tasks that fit nowhere now the nodes they ask for are kept free; 0:
  // none, and what is wide may wait for ever while smaller tasks come.
  std::uint32_t kept_nodes_per_queue = 1;
  // A request that no node could ever serve is no reason to keep one; so many are tried before it is left.
  std::uint32_t max_kept_node_tries = 100;
  // How often one scheduling cycle looks for places of a gang, or by features; what is left is the next
  // cycle's.
  std::uint32_t max_gang_choices_per_cycle = 200;
  // In a queue with conservative backfill so many jobs are planned for; what is behind them waits.
  std::uint32_t max_planned_jobs = 100;
  // Attempts that one scheduling cycle may have end early for jobs of queues that preempt theirs, and so
  // often it looks for such.
  std::uint32_t max_preemptions_per_cycle = 10;
  // How long they have to save or to come to their ends.
  Duration preemption_notice = std::chrono::minutes(1);
  std::size_t max_reservations = 1000;  // advance reservations at a time
  KeepLimits keep;
  StudyLimits study;
  // What connects the nodes; null: not known, and all count as being on one rack.
  std::shared_ptr<const Topology> topology;
  PlacementLimits placement;
  // Directories that outlive an interruptible node: those that save must be below one of them. Empty: not
  // known, all do.
  std::vector<std::string> durable_paths{};
  // What people write beside what they do: reasons, descriptions. It is copied into ends and messages.
  std::size_t max_text_bytes = 1024;

  // A node whose stream broke may be declared dead, where its spawner kills on lease loss, after lease +
  // margin.
  Duration lease = std::chrono::seconds(30);
  Duration lease_margin = std::chrono::seconds(45);  // covers the stop grace of its tasks and clock rates

  // A node that could not start a task for a reason of its own (a full disk) gets no new one for so long.
  Duration node_rest = std::chrono::seconds(30);

  // Finished jobs stay in the core this long (LSF's CLEAN_PERIOD, AWS Batch: at least 7 days).
  Duration finished_retention = std::chrono::hours(24 * 7);
  std::uint32_t max_forgotten_per_tick = 10'000;
  // How long it rests when nothing more may go; the second while new jobs may be refused for want of room.
  Duration forget_interval = std::chrono::minutes(1);
  Duration early_forget_interval = std::chrono::seconds(10);
  std::uint32_t max_begun_per_tick = 10'000;  // jobs that reach their begin time
  // Waiting tasks that one input ends because their dependencies can never be met; the rest follow by Ticks.
  std::uint32_t max_ended_per_step = 10'000;

  // Before a node is taken away its tasks are ended so long before, so that their ends are heard of; but
  // after nine tenths of the notice at the earliest.
  Duration notice_lead = std::chrono::seconds(2);
  // A task that asks to be started again, without a notice, after less time than this got nowhere; after so
  // many of these in a row it fails.
  Duration restart_progress = std::chrono::seconds(10);
  std::uint32_t max_idle_restarts = 5;

  // Until one node is taken away, before anything was measured.
  Duration mean_interruption = std::chrono::hours(6);

  // How often a task may lose its node before it fails, where the job does not say.
  std::uint32_t max_interruptions_default = 100;
};

}  // namespace bsub::sched
