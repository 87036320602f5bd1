#include "cli/queues.h"

#include <ostream>
#include <ranges>

#include "cli/connect.h"
#include "cli/json.h"
#include "cli/names.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "jobs/nearest.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kSettings =
    "priority|max-running|max-running-per-user|max-running-per-share|max-cpus|max-cpus-per-user|"
    "max-cpus-per-share|preempts|max-waiting|max-waiting-per-user|max-waiting-per-share|description|default|"
    "policy|"
    "backfill|share|share-decay|compute-reservation|favour-short|overdue-after|weight-age|weight-fair-share|"
    "weight-priority|weight-size|max-age";

constexpr std::string_view kPolicies =
    "default|priority|balanced|fair-share|multifactor|shortest|smallest|wfp3";

constexpr std::string_view kPolicyHeading = "WHO GOES FIRST (docs/policies.md)";

std::vector<Option> QueueSettingOptions() {
  constexpr std::string_view kGroup = "SETTINGS OF A QUEUE";
  return {
      {.name = "priority", .value = "N", .text = "Priority among queues.", .fallback = "0", .group = kGroup},
      {.name = "preempts",
       .value = "QUEUE",
       .text =
           "Its jobs may have those of this queue, of lower priority, save and make room; QUEUE,QUEUE for "
           "several, none for nobody's.",
       .group = kGroup},
      {.name = "description", .value = "TEXT", .text = "For people.", .group = kGroup},
      {.name = "default", .text = "Make it the queue of jobs that name none.", .group = kGroup}};
}

std::vector<Option> QueueLimitOptions() {
  constexpr std::string_view kGroup = "LIMITS OF A QUEUE";
  return {
      {.name = "max-running", .value = "N", .text = "Tasks that run at a time.", .group = kGroup},
      {.name = "max-running-per-user", .value = "N", .text = "The same for each user.", .group = kGroup},
      {.name = "max-running-per-share",
       .value = "N",
       .text = "The same for each share (--share).",
       .group = kGroup},
      {.name = "max-cpus", .value = "N", .text = "CPUs of what runs at a time.", .group = kGroup},
      {.name = "max-cpus-per-user", .value = "N", .text = "The same for each user.", .group = kGroup},
      {.name = "max-cpus-per-share", .value = "N", .text = "The same for each share.", .group = kGroup},
      {.name = "max-waiting",
       .value = "N",
       .text = "Tasks that wait; a submit beyond is refused.",
       .group = kGroup},
      {.name = "max-waiting-per-user", .value = "N", .text = "The same for each user.", .group = kGroup},
      {.name = "max-waiting-per-share", .value = "N", .text = "The same for each share.", .group = kGroup}};
}

std::vector<Option> QueueOrderOptions() {
  constexpr std::string_view kGroup = kPolicyHeading;
  return {
      {.name = "policy",
       .value = "NAME",
       .text = "In which order it serves: priority, balanced, fair-share, multifactor, shortest, smallest or "
               "wfp3. 'default' means balanced with backfill easy-shortest.",
       .fallback = "priority",
       .group = kGroup,
       .complete = kPolicies},
      {.name = "backfill",
       .value = "NAME",
       .text = "What may start while those before it wait: spare, none, easy, easy-shortest or conservative.",
       .fallback = "spare",
       .group = kGroup,
       .complete = "spare|none|easy|easy-shortest|conservative"},
      {.name = "favour-short",
       .value = "TIME",
       .text = "For balanced: how far a job goes before those that came earlier and take e times as long.",
       .fallback = "8h",
       .group = kGroup},
      {.name = "overdue-after",
       .value = "TIME",
       .text = "Whoever has waited so long goes first, with every policy but priority; 0: never.",
       .fallback = "7d",
       .group = kGroup}};
}

std::vector<Option> QueueShareOptions() {
  constexpr std::string_view kGroup = kPolicyHeading;
  return {
      {.name = "share",
       .value = "SHARE=WEIGHT",
       .text = "Weight of a share, 0.0001 to 999.9999, or of all that begin so (gold*=0.5): a lower one gets "
               "more; others have 1. May be given several times, and replaces those there were; none for no "
               "weights.",
       .group = kGroup},
      {.name = "share-decay",
       .value = "TIME",
       .text = "After it use counts half.",
       .fallback = "1d",
       .group = kGroup},
      {.name = "compute-reservation",
       .value = "PERCENT",
       .text = "Of the CPUs: kept for shares that run nothing yet; its square with two active shares, and so "
               "on.",
       .fallback = "0",
       .group = kGroup},
      {.name = "weight-age",
       .value = "N",
       .text = "Of waiting, for multifactor.",
       .fallback = "1000",
       .group = kGroup},
      {.name = "weight-fair-share",
       .value = "N",
       .text = "Of little use of late.",
       .fallback = "1000",
       .group = kGroup},
      {.name = "weight-priority",
       .value = "N",
       .text = "Of the job's priority.",
       .fallback = "1000",
       .group = kGroup},
      {.name = "weight-size",
       .value = "N",
       .text = "Of the CPUs asked for.",
       .fallback = "0",
       .group = kGroup},
      {.name = "max-age",
       .value = "TIME",
       .text = "Waiting longer counts no more.",
       .fallback = "7d",
       .group = kGroup}};
}

Manual QueuesManual() {
  Manual manual{
      .name = "queues",
      .summary = "list and change queues",
      .synopsis = {"[list] [--json]", "create NAME [SETTING ...]", "set NAME SETTING ...", "delete NAME",
                   "close NAME | open NAME", "disable NAME | enable NAME"},
      .paragraphs =
          {"Queues with a higher priority are served first. A closed queue takes jobs but starts "
           "none; what runs goes on. A disabled queue takes no new jobs but starts those it has. "
           "Only an administrator may change queues.",
           "Limits count tasks, a plain job being one and an array one per child, or CPUs of what runs. 0 "
           "means no limit, as without one. A job's share is its --share, else its user.",
           "The defaults below are those of a new queue; set leaves as it is what it does not name."},
      .options = {{.name = "json", .text = "Print JSON: all queues, or the one that was changed."}},
      .examples = {{"queues", "List them."},
                   {"queues create express --priority 200 --max-running-per-user 50",
                    "A queue that goes first."},
                   {"queues set default --policy fair-share --backfill conservative", "For many users."},
                   {"queues close low", "Start nothing from it for now."}},
      .complete_words = "list|create|set|delete|open|close|enable|disable"};
  for (auto& group : {QueueSettingOptions(), QueueLimitOptions(), QueueOrderOptions(), QueueShareOptions()})
    manual.options.insert(manual.options.end(), group.begin(), group.end());
  return manual;
}

std::string Limit(std::int64_t limit) { return limit == 0 ? "-" : std::to_string(limit); }

int List(Context& context, const Arguments& arguments, const std::vector<std::string>&) {
  auto client = Connect(context);
  if (!client) return Fail(context, "queues", client.error());
  api::ListQueuesReply reply;
  const Status status = client->Call(&api::Scheduler::Stub::ListQueues, api::ListQueuesRequest(), &reply);
  if (!status) return Fail(context, "queues", status.error());
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(reply)["queues"]) << std::flush;
    return kExitOk;
  }
  Table table({{"QUEUE"},
               {"PRIORITY", true},
               {"STARTS"},
               {"ACCEPTS"},
               {"POLICY"},
               {"BACKFILL"},
               {"WAITING", true},
               {"STARTING", true},
               {"RUNNING", true},
               {"MAX RUNNING", true},
               {"PER USER", true},
               {"MAX WAITING", true},
               {"DESCRIPTION"}});
  for (const api::Queue& queue : reply.queues()) {
    table.Add({queue.name() + (queue.is_default() ? " (default)" : ""), std::to_string(queue.priority()),
               queue.dispatches() ? "open" : "closed", queue.accepts() ? "enabled" : "disabled",
               queue.policy(), queue.backfill(), std::to_string(queue.waiting()),
               std::to_string(queue.starting()), std::to_string(queue.running()), Limit(queue.max_running()),
               Limit(queue.max_running_per_user()), Limit(queue.max_waiting()), queue.description()});
  }
  context.out << table.Render(context.terminal.columns) << std::flush;
  return kExitOk;
}

// The queue as it is now.
int PrintQueue(Context& context, Client& client, const std::string& name) {
  api::ListQueuesReply reply;
  const Status status = client.Call(&api::Scheduler::Stub::ListQueues, api::ListQueuesRequest(), &reply);
  if (!status) return Fail(context, "queues", status.error());
  for (const api::Queue& queue : reply.queues()) {
    if (queue.name() == name) context.out << Pretty(ToJson(queue)) << std::flush;
  }
  return kExitOk;
}

int Send(Context& context, const Arguments& arguments, const api::SetQueueRequest& request,
         const std::string& done) {
  auto client = Connect(context);
  if (!client) return Fail(context, "queues", client.error());
  api::Empty reply;
  const Repeat repeat = request.must_be_new() ? Repeat::kNo : Repeat::kYes;
  const Status status = client->Call(&api::Scheduler::Stub::SetQueue, request, &reply, repeat);
  if (!status) return Fail(context, "queues", WithQueueHint(*client, status.error(), request.queue().name()));
  if (arguments.Has("json")) return PrintQueue(context, *client, request.queue().name());
  context.out << "Queue <" << request.queue().name() << "> " << done << "." << std::endl;
  return kExitOk;
}

struct NumberSetting {
  std::string_view option;
  std::string_view field;  // of the message
  void (*set)(api::Queue& queue, std::int64_t value);
  std::int64_t min;
};

constexpr NumberSetting kNumbers[] = {
    {"priority", "priority",
     [](api::Queue& q, std::int64_t v) { q.set_priority(static_cast<std::int32_t>(v)); }, -1'000'000},
    {"max-running", "max_running", [](api::Queue& q, std::int64_t v) { q.set_max_running(v); }, 0},
    {"max-running-per-user", "max_running_per_user",
     [](api::Queue& q, std::int64_t v) { q.set_max_running_per_user(v); }, 0},
    {"max-waiting", "max_waiting", [](api::Queue& q, std::int64_t v) { q.set_max_waiting(v); }, 0},
    {"max-waiting-per-user", "max_waiting_per_user",
     [](api::Queue& q, std::int64_t v) { q.set_max_waiting_per_user(v); }, 0},
    {"max-waiting-per-share", "max_waiting_per_share",
     [](api::Queue& q, std::int64_t v) { q.set_max_waiting_per_share(v); }, 0},
    {"max-running-per-share", "max_running_per_share",
     [](api::Queue& q, std::int64_t v) { q.set_max_running_per_share(v); }, 0},
    {"max-cpus", "max_cpus", [](api::Queue& q, std::int64_t v) { q.set_max_cpus(v); }, 0},
    {"max-cpus-per-user", "max_cpus_per_user",
     [](api::Queue& q, std::int64_t v) { q.set_max_cpus_per_user(v); }, 0},
    {"max-cpus-per-share", "max_cpus_per_share",
     [](api::Queue& q, std::int64_t v) { q.set_max_cpus_per_share(v); }, 0},
    {"compute-reservation", "compute_reservation",
     [](api::Queue& q, std::int64_t v) { q.set_compute_reservation(static_cast<std::int32_t>(v)); }, 0},
    {"weight-age", "weight_age",
     [](api::Queue& q, std::int64_t v) { q.set_weight_age(static_cast<std::int32_t>(v)); }, 0},
    {"weight-fair-share", "weight_fair_share",
     [](api::Queue& q, std::int64_t v) { q.set_weight_fair_share(static_cast<std::int32_t>(v)); }, 0},
    {"weight-priority", "weight_priority",
     [](api::Queue& q, std::int64_t v) { q.set_weight_priority(static_cast<std::int32_t>(v)); }, 0},
    {"weight-size", "weight_size",
     [](api::Queue& q, std::int64_t v) { q.set_weight_size(static_cast<std::int32_t>(v)); }, 0},
};

struct TimeSetting {
  std::string_view option;
  std::string_view field;
  void (*set)(api::Queue& queue, std::int64_t micros);
};

constexpr TimeSetting kTimes[] = {
    {"share-decay", "share_decay", [](api::Queue& q, std::int64_t v) { q.set_share_decay_us(v); }},
    {"favour-short", "favour_short", [](api::Queue& q, std::int64_t v) { q.set_favour_short_us(v); }},
    {"overdue-after", "overdue_after", [](api::Queue& q, std::int64_t v) { q.set_overdue_after_us(v); }},
    {"max-age", "max_age", [](api::Queue& q, std::int64_t v) { q.set_max_age_us(v); }},
};

// The scheduler knows all of them but "default", which is this command's.
Status CheckPolicy(const std::string& policy) {
  std::vector<std::string> known;
  std::string list;
  for (const auto word : std::views::split(kPolicies, '|')) {
    known.emplace_back(word.begin(), word.end());
    if (known.back() == policy) return OkStatus();
    list += (list.empty() ? "" : ", ") + known.back();
  }
  return InvalidArgument("--policy " + Quoted(policy) + ": expected one of " + list +
                         DidYouMean(policy, known));
}

Status FillPolicy(const Arguments& arguments, api::SetQueueRequest& request) {
  for (const TimeSetting& time : kTimes) {
    const auto text = arguments.Get(time.option);
    if (!text) continue;
    const auto value = ParseDuration(*text);
    if (!value) return InvalidArgument("--" + std::string(time.option) + ": " + value.error().message);
    time.set(*request.mutable_queue(), value->count());
    request.add_update(std::string(time.field));
  }
  if (const auto policy = arguments.Get("policy")) {
    BSUB_RETURN_IF_ERROR(CheckPolicy(*policy));
    const bool whole = *policy == "default";
    request.mutable_queue()->set_policy(whole ? "balanced" : *policy);
    request.add_update("policy");
    if (whole && !arguments.Has("backfill")) {
      request.mutable_queue()->set_backfill("easy-shortest");
      request.add_update("backfill");
    }
  }
  if (const auto backfill = arguments.Get("backfill")) {
    request.mutable_queue()->set_backfill(*backfill);
    request.add_update("backfill");
  }
  BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> preempted, NamesOf(arguments, "preempts"));
  for (const std::string& name : preempted) {
    if (name != "none") request.mutable_queue()->add_preempts(name);
  }
  if (arguments.Has("preempts")) request.add_update("preempts");
  for (const std::string& share : arguments.All("share")) {
    if (share != "none") request.mutable_queue()->add_shares(share);
  }
  if (arguments.Has("share")) request.add_update("shares");
  return OkStatus();
}

Status FillSettings(const Arguments& arguments, api::SetQueueRequest& request) {
  for (const NumberSetting& number : kNumbers) {
    const auto text = arguments.Get(number.option);
    if (!text) continue;
    const auto value = ParseInteger(*text, number.min, number.min < 0 ? 1'000'000 : 1'000'000'000'000);
    if (!value) return InvalidArgument("--" + std::string(number.option) + ": " + value.error().message);
    number.set(*request.mutable_queue(), *value);
    request.add_update(std::string(number.field));
  }
  BSUB_RETURN_IF_ERROR(FillPolicy(arguments, request));
  if (const auto text = arguments.Get("description")) {
    request.mutable_queue()->set_description(*text);
    request.add_update("description");
  }
  if (arguments.Has("default")) {
    request.mutable_queue()->set_is_default(true);
    request.add_update("is_default");
  }
  return OkStatus();
}

int Set(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  api::SetQueueRequest request;
  request.mutable_queue()->set_name(names.front());
  const Status filled = FillSettings(arguments, request);
  if (!filled) return Fail(context, "queues", filled.error());
  if (request.update().empty())
    return Fail(context, "queues", InvalidArgument("set: give at least one setting, such as --priority N"));
  const Status known = RequireQueue(context, names.front());
  if (!known) return Fail(context, "queues", known.error());
  return Send(context, arguments, request, "is changed");
}

int Create(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  api::SetQueueRequest request;
  request.set_must_be_new(true);
  request.mutable_queue()->set_name(names.front());
  request.mutable_queue()->set_accepts(true);
  request.mutable_queue()->set_dispatches(true);
  request.add_update("accepts");
  request.add_update("dispatches");
  const Status filled = FillSettings(arguments, request);
  if (!filled) return Fail(context, "queues", filled.error());
  return Send(context, arguments, request, "is created");
}

int Switch(Context& context, const Arguments& arguments, const std::string& name, std::string_view field,
           bool on, const std::string& done) {
  api::SetQueueRequest request;
  request.mutable_queue()->set_name(name);
  if (field == "accepts") {
    request.mutable_queue()->set_accepts(on);
  } else {
    request.mutable_queue()->set_dispatches(on);
  }
  request.add_update(std::string(field));
  const Status known = RequireQueue(context, name);
  if (!known) return Fail(context, "queues", known.error());
  return Send(context, arguments, request, done);
}

int Open(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  return Switch(context, arguments, names.front(), "dispatches", true, "is open");
}
int Close(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  return Switch(context, arguments, names.front(), "dispatches", false, "is closed");
}
int Enable(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  return Switch(context, arguments, names.front(), "accepts", true, "accepts jobs");
}
int Disable(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  return Switch(context, arguments, names.front(), "accepts", false, "accepts no new jobs");
}

int Delete(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  auto client = Connect(context);
  if (!client) return Fail(context, "queues", client.error());
  api::DeleteQueueRequest request;
  request.set_name(names.front());
  api::Empty reply;
  const Status status = client->Call(&api::Scheduler::Stub::DeleteQueue, request, &reply, Repeat::kNo);
  if (!status) return Fail(context, "queues", WithQueueHint(*client, status.error(), names.front()));
  if (arguments.Has("json")) {
    context.out << Pretty({{"name", names.front()}, {"deleted", true}}) << std::flush;
  } else {
    context.out << "Queue <" << names.front() << "> is deleted." << std::endl;
  }
  return kExitOk;
}

constexpr Verb kVerbs[] = {{.name = "list", .min_names = 0, .max_names = 0, .run = List},
                           {.name = "create", .options = kSettings, .run = Create},
                           {.name = "set", .options = kSettings, .run = Set},
                           {.name = "delete", .run = Delete},
                           {.name = "open", .run = Open},
                           {.name = "close", .run = Close},
                           {.name = "enable", .run = Enable},
                           {.name = "disable", .run = Disable}};

int Run(Context& context, const Arguments& arguments) {
  return RunVerb(context, "queues", kVerbs, arguments);
}

}  // namespace

Command QueuesCommand() {
  return {.name = "queues",
          .heading = "Cluster",
          .summary = "list and change queues",
          .manual = QueuesManual,
          .run = Run};
}

}  // namespace bsub::cli
