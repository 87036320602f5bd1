#include "cli/nodes.h"

#include <ostream>

#include "cli/connect.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/set_node.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

Manual NodesManual() {
  return {.name = "nodes",
          .summary = "list nodes; declare one dead, remove one",
          .synopsis = {"[list] [--json]", "declare-dead NAME ...", "remove NAME ..."},
          .paragraphs = {"Lists the worker nodes with what they have and what is in use.",
                         "declare-dead says that a node which is out of contact will not come back with its "
                         "tasks: they end as lost and are tried again elsewhere. Make sure that the machine "
                         "is off; if it is not, a job might run twice. remove forgets a node that is down. "
                         "See bsub-lite drain and resume for the rest."},
          .options = {{.name = "json", .text = "Print JSON."},
                      {.name = "reason", .value = "TEXT", .text = "Recorded with declare-dead and remove."}},
          .examples = {{"nodes", "List them."},
                       {"nodes declare-dead n2 --reason 'power supply'", "After a look at the machine."}},
          .complete_words = "list|declare-dead|remove"};
}

std::string State(const api::Node& node) {
  std::string state = node.state();
  if (node.drained()) state += ", drained" + (node.drained_by().empty() ? "" : " by " + node.drained_by());
  if (!node.drain_reason().empty()) state += " (" + node.drain_reason() + ")";
  if (node.has_notice())
    state += ", taken away at " + LocalTime(node.notice().ends_at_us()) + " (" + node.notice().reason() + ")";
  return state;
}

int List(Context& context, const Arguments& arguments, const std::vector<std::string>&) {
  auto client = Connect(context);
  if (!client) return Fail(context, "nodes", client.error());
  api::ListNodesReply reply;
  const Status status = client->Call(&api::Scheduler::Stub::ListNodes, api::ListNodesRequest(), &reply);
  if (!status) return Fail(context, "nodes", status.error());
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(reply)["nodes"]) << std::flush;
    return kExitOk;
  }
  Table table({{"NODE"},
               {"HOST"},
               {"CPUS USED", true},
               {"OF", true},
               {"MEMORY USED", true},
               {"OF", true},
               {"GPUS", true},
               {"TASKS", true},
               {"SINCE"},
               {"STATE"}});
  for (const api::Node& node : reply.nodes()) {
    table.Add({node.name(), node.host(), FormatCpus(node.used().cpu_milli()),
               FormatCpus(node.total().cpu_milli()), FormatBytes(node.used().mem_bytes()),
               FormatBytes(node.total().mem_bytes()),
               std::to_string(node.used().gpus()) + "/" + std::to_string(node.total().gpus()),
               std::to_string(node.tasks()), LocalTime(node.state_since_at_us()), State(node)});
  }
  if (table.empty()) {
    context.err << "No node is registered." << std::endl;
  } else {
    context.out << table.Render(context.terminal.columns) << std::flush;
  }
  return kExitOk;
}

int DeclareDead(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  return SetNodes(
      context, "nodes", names,
      {"declare-dead", arguments.Get("reason", ""), "is declared dead", {}, arguments.Has("json")});
}

int Remove(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  return SetNodes(context, "nodes", names,
                  {"remove", arguments.Get("reason", ""), "is removed", {}, arguments.Has("json")});
}

constexpr Verb kVerbs[] = {
    {.name = "list", .min_names = 0, .max_names = 0, .run = List},
    {.name = "declare-dead", .max_names = kAnyNumber, .options = "reason", .run = DeclareDead},
    {.name = "remove", .max_names = kAnyNumber, .options = "reason", .run = Remove}};

int Run(Context& context, const Arguments& arguments) { return RunVerb(context, "nodes", kVerbs, arguments); }

}  // namespace

Command NodesCommand() {
  return {.name = "nodes",
          .heading = "Cluster",
          .summary = "list nodes; declare one dead, remove one",
          .manual = NodesManual,
          .run = Run};
}

}  // namespace bsub::cli
