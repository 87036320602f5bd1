#include "cli/job_filter.h"

#include <unistd.h>

#include <algorithm>

#include "cli/names.h"
#include "jobs/nearest.h"
#include "jobs/state.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kFilterNames[] = {"state", "queue", "user", "name",  "project",
                                             "tag",   "node",  "held", "since", "until"};

Result<std::string> ParseState(std::string_view text) {
  const std::string lower = ToLower(text);
  // LSF and Slurm have one word for all that wait; the scheduler knows it as a group.
  static constexpr std::string_view kGroups[] = {"active", "waiting", "finished", "pend", "pd"};
  if (std::ranges::find(kGroups, lower) != std::end(kGroups)) return lower;
  if (const auto state = ParseJobState(text)) return std::string(ToString(*state));
  std::vector<std::string> known = {"active", "waiting", "finished"};
  for (int i = 0; i < kJobStateCount; ++i) known.push_back(ToLower(ToString(static_cast<JobState>(i))));
  return InvalidArgument("--state " + Quoted(text) + ": unknown state" + DidYouMean(lower, known));
}

Status AddStates(const Arguments& arguments, api::JobFilter& filter) {
  for (const std::string& list : arguments.All("state")) {
    std::string_view rest = list;
    while (true) {
      const std::size_t comma = rest.find(',');
      BSUB_ASSIGN_OR_RETURN(const std::string state, ParseState(Trim(rest.substr(0, comma))));
      filter.add_states(state);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return OkStatus();
}

// "2h" is so long ago; anything else is a point in time.
Result<std::int64_t> ParseMoment(const Arguments& arguments, std::string_view option, TimePoint now) {
  const std::string text = arguments.Get(option, "");
  if (const auto ago = ParseDuration(text)) return (now - *ago).micros();
  const auto moment = ParseBeginTime(text, now);
  if (moment) return moment->micros();
  return InvalidArgument("--" + std::string(option) + " " + Quoted(text) +
                         ": expected a duration such as 2h, or a time such as 2026-11-21T10:00:00Z");
}

}  // namespace

std::vector<Option> FilterOptions(std::string_view group) {
  return {
      {.name = "state",
       .value = "STATE,...",
       .text = "Only jobs in these states; active, waiting and finished are groups. LSF's and Slurm's words "
               "are understood.",
       .group = group,
       .complete = "active|waiting|finished|submitted|pending|runnable|starting|running|succeeded|failed"},
      {.name = "queue",
       .letter = 'q',
       .value = "NAME",
       .text = "Only of this queue.",
       .group = group,
       .complete = "queue"},
      {.name = "user",
       .letter = 'u',
       .value = "NAME",
       .text = "Only of this user; all means everybody's.",
       .fallback = "you",
       .group = group},
      {.name = "name",
       .letter = 'J',
       .value = "PATTERN",
       .text = "Only with this name; * and ? are wildcards.",
       .group = group},
      {.name = "project", .value = "NAME", .text = "Only of this project.", .group = group},
      {.name = "tag",
       .value = "NAME=VALUE",
       .text = "Only with this tag. May be given many times.",
       .group = group},
      {.name = "node", .value = "NAME", .text = "Only on this node.", .group = group, .complete = "node"},
      {.name = "held", .text = "Only held ones.", .group = group},
      {.name = "since",
       .value = "TIME",
       .text = "Only submitted after TIME: 2h (ago), or 2026-11-21T10:00:00Z.",
       .group = group},
      {.name = "until", .value = "TIME", .text = "Only submitted before TIME.", .group = group},
  };
}

bool HasFilter(const Arguments& arguments) {
  return std::ranges::any_of(kFilterNames, [&](std::string_view name) { return arguments.Has(name); });
}

Result<api::JobFilter> ParseFilter(const Arguments& arguments, const std::string& default_owner,
                                   TimePoint now) {
  api::JobFilter filter;
  BSUB_RETURN_IF_ERROR(AddStates(arguments, filter));
  BSUB_ASSIGN_OR_RETURN(*filter.mutable_queue(), NameOf(arguments, "queue"));
  BSUB_ASSIGN_OR_RETURN(const std::string user, NameOf(arguments, "user"));
  filter.set_owner(user == "all" ? "*" : user.empty() ? default_owner : user);
  BSUB_ASSIGN_OR_RETURN(*filter.mutable_name(), NameOf(arguments, "name"));
  BSUB_ASSIGN_OR_RETURN(*filter.mutable_project(), NameOf(arguments, "project"));
  for (const std::string& tag : arguments.All("tag")) {
    const std::size_t equals = tag.find('=');
    if (equals == std::string::npos || equals == 0)
      return InvalidArgument("--tag " + Quoted(tag) + ": expected NAME=VALUE");
    (*filter.mutable_tags())[tag.substr(0, equals)] = tag.substr(equals + 1);
  }
  BSUB_ASSIGN_OR_RETURN(*filter.mutable_node(), NameOf(arguments, "node"));
  filter.set_held(arguments.Has("held"));
  if (arguments.Has("since")) {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t since, ParseMoment(arguments, "since", now));
    filter.set_submitted_after_at_us(since);
  }
  if (arguments.Has("until")) {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t until, ParseMoment(arguments, "until", now));
    filter.set_submitted_before_at_us(until);
  }
  return filter;
}

// Elsewhere the token says who this is.
std::string OwnUser(const Address& address) { return address.local ? std::to_string(geteuid()) : "@me"; }

}  // namespace bsub::cli
