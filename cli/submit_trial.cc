#include "cli/submit_trial.h"

#include <algorithm>
#include <ostream>
#include <string>

#include "cli/facts.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/outlook.h"

namespace bsub::cli {
namespace {

constexpr std::size_t kWidestText = 100;
constexpr std::string_view kWhatToDo =
    "Ask for less (-c, -m, --gpus, --nodes), for other nodes (--features, --placement) or by another "
    "--depends; "
    "`bsub-lite nodes` lists what the nodes have. Or add a node that has it: a job that waits then starts.";

std::string NodesText(const bsub::v1::TrySubmitReply& reply) {
  std::string text;
  for (const std::string& node : reply.nodes()) text += (text.empty() ? "" : ", ") + node;
  return text;
}

std::string Verdict(const bsub::v1::TrySubmitReply& reply) {
  const std::string queue = (reply.default_queue() ? "default queue " : "queue ") + reply.queue();
  if (reply.never())
    return "It can never run on this cluster as it is: " + queue +
           " would take it, and it would wait for ever. Nothing was submitted.";
  return "It would be accepted by " + queue + ": " + WithLocalTimes(reply.text()) +
         ". Nothing was submitted.";
}

void PrintWhen(Context& context, const bsub::v1::TrySubmitReply& reply) {
  Facts facts;
  const bool waits = reply.starts_at_us() == 0 || reply.nodes().empty();
  facts.Add(waits && reply.has_outlook() ? "At the latest" : "Starts",
            reply.starts_at_us() == 0 ? "" : LocalTime(reply.starts_at_us()));
  AddOutlook(reply.outlook(), facts);
  facts.Add("Ends", reply.ends_at_us() == 0 ? "" : LocalTime(reply.ends_at_us()));
  facts.Add("Nodes", NodesText(reply));
  facts.Add("Placement", reply.placement().text());
  context.out << facts.Render();
}

}  // namespace

int PrintTrial(Context& context, const Arguments& arguments, const bsub::v1::TrySubmitReply& reply) {
  const int code = reply.never() ? 1 : kExitOk;
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(reply)) << std::flush;
    return code;
  }
  const int columns = context.terminal.columns;
  const std::size_t width = columns > 0 ? static_cast<std::size_t>(columns) : kWidestText;
  context.out << Fold(Verdict(reply), 0, width);
  if (!reply.never()) PrintWhen(context, reply);
  for (const bsub::v1::Reason& reason : reply.reasons()) {
    context.out << Fold("- " + WithLocalTimes(reason.text()), 2, width);
    if (!reason.next_step().empty()) context.out << Fold(WithLocalTimes(reason.next_step()), 4, width);
  }
  if (reply.never()) context.out << Fold(std::string(kWhatToDo), 0, width);
  context.out.flush();
  return code;
}

}  // namespace bsub::cli
