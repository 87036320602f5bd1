#include "cli/status.h"

#include <ostream>

#include "cli/connect.h"
#include "cli/facts.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/table.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

Manual StatusManual() {
  return {.name = "status",
          .summary = "show the health of the cluster",
          .synopsis = {"[--json]"},
          .paragraphs =
              {"Shows the scheduler, its nodes, the length of its queues and how far its journal has come."},
          .options = {{.name = "json", .text = "Print one JSON object; docs/cli.md lists its fields."}},
          .examples = {{"status", "For people."}, {"status --json | jq .journal.sequence", "For scripts."}},
          .max_words = 0};
}

std::string Share(std::int64_t used, std::int64_t total, std::string (*format)(std::int64_t)) {
  return format(used) + "/" + format(total);
}

std::string Nodes(const api::StatusReply& status, int columns) {
  if (status.nodes().empty()) return "\nNo node is registered.\n";
  Table table({{"NODE"}, {"STATE"}, {"CPUS", true}, {"MEMORY", true}, {"TASKS", true}});
  for (const api::Node& node : status.nodes()) {
    table.Add({node.name(), node.drained() ? node.state() + ", drained" : node.state(),
               Share(node.used().cpu_milli(), node.total().cpu_milli(), FormatCpus),
               Share(node.used().mem_bytes(), node.total().mem_bytes(), FormatBytes),
               std::to_string(node.tasks())});
  }
  return "\n" + table.Render(columns);
}

std::string Queues(const api::StatusReply& status, int columns) {
  Table table({{"QUEUE"}, {"PRIORITY", true}, {"WAITING", true}, {"RUNNING", true}, {"STATE"}});
  for (const api::Queue& queue : status.queues()) {
    std::string state = queue.dispatches() ? "open" : "closed";
    if (!queue.accepts()) state += ", accepts no jobs";
    table.Add({queue.name() + (queue.is_default() ? " (default)" : ""), std::to_string(queue.priority()),
               std::to_string(queue.waiting()), std::to_string(queue.starting() + queue.running()), state});
  }
  return table.empty() ? "" : "\n" + table.Render(columns);
}

int Run(Context& context, const Arguments& arguments) {
  auto client = Connect(context);
  if (!client) return Fail(context, "status", client.error());
  api::StatusReply reply;
  const Status status = client->Call(&api::Scheduler::Stub::Status, api::StatusRequest(), &reply);
  if (!status) return Fail(context, "status", status.error());
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(reply)) << std::flush;
    return kExitOk;
  }
  Facts facts;
  facts.Add("Scheduler", "process " + std::to_string(reply.scheduler_pid()) + ", version " + reply.version() +
                             ", up since " + LocalTime(reply.started_at_us()));
  facts.Add("Home", reply.home());
  facts.Add("Jobs", std::to_string(reply.jobs()) + " known; tasks: " + std::to_string(reply.waiting_tasks()) +
                        " waiting, " + std::to_string(reply.running_tasks()) + " running");
  facts.Add("Journal", "entry " + std::to_string(reply.journal().sequence()) + ", " +
                           FormatBytes(static_cast<std::int64_t>(reply.journal().bytes())) + " in " +
                           std::to_string(reply.journal().segment_count()) + " segments, snapshot at " +
                           std::to_string(reply.journal().snapshot_sequence()));
  facts.Add("Recovered", reply.journal().recovered());
  for (const std::string& warning : reply.warnings()) facts.Add("Warning", warning);
  context.out << "Cluster " << reply.cluster_uuid() << "\n"
              << facts.Render() << Nodes(reply, context.terminal.columns)
              << Queues(reply, context.terminal.columns) << std::flush;
  return kExitOk;
}

}  // namespace

Command StatusCommand() {
  return {.name = "status",
          .heading = "Cluster",
          .summary = "show the health of the cluster",
          .manual = StatusManual,
          .run = Run};
}

}  // namespace bsub::cli
