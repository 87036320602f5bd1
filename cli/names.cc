#include "cli/names.h"

#include <algorithm>
#include <vector>

#include "cli/connect.h"
#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

Result<std::vector<std::string>> QueueNames(Client& client) {
  api::ListQueuesReply reply;
  BSUB_RETURN_IF_ERROR(client.Call(&api::Scheduler::Stub::ListQueues, api::ListQueuesRequest(), &reply));
  std::vector<std::string> names;
  for (const api::Queue& queue : reply.queues()) names.push_back(queue.name());
  return names;
}

Result<std::vector<std::string>> NodeNames(Client& client) {
  api::ListNodesReply reply;
  BSUB_RETURN_IF_ERROR(client.Call(&api::Scheduler::Stub::ListNodes, api::ListNodesRequest(), &reply));
  std::vector<std::string> names;
  for (const api::Node& node : reply.nodes()) names.push_back(node.name());
  return names;
}

bool WantsHint(const Error& error) {
  return error.code == Code::kNotFound && error.message.find("did you mean") == std::string::npos;
}

}  // namespace

Error WithQueueHint(Client& client, Error error, const std::string& name) {
  if (!WantsHint(error)) return error;
  if (const auto names = QueueNames(client)) error.message += DidYouMean(name, *names);
  return error;
}

Error WithNodeHint(Client& client, Error error, const std::string& name) {
  if (!WantsHint(error)) return error;
  if (const auto names = NodeNames(client)) error.message += DidYouMean(name, *names);
  return error;
}

Status RequireQueue(const Context& context, const std::string& name) {
  BSUB_ASSIGN_OR_RETURN(Client client, Connect(context));
  BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> names, QueueNames(client));
  if (std::ranges::find(names, name) != names.end()) return OkStatus();
  const std::string hint = DidYouMean(name, names);
  return NotFound("there is no queue " + Quoted(name) +
                  (hint.empty() ? "; bsub-lite queues lists them" : hint));
}

Result<std::string> NameOf(const Arguments& arguments, std::string_view option) {
  const auto name = arguments.Get(option);
  if (name && Trim(*name).empty())
    return InvalidArgument("--" + std::string(option) + " " + Quoted(*name) +
                           ": expected a name; leave the option out if there is none");
  return name.value_or("");
}

Result<std::vector<std::string>> NamesOf(const Arguments& arguments, std::string_view option) {
  std::vector<std::string> names;
  for (const std::string& list : arguments.All(option)) {
    std::size_t begin = 0;
    while (begin <= list.size()) {
      const std::size_t comma = std::min(list.find(',', begin), list.size());
      const std::string_view name = Trim(std::string_view(list).substr(begin, comma - begin));
      if (name.empty())
        return InvalidArgument("--" + std::string(option) + " " + Quoted(list) +
                               ": a name is empty; expected NAME, or NAME,NAME for several");
      names.emplace_back(name);
      begin = comma + 1;
    }
  }
  return names;
}

}  // namespace bsub::cli
