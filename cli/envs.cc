#include "cli/envs.h"

#include <ostream>

#include "cli/connect.h"
#include "cli/json.h"
#include "cli/table.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

Manual EnvsManual() {
  return {.name = "envs",
          .summary = "list compute environments",
          .synopsis = {"[--json]"},
          .paragraphs =
              {"A compute environment is a group of nodes. There is one, called default: the nodes that "
               "registered by themselves, which in AWS Batch's words is UNMANAGED. It is VALID while at "
               "least one of its nodes takes work."},
          .options = {{.name = "json", .text = "Print a JSON array; docs/cli.md lists the fields."}},
          .examples = {{"envs", "What there is, and how much of it is in use."},
                       {"envs --json | jq -r '.[] | select(.status != \"VALID\") | .statusReason'",
                        "What is wrong, for scripts."}},
          .max_words = 0};
}

std::string Share(std::int64_t used, std::int64_t total, std::string (*format)(std::int64_t)) {
  return format(used) + "/" + format(total);
}

int Run(Context& context, const Arguments& arguments) {
  auto client = Connect(context);
  if (!client) return Fail(context, "envs", client.error());
  api::ListEnvironmentsReply reply;
  const Status status =
      client->Call(&api::Scheduler::Stub::ListEnvironments, api::ListEnvironmentsRequest(), &reply);
  if (!status) return Fail(context, "envs", status.error());
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(reply)["environments"]) << std::flush;
    return kExitOk;
  }
  Table table({{"ENVIRONMENT"},
               {"TYPE"},
               {"STATE"},
               {"STATUS"},
               {"NODES", true},
               {"CPUS", true},
               {"MEMORY", true},
               {"GPUS", true},
               {"TASKS", true},
               {"REASON"}});
  for (const api::ComputeEnvironment& env : reply.environments()) {
    table.Add({env.name(), env.type(), env.state(), env.status(),
               std::to_string(env.nodes_usable()) + "/" + std::to_string(env.nodes()),
               Share(env.used().cpu_milli(), env.total().cpu_milli(), FormatCpus),
               Share(env.used().mem_bytes(), env.total().mem_bytes(), FormatBytes),
               std::to_string(env.used().gpus()) + "/" + std::to_string(env.total().gpus()),
               std::to_string(env.tasks()), env.status_reason()});
  }
  context.out << table.Render(context.terminal.columns) << std::flush;
  return kExitOk;
}

}  // namespace

Command EnvsCommand() {
  return {.name = "envs",
          .heading = "Cluster",
          .summary = "list compute environments",
          .manual = EnvsManual,
          .run = Run};
}

}  // namespace bsub::cli
