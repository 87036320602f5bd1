// The table of settings.
#include "jobs/text.h"
#include "scheduler/daemon/setting_kinds.h"
#include "scheduler/daemon/settings.h"

namespace bsub::daemon {
namespace {

// These keep any one entry and payload below the largest record that the journal can hold (512 MiB): an entry
// holds what one message said, or ranges of an array's children (up to 17 bytes each), or the ids of
// forgotten jobs (up to 10 bytes each). How many entries one decision has does not matter to it.
constexpr std::int64_t kMostMessageBytes = std::int64_t{256} << 20;
constexpr std::int64_t kMostArrayChildren = 20'000'000;
constexpr std::int64_t kMostForgotten = 10'000'000;

Setting LogLevel() {
  return {"log.level", "What is logged: debug, info, warning or error.",
          [](DaemonSettings& settings, const std::string& value) -> Status {
            if (value != "debug" && value != "info" && value != "warning" && value != "error") {
              return InvalidArgument(Quoted(value) + " is none of debug, info, warning, error");
            }
            settings.log_level = value;
            return OkStatus();
          },
          [](const DaemonSettings& settings) { return settings.log_level; }};
}

#define BSUB_AT(member) [](DaemonSettings& s) -> decltype(s.member)& { return s.member; }

void AddCount(std::vector<Setting>& table, std::string name, std::string help, Access<std::uint32_t> at,
              std::int64_t min = 0) {
  table.push_back(Number<std::uint32_t>(std::move(name), std::move(help), at, min));
}

// Of jobs and job definitions in the core.
void AddRoom(std::vector<Setting>& table) {
  table.push_back(Number<std::int64_t>("core.max_jobs", "Jobs in the core, finished ones included.",
                                       BSUB_AT(core.max_jobs), 1));
  table.push_back(Number<std::int32_t>("core.early_forgetting_percent",
                                       "When the core holds so many percent of core.max_jobs, the jobs that "
                                       "finished first leave it before core.finished_retention is over. The "
                                       "history keeps them.",
                                       BSUB_AT(core.early_forgetting_percent), 1, 99));
  table.push_back(
      Time("core.least_retention",
           "How long a job that is over stays at least, also when the core is nearly full: whoever waits "
           "for it, or repeats a submit, must find it. Then new jobs are refused.",
           BSUB_AT(core.least_retention)));
  table.push_back(Number<std::int64_t>("core.max_definitions",
                                       "Revisions of job definitions of all users. Deregistered ones stay "
                                       "until this or the next is reached; then those of the same name are "
                                       "forgotten, and then those of other names, but not the first, which "
                                       "says whose the name is, nor the last, which says how far its numbers "
                                       "went. A name of the caller's of which none is active goes "
                                       "altogether: whoever makes it again begins with revision 1.",
                                       BSUB_AT(core.max_definitions), 1));
  table.push_back(Number<std::int64_t>("core.max_definitions_per_user",
                                       "Revisions of job definitions that one user registered; the same "
                                       "goes for his deregistered ones.",
                                       BSUB_AT(core.max_definitions_per_user), 1));
  table.push_back(Bytes<std::size_t>("core.max_definition_bytes",
                                     "The texts of one revision of a job definition together: command, "
                                     "environment, parameters, tags.",
                                     BSUB_AT(core.max_definition_bytes)));
}

// When finished jobs leave the core.
void AddForgetting(std::vector<Setting>& table) {
  table.push_back(Time("core.finished_retention",
                       "How long finished jobs stay in the core; the history keeps them "
                       "longer.",
                       BSUB_AT(core.finished_retention)));
  table.push_back(
      Number<std::uint32_t>("core.max_forgotten_per_tick",
                            "Finished jobs that leave the core in one step; an array counts once more for "
                            "each 10,000 children.",
                            BSUB_AT(core.max_forgotten_per_tick), 1, kMostForgotten));
  table.push_back(Time("core.forget_interval",
                       "How often it is looked for finished jobs that may leave the core.",
                       BSUB_AT(core.forget_interval), std::chrono::milliseconds(10)));
  table.push_back(Time("core.early_forget_interval",
                       "The same while the core is nearly full (core.early_forgetting_percent).",
                       BSUB_AT(core.early_forget_interval), std::chrono::milliseconds(10)));
}

void AddNotices(std::vector<Setting>& table) {
  table.push_back(
      Time("core.notice_lead",
           "So long before a node is taken away its tasks are ended, so that their ends are heard "
           "of; but at the earliest after nine tenths of the notice.",
           BSUB_AT(core.notice_lead)));
  table.push_back(Time(
      "core.mean_interruption",
      "So long a node is expected to stay before it is taken away. It counts as one interruption in that "
      "much time of a node beside what the scheduler has seen since it started, apart for interruptible "
      "nodes and others. Jobs that choose their own interval between saves go by it.",
      BSUB_AT(core.mean_interruption)));
  table.push_back(
      Time("core.restart_progress",
           "A task that exits with its checkpoint exit code without a notice, sooner than this after "
           "its start, got nowhere.",
           BSUB_AT(core.restart_progress)));
  AddCount(table, "core.max_idle_restarts", "A task that does so this many times in a row fails.",
           BSUB_AT(core.max_idle_restarts), 1);
}

// Of the nodes that are kept free.
void AddKept(std::vector<Setting>& table) {
  AddCount(table, "core.kept_nodes_per_queue",
           "In each queue for so many kinds of task, the first that fit nowhere, the nodes that one of them "
           "asks for are kept free, so that smaller ones behind them do not take the room for ever; 0: none.",
           BSUB_AT(core.kept_nodes_per_queue));
  AddCount(table, "core.max_gang_choices_per_cycle",
           "How often one scheduling cycle looks for places of a multi-node "
           "job, or by features: several times for one that takes as many "
           "nodes as there are. The next cycle goes on where this was reached.",
           BSUB_AT(core.max_gang_choices_per_cycle), 1);
  AddCount(table, "core.max_kept_node_tries",
           "So many tries may be made for a queue in one scheduling cycle until a request "
           "is found for which nodes can be kept; several for one with a placement.",
           BSUB_AT(core.max_kept_node_tries), 1);
  AddCount(table, "core.forecast_plays",
           "So often `when` plays the cluster forward to say when a job will probably start.",
           BSUB_AT(core.study.plays), 10);
  AddCount(table, "core.forecast_max_jobs",
           "Waiting jobs that are played then, those that are served "
           "first; a job behind them is played beside these.",
           BSUB_AT(core.study.max_jobs), 1);
  AddCount(table, "core.forecast_max_steps",
           "Starts, ends and cycles of all plays together; with less "
           "than ten plays done by then there is no answer.",
           BSUB_AT(core.study.max_steps), 1);
  AddCount(table, "core.max_planned_jobs",
           "In a queue with conservative backfill so many jobs are planned for; what is behind them waits.",
           BSUB_AT(core.max_planned_jobs), 1);
  AddCount(table, "core.max_preemptions_per_cycle",
           "Attempts that one scheduling cycle may have end early for "
           "jobs of queues that preempt theirs; 0: none.",
           BSUB_AT(core.max_preemptions_per_cycle), 0);
  table.push_back(Time("core.preemption_notice",
                       "How long a preempted attempt has to save, or to come to its end.",
                       BSUB_AT(core.preemption_notice)));
  table.push_back(Number<std::size_t>("core.max_reservations", "Advance reservations there may be at a time.",
                                      BSUB_AT(core.max_reservations), 0));
  AddCount(table, "core.kept_node_candidates",
           "Nodes, those with the most room, whose tasks are looked at to find the one that is kept.",
           BSUB_AT(core.keep.candidates), 1);
  table.push_back(Time("core.kept_node_shortest_guess",
                       "A task without a time limit is expected to run as long again as it has, and at "
                       "least so long; a node stays kept for at least twice this.",
                       BSUB_AT(core.keep.shortest_guess), std::chrono::milliseconds(1)));
}

void AddPlacement(std::vector<Setting>& table) {
  table.push_back(Number<std::uint32_t>("core.spread_per_zone",
                                        "Placement spread puts at most so many nodes of a job into one zone: "
                                        "the level of the cluster configuration that has this name, or the "
                                        "whole cluster.",
                                        BSUB_AT(core.placement.spread_per_zone), 1));
  table.push_back(
      Number<std::uint64_t>("core.placement_hop_steps",
                            "Steps in the search for the nodes with the fewest hops between them, "
                            "where racks have switches above them. For a job that would need "
                            "more, whole switches are filled, the largest first.",
                            BSUB_AT(core.placement.hop_steps)));
  table.push_back(Number<std::uint64_t>("core.placement_partition_steps",
                                        "Tries to divide racks between the partitions of a job, where "
                                        "dividing them the simple way fails.",
                                        BSUB_AT(core.placement.partition_steps)));
}

void AddCore(std::vector<Setting>& table) {
  using std::chrono::milliseconds;
  table.push_back(Words("core.admins",
                        "Names of users and tokens that may do everything, separated by blanks. Root and "
                        "the scheduler's own user always may.",
                        BSUB_AT(core.authority.admins)));
  table.push_back(Time("core.lease",
                       "How long a node may be out of contact. Where its spawner kills on lease loss, it "
                       "kills then.",
                       BSUB_AT(core.lease), milliseconds(100)));
  table.push_back(Time("core.lease_margin",
                       "How much longer than the lease the scheduler waits before it gives such a "
                       "node's tasks away. Covers their stop grace and clock rates.",
                       BSUB_AT(core.lease_margin)));
  AddForgetting(table);
  AddCount(table, "core.max_begun_per_tick", "Jobs whose begin time comes that are let go in one step.",
           BSUB_AT(core.max_begun_per_tick), 1);
  AddCount(table, "core.max_ended_per_step",
           "Tasks whose dependencies can never be met that end in one step; the rest follow in the next.",
           BSUB_AT(core.max_ended_per_step), 1);
  table.push_back(Number<std::int64_t>("core.max_waiting_per_user",
                                       "Waiting tasks of one user over all queues; an "
                                       "array counts its children; 0: no limit.",
                                       BSUB_AT(core.max_waiting_per_user)));
  AddRoom(table);
  table.push_back(Number<std::size_t>("core.max_control_targets", "Jobs that one cancel, hold, … may name.",
                                      BSUB_AT(core.max_control_targets), 1));
  table.push_back(Number<std::uint64_t>("core.max_control_tasks",
                                        "Tasks that one cancel or requeue may change, children of arrays "
                                        "counted one by one; a single job always may.",
                                        BSUB_AT(core.max_control_tasks), 1));
  table.push_back(Number<std::int32_t>("core.max_user_priority",
                                       "The highest priority that somebody who is no administrator may "
                                       "submit with.",
                                       BSUB_AT(core.max_user_priority)));
  AddKept(table);
  AddPlacement(table);
  table.push_back(Bytes<std::size_t>("core.max_text_bytes",
                                     "The reason given with a cancel, hold, drain, …, or a queue's "
                                     "description.",
                                     BSUB_AT(core.max_text_bytes)));
  AddCount(table, "core.max_interruptions_default",
           "So often in all may a task be interrupted or fail to start on "
           "its node before it fails; a requeue starts again from none.",
           BSUB_AT(core.max_interruptions_default), 1);
  AddNotices(table);
  table.push_back(
      Time("core.node_rest",
           "How long a node gets no new task after it could not start one for a reason of its own, such as "
           "a full disk.",
           BSUB_AT(core.node_rest)));
  table.push_back(Number<std::size_t>("core.max_name_bytes", "Length of a job's name.",
                                      BSUB_AT(core.spec_limits.max_name_bytes), 1));
  table.push_back(
      Number<std::size_t>("core.max_tags", "Tags of one job.", BSUB_AT(core.spec_limits.max_tags)));
  table.push_back(Number<std::uint32_t>("core.max_array_children", "Children of one array.",
                                        BSUB_AT(core.spec_limits.array.max_children), 1, kMostArrayChildren));
  table.push_back(Number<std::uint32_t>("core.max_nodes_per_job", "Nodes that one job may ask for.",
                                        BSUB_AT(core.spec_limits.max_nodes), 1));
  table.push_back(Number<std::size_t>("core.max_dependency_nodes",
                                      "Conditions and operators in one dependency.",
                                      BSUB_AT(core.spec_limits.dependency.max_nodes), 1));
}

void AddLoop(std::vector<Setting>& table) {
  table.push_back(Number<std::size_t>("loop.max_queued",
                                      "Requests that may wait for the core; more are told to try "
                                      "again.",
                                      BSUB_AT(loop.max_queued), 1));
  table.push_back(Number<std::size_t>("loop.max_inputs_per_round",
                                      "Inputs decided before the next batch is handed to "
                                      "the disk.",
                                      BSUB_AT(loop.max_inputs_per_round), 1));
  table.push_back(Number<std::uint32_t>("loop.max_placements_per_cycle",
                                        "Tasks started in one scheduling cycle.",
                                        BSUB_AT(loop.max_placements_per_cycle), 1));
  table.push_back(
      Time("loop.longest_sleep",
           "The machine's clock is looked at so often while jobs wait for their begin time: by so "
           "much may they be late when it was set.",
           BSUB_AT(loop.longest_sleep), std::chrono::milliseconds(10)));
  table.push_back(Time("loop.maintenance_ahead",
                       "Maintenance windows of the cluster's configuration are known so far ahead: no job is "
                       "started on a node whose time limit reaches into one that is known.",
                       BSUB_AT(loop.maintenance_ahead), std::chrono::hours(1)));
}

void AddJournal(std::vector<Setting>& table) {
  table.push_back(Bytes<std::int64_t>("journal.segment_bytes", "Space reserved for one file of the journal.",
                                      BSUB_AT(journal.segment_bytes)));
  table.push_back(Bytes<std::int64_t>("journal.kept_bytes",
                                      "When the disk is full and so much is left of what is reserved, new "
                                      "jobs are refused and no task is started: the rest is for the reports "
                                      "of those that run. At most half of segment_bytes counts.",
                                      BSUB_AT(journal.kept_bytes)));
  table.push_back(Bytes<std::int64_t>("journal.snapshot_bytes",
                                      "Journal written before the next snapshot is made: "
                                      "bounds what a start has to replay.",
                                      BSUB_AT(journal.snapshot_bytes)));
  table.push_back(Number<std::uint32_t>("journal.snapshot_percent",
                                        "The same as a share of the newest snapshot's size, where that is "
                                        "more: a large state is not written again for a few jobs.",
                                        BSUB_AT(journal.snapshot_percent), 0, 1000));
  table.push_back(Number<std::uint32_t>("journal.snapshots",
                                        "Snapshots kept; an older one is what a damaged newest "
                                        "falls back on.",
                                        BSUB_AT(journal.snapshots), 1));
  table.push_back(
      Number<std::uint32_t>("journal.snapshot_nice",
                            "Nice value of the process that makes a snapshot, 0 to 19: how far it "
                            "stands back behind whoever else wants the processor.",
                            BSUB_AT(journal.snapshot_nice), 0, 19));
  table.push_back(Time("journal.history_retention",
                       "How long closed segments stay after no snapshot needs them: the "
                       "history can be rebuilt from them.",
                       BSUB_AT(journal.history_retention)));
  table.push_back(Bytes<std::int64_t>("journal.payload_cache_bytes",
                                      "Memory for commands and environments that were "
                                      "used lately.",
                                      BSUB_AT(journal.payload_cache_bytes)));
  table.push_back(Number<std::size_t>("journal.max_gathered",
                                      "Entries and answers that may wait for the disk before "
                                      "the core does.",
                                      BSUB_AT(journal.max_gathered), 1));
  table.push_back(Number<std::size_t>("journal.max_unreleased",
                                      "Batches that are durable and wait to be told of before the disk is "
                                      "held back too.",
                                      BSUB_AT(journal.max_unreleased), 1));
  table.push_back(Bytes<std::int64_t>("journal.max_batch_bytes",
                                      "What is gathered for one write and sync before the core waits for the "
                                      "disk. A single decision that is larger is written in such parts, and "
                                      "counts when the last one is durable.",
                                      BSUB_AT(journal.max_batch_bytes)));
  table.push_back(Number<std::size_t>("journal.max_history_backlog",
                                      "Batches kept in memory for the history; if it "
                                      "lags more it reads them from the journal.",
                                      BSUB_AT(journal.max_history_backlog), 1));
}

void AddMemory(std::vector<Setting>& table) {
  constexpr std::int64_t kMost = std::int64_t{32} << 20;  // what mallopt(3) takes
  table.push_back(
      Bytes<std::int64_t>("memory.mapped_bytes",
                          "A block of memory from this size on goes back to the system as soon as "
                          "it is free, at the cost of system calls.",
                          BSUB_AT(memory.mapped_bytes), kMost));
  table.push_back(Bytes<std::int64_t>("memory.spare_bytes",
                                      "Free memory at the end of each heap that is kept for what comes next.",
                                      BSUB_AT(memory.spare_bytes), kMost));
}

void AddHistory(std::vector<Setting>& table) {
  table.push_back(Time("history.retention",
                       "How long the history keeps jobs that are over, their attempts and events; at least "
                       "as long as the core does (core.finished_retention).",
                       BSUB_AT(history.retention)));
  table.push_back(Time("history.gather",
                       "So long do entries wait for others before the history takes them in one step; not "
                       "while somebody asks it.",
                       BSUB_AT(history.gather)));
  table.push_back(Number<std::size_t>("history.max_removed_per_step",
                                      "Rows that leave the history after each batch that it takes: what is "
                                      "too old goes little by little.",
                                      BSUB_AT(history.max_removed_per_step), 1));
}

void AddLimits(std::vector<Setting>& table) {
  table.push_back(Bytes<std::size_t>("rpc.max_message_bytes", "One message of a client or a node.",
                                     BSUB_AT(rpc.max_message_bytes), kMostMessageBytes));
  table.push_back(Bytes<std::size_t>("rpc.max_arguments_bytes", "A job's arguments together.",
                                     BSUB_AT(rpc.max_arguments_bytes)));
  table.push_back(Bytes<std::size_t>("rpc.max_argument_bytes",
                                     "One argument or environment variable. Linux takes no "
                                     "more than the default.",
                                     BSUB_AT(rpc.max_argument_bytes)));
  table.push_back(Bytes<std::size_t>("rpc.max_environment_bytes", "A job's environment.",
                                     BSUB_AT(rpc.max_environment_bytes)));
  table.push_back(
      Bytes<std::size_t>("rpc.max_script_bytes", "A job's script.", BSUB_AT(rpc.max_script_bytes)));
  table.push_back(
      Number<std::size_t>("rpc.max_targets", "Job ids in one request.", BSUB_AT(rpc.max_targets), 1));
  table.push_back(Number<std::size_t>("rpc.max_submits_in_flight",
                                      "Unanswered submits on one stream; then it is read no further.",
                                      BSUB_AT(rpc.max_submits_in_flight), 1));
  table.push_back(Number<std::size_t>("rpc.list_page_jobs",
                                      "Jobs looked at in one visit to the core by a listing.",
                                      BSUB_AT(rpc.list_page_jobs), 1));
  table.push_back(Bytes<std::size_t>("rpc.list_page_bytes",
                                     "Job definitions copied in one visit to the core by a listing.",
                                     BSUB_AT(rpc.list_page_bytes)));
  AddCount(table, "rpc.max_forecast_steps",
           "Tries to place a task in one forecast of `when`; 64 waiting jobs that are passed "
           "over, or nodes that are looked at, count as one more. Beyond it there is none.",
           BSUB_AT(rpc.max_forecast_steps), 1);
  table.push_back(Number<std::size_t>("rpc.max_unread_events",
                                      "Batches kept for a follower of events that reads slowly.",
                                      BSUB_AT(rpc.max_unread_events), 1));
  table.push_back(Bytes<std::size_t>("rpc.max_unread_log_bytes", "Output kept for a slow reader of `logs`.",
                                     BSUB_AT(rpc.max_unread_log_bytes)));
  table.push_back(Time("rpc.slow_reader_pause",
                       "While a reader of `logs` is slow, the node that feeds it is read so much later.",
                       BSUB_AT(rpc.slow_reader_pause), std::chrono::milliseconds(1)));
}

void AddRpc(std::vector<Setting>& table) {
  using std::chrono::milliseconds;
  table.push_back(Time("rpc.wait_report_interval", "`wait` reports counts at most so often.",
                       BSUB_AT(rpc.wait_report_interval)));
  table.push_back(Time("rpc.wait_look_interval", "`wait` looks for the end at most so often.",
                       BSUB_AT(rpc.wait_look_interval), milliseconds(1)));
  table.push_back(Time("rpc.history_timeout", "How long an answer may wait for the history to catch up.",
                       BSUB_AT(rpc.history_timeout)));
  table.push_back(Number<std::size_t>("rpc.reader_threads", "Threads for answers that read files.",
                                      BSUB_AT(rpc.reader_threads), 1));
  table.push_back(Time("rpc.heartbeat", "How often a node and the scheduler hear from each other.",
                       BSUB_AT(rpc.heartbeat), milliseconds(10)));
  table.push_back(Time("rpc.gather_reports",
                       "How long the report of a task's end may wait for others, on the node and in the "
                       "scheduler, when rpc.gather_full_at tasks run there; with fewer it is less in "
                       "proportion. A busy cluster so tells many ends at a time. Starts wait so long in any "
                       "case. At most 1s: who waits for a job waits for it too.",
                       BSUB_AT(rpc.gather_reports), Duration(0), milliseconds(1000)));
  table.push_back(Number<std::uint32_t>("rpc.gather_full_at",
                                        "Running tasks with which reports wait for the whole of "
                                        "rpc.gather_reports.",
                                        BSUB_AT(rpc.gather_full_at), 1));
  table.push_back(Number<std::uint32_t>("rpc.missed_heartbeats",
                                        "After so many without a word a node's connection "
                                        "counts as lost.",
                                        BSUB_AT(rpc.missed_heartbeats), 1));
  table.push_back(Bytes<std::size_t>("rpc.output_tail_bytes",
                                     "The last part of each attempt's output that the "
                                     "scheduler keeps, per stream.",
                                     BSUB_AT(rpc.output_tail_bytes)));
  table.push_back(
      Bytes<std::int64_t>("rpc.max_output_bytes",
                          "Disk that one attempt's output may take in its node's spool. Of a longer one "
                          "the middle is dropped while the task goes on, and `logs` says how much. Files "
                          "named with --output are the user's and not limited. 0: no limit.",
                          BSUB_AT(rpc.max_output_bytes)));
  table.push_back(Program("rpc.step_program",
                          "What runs on the nodes of a job on several nodes that is started on its main "
                          "one (mpirun). The same path on every node; without a '/': beside the scheduler's "
                          "program.",
                          BSUB_AT(rpc.step_program)));
  table.push_back(Number<std::size_t>("rpc.remembered_attempts",
                                      "Attempts that ended on a connected node of which the last output is "
                                      "still taken. What a node says of any other "
                                      "attempt's output is not believed.",
                                      BSUB_AT(rpc.remembered_attempts)));
  table.push_back(Time("rpc.keepalive",
                       "A silent TCP connection is probed so often; without an answer it is closed.",
                       BSUB_AT(rpc.keepalive), milliseconds(1000)));
  table.push_back(
      Number<std::size_t>("rpc.max_connections_per_user",
                          "Connections of one user to the Unix socket at a time, at most half of what the "
                          "process's descriptors allow. Root and the scheduler's own user may have more.",
                          BSUB_AT(rpc.max_connections_per_user), 1));
  table.push_back(Number<std::size_t>("rpc.max_identities",
                                      "Users connected over the Unix socket at a time; one more "
                                      "ends the connections of the one that has been quiet for longest.",
                                      BSUB_AT(rpc.max_identities), 2));
  table.push_back(Octal("rpc.socket_mode",
                        "Who may connect to the Unix socket: 0600 this user alone, 0666 every user "
                        "that can reach the directory. Each is known by the kernel's word.",
                        BSUB_AT(rpc.socket_mode)));
  table.push_back(Time("rpc.stop_timeout", "How long a stop waits for calls that are being answered.",
                       BSUB_AT(rpc.stop_timeout)));
  table.push_back(Time("rpc.stop_tasks_timeout", "How long a shutdown that stops tasks waits for their ends.",
                       BSUB_AT(stop_tasks_timeout)));
}

#undef BSUB_AT

std::vector<Setting> MakeTable() {
  std::vector<Setting> table;
  AddCore(table);
  AddLoop(table);
  AddJournal(table);
  AddHistory(table);
  AddMemory(table);
  AddLimits(table);
  AddRpc(table);
  table.push_back(LogLevel());
  return table;
}

}  // namespace

const std::vector<Setting>& AllSettings() {
  static const std::vector<Setting> table = MakeTable();
  return table;
}

}  // namespace bsub::daemon
