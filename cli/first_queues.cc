#include "cli/first_queues.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "cli/client.h"

namespace bsub::cli {
namespace {

struct FirstQueue {
  const char* name;
  std::int32_t priority;  // the default queue has 0
  const char* description;
};
constexpr FirstQueue kFirstQueues[] = {{"high", 100, "served before the default queue"},
                                       {"low", -100, "served when nothing else can start"}};

}  // namespace

Status MakeFirstQueues(const HomeLayout& layout) {
  if (access(layout.FirstQueuesMark().c_str(), F_OK) != 0) return OkStatus();
  Address address;
  address.home = layout.home;
  address.socket_path = layout.SchedulerSocket();
  BSUB_ASSIGN_OR_RETURN(Client client, Client::Make(address));
  for (const FirstQueue& first : kFirstQueues) {
    api::SetQueueRequest request;
    request.set_must_be_new(true);
    request.mutable_queue()->set_name(first.name);
    request.mutable_queue()->set_priority(first.priority);
    request.mutable_queue()->set_description(first.description);
    request.mutable_queue()->set_accepts(true);
    request.mutable_queue()->set_dispatches(true);
    api::Empty reply;
    const Status made = client.Call(&api::Scheduler::Stub::SetQueue, request, &reply);
    if (!made && made.error().code != Code::kAlreadyExists) return made.error();
  }
  if (unlink(layout.FirstQueuesMark().c_str()) == 0) return OkStatus();
  return FailedPrecondition("cannot remove " + layout.FirstQueuesMark() + ": " + std::strerror(errno) +
                            "; remove it, or queues that you delete come back");
}

}  // namespace bsub::cli
