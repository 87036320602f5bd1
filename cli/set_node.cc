#include "cli/set_node.h"

#include <algorithm>
#include <ostream>

#include "cli/connect.h"
#include "cli/json.h"
#include "cli/names.h"

namespace bsub::cli {

int SetNodes(Context& context, std::string_view command, const std::vector<std::string>& nodes,
             const NodeChange& change) {
  auto client = Connect(context);
  if (!client) return Fail(context, command, client.error());
  int code = kExitOk;
  Json results = Json::array();
  for (const std::string& node : nodes) {
    api::SetNodeRequest request;
    request.set_name(node);
    request.set_action(change.action);
    request.set_reason(change.reason);
    if (change.deadline) request.set_deadline_us(change.deadline->count());
    api::Empty reply;
    const Status status = client->Call(&api::Scheduler::Stub::SetNode, request, &reply);
    results.push_back({{"name", node},
                       {"done", static_cast<bool>(status)},
                       {"error", status ? "" : status.error().message}});
    if (status) {
      if (change.json) continue;
      context.out << "Node <" << node << "> " << change.done << "." << std::endl;
    } else {
      code = std::max(code, Fail(context, command, WithNodeHint(*client, status.error(), node)));
    }
  }
  if (change.json) context.out << Pretty(results) << std::flush;
  return code;
}

}  // namespace bsub::cli
