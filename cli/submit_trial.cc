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

std::string NodesText(const bsub::v1::TrySubmitReply& reply) {
  std::string text;
  for (const std::string& node : reply.nodes()) text += (text.empty() ? "" : ", ") + node;
  return text;
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
  context.out << Fold(std::string("It would be accepted by ") + (reply.default_queue() ? "default " : "") +
                          "queue " + reply.queue() + ": " + reply.text() + ". Nothing was submitted.",
                      0, width);
  Facts facts;
  const bool waits = reply.starts_at_us() == 0 || reply.nodes().empty();
  facts.Add(waits && reply.has_outlook() ? "At the latest" : "Starts",
            reply.starts_at_us() == 0 ? "" : LocalTime(reply.starts_at_us()));
  AddOutlook(reply.outlook(), facts);
  facts.Add("Ends", reply.ends_at_us() == 0 ? "" : LocalTime(reply.ends_at_us()));
  facts.Add("Nodes", NodesText(reply));
  facts.Add("Placement", reply.placement().text());
  context.out << facts.Render();
  for (const bsub::v1::Reason& reason : reply.reasons()) {
    context.out << Fold("- " + reason.text(), 2, width);
    if (!reason.next_step().empty()) context.out << Fold(reason.next_step(), 4, width);
  }
  context.out.flush();
  return code;
}

}  // namespace bsub::cli
