#include "cli/control.h"

#include <algorithm>
#include <ostream>

#include "cli/connect.h"
#include "cli/job_filter.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/targets.h"

namespace bsub::cli {
namespace {

Result<api::ControlRequest> BuildRequest(const Arguments& arguments, const ControlWords& words,
                                         const std::vector<std::string>& targets, const Address& address) {
  api::ControlRequest request;
  request.set_action(words.action);
  request.set_reason(arguments.Get("reason", ""));
  const bool by_filter = HasFilter(arguments) || arguments.Has("all");
  if (targets.empty() && !by_filter) {
    return InvalidArgument(
        "name jobs, choose them with options such as --queue, or give --all for all of yours");
  }
  if (!targets.empty() && by_filter)
    return InvalidArgument("give job ids or options that choose jobs, not both");
  BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> parsed, ParseTargets(targets));
  for (const std::string& target : parsed) request.add_targets(target);
  if (by_filter) {
    BSUB_ASSIGN_OR_RETURN(*request.mutable_filter(),
                          ParseFilter(arguments, OwnUser(address), TimePoint(NowMicros())));
  }
  return request;
}

// Nothing of what was asked may fail unseen: the worst result decides the exit code.
int Report(Context& context, const Arguments& arguments, const ControlWords& words,
           const api::ControlReply& reply) {
  int code = kExitOk;
  const bool json = arguments.Has("json");
  for (const api::ControlResult& result : reply.results()) {
    if (result.error_code() == 0) {
      if (!json && !arguments.Has("quiet"))
        context.out << "Job <" << result.target() << "> " << words.done << ".\n";
      continue;
    }
    // Most messages name the job themselves.
    const std::string job = result.target().substr(0, result.target().find('['));
    const bool named = result.error().find("job " + job) != std::string::npos;
    const std::string text = named ? result.error() : "job " + result.target() + ": " + result.error();
    const Error error{static_cast<Code>(result.error_code()), text};
    code = std::max(code, Fail(context, words.command, error));
  }
  if (json) context.out << Pretty(ToJson(reply)["results"]);
  if (reply.results().empty() && !json) context.err << "No job matches." << std::endl;
  context.out.flush();
  return code;
}

}  // namespace

std::vector<Option> ControlOptions() {
  constexpr std::string_view kGroup = "WHICH JOBS, IF NONE IS NAMED";
  std::vector<Option> options = {
      {.name = "reason", .value = "TEXT", .text = "Recorded with the change and shown by job and events."},
      {.name = "quiet", .text = "Print errors only."},
      {.name = "json", .text = "Print the result for each job as JSON."},
      {.name = "all", .letter = 'a', .text = "All of yours.", .group = kGroup}};
  const std::vector<Option> filter = FilterOptions(kGroup);
  options.insert(options.end(), filter.begin(), filter.end());
  return options;
}

int RunControl(Context& context, const Arguments& arguments, const ControlWords& words,
               const std::vector<std::string>& targets, std::int32_t priority) {
  auto client = Connect(context);
  if (!client) return Fail(context, words.command, client.error());
  auto request = BuildRequest(arguments, words, targets, client->address());
  if (!request) return Fail(context, words.command, request.error());
  request->set_priority(priority);
  api::ControlReply reply;
  const Status status = client->Control(*request, &reply);
  if (!status) return Fail(context, words.command, status.error());
  return Report(context, arguments, words, reply);
}

}  // namespace bsub::cli
