#include "cli/reservations.h"

#include <ostream>

#include "cli/connect.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/names.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

Manual ReservationsManual() {
  return {
      .name = "reservations",
      .summary = "set nodes aside for a while",
      .synopsis =
          {"[list] [--json]",
           "create --name NAME --start TIME --duration TIME (--nodes N | --node NAME ...) [--user NAME ...]",
           "delete NAME"},
      .paragraphs =
          {"In its time, the nodes of a reservation are for jobs that were submitted with --reservation NAME "
           "by "
           "one of its users. No other job is started that could still be there when it begins. It is "
           "refused where running jobs, maintenance or another reservation leave too few nodes. It ends "
           "by itself. Only an administrator may create or delete one.",
           "A job of a reservation needs a time limit (-t), and starts only if that is over before the "
           "reservation is."},
      .options = {{.name = "json", .text = "Print JSON: all reservations, or the one that was made."},
                  {.name = "name", .value = "NAME", .text = "What jobs call it by."},
                  {.name = "start",
                   .value = "TIME",
                   .text = "2026-11-21T10:00:00Z, '2026-11-21 10:00' (UTC) or +15m.",
                   .fallback = "now"},
                  {.name = "duration", .value = "TIME", .text = "How long it lasts."},
                  {.name = "nodes", .value = "N", .text = "So many nodes, which stand close together."},
                  {.name = "node",
                   .value = "NAME",
                   .text = "This node; NAME,NAME for several. May be given several times.",
                   .complete = "node"},
                  {.name = "user",
                   .value = "NAME",
                   .text = "Whose jobs may use it; NAME,NAME for several. May be given several times.",
                   .fallback = "whoever creates it"}},
      .examples =
          {{"reservations create --name course --start '2026-12-01 09:00' --duration 3h --nodes 4 --user "
            "anna,ben",
            "Four nodes for a course."},
           {"submit --reservation course -t 30m ./exercise", "A job of it."},
           {"reservations delete course", "Others may have the nodes again."}},
      .complete_words = "list|create|delete"};
}

std::string JoinedNames(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

int ListThem(Context& context, const Arguments& arguments, const std::vector<std::string>&) {
  auto client = Connect(context);
  if (!client) return Fail(context, "reservations", client.error());
  api::ListReservationsReply reply;
  const Status status =
      client->Call(&api::Scheduler::Stub::ListReservations, api::ListReservationsRequest(), &reply);
  if (!status) return Fail(context, "reservations", status.error());
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(reply)["reservations"]) << std::flush;
    return kExitOk;
  }
  Table table({{"RESERVATION"}, {"STATE"}, {"START"}, {"END"}, {"NODES"}, {"USERS"}, {"BY"}});
  for (const api::Reservation& one : reply.reservations()) {
    table.Add({one.name(), one.active() ? "active" : "to come", FormatUtc(TimePoint(one.start_at_us())),
               FormatUtc(TimePoint(one.end_at_us())), JoinedNames(one.nodes()), JoinedNames(one.users()),
               one.by()});
  }
  context.out << table.Render(context.terminal.columns) << std::flush;
  return kExitOk;
}

Status FillTimes(const Arguments& arguments, api::CreateReservationRequest& request) {
  const TimePoint now(NowMicros());
  request.set_start_at_us(now.micros());
  if (const auto text = arguments.Get("start"); text && *text != "now") {
    const auto start = ParseBeginTime(*text, now);
    if (!start) return InvalidArgument("--start: " + start.error().message);
    request.set_start_at_us(start->micros());
  }
  const auto text = arguments.Get("duration");
  if (!text) return InvalidArgument("--duration: missing; say how long it lasts, such as --duration 2h");
  const auto length = ParseDuration(*text);
  if (!length) return InvalidArgument("--duration: " + length.error().message);
  request.set_duration_us(length->count());
  return OkStatus();
}

Status FillNodes(const Arguments& arguments, api::CreateReservationRequest& request) {
  if (arguments.Has("nodes") == arguments.Has("node"))
    return InvalidArgument("give either --nodes N, how many, or --node NAME, which");
  if (const auto text = arguments.Get("nodes")) {
    const auto count = ParseInteger(*text, 1, 1'000'000);
    if (!count) return InvalidArgument("--nodes: " + count.error().message);
    request.set_node_count(static_cast<std::uint32_t>(*count));
  }
  BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> nodes, NamesOf(arguments, "node"));
  for (const std::string& name : nodes) request.add_nodes(name);
  return OkStatus();
}

Status FillUsers(const Arguments& arguments, api::CreateReservationRequest& request) {
  BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> users, NamesOf(arguments, "user"));
  for (const std::string& name : users) request.add_users(name);
  return OkStatus();
}

// As it is now.
int PrintReservation(Context& context, Client& client, const std::string& name) {
  api::ListReservationsReply reply;
  const Status status =
      client.Call(&api::Scheduler::Stub::ListReservations, api::ListReservationsRequest(), &reply);
  if (!status) return Fail(context, "reservations", status.error());
  for (const api::Reservation& one : reply.reservations()) {
    if (one.name() == name) context.out << Pretty(ToJson(one)) << std::flush;
  }
  return kExitOk;
}

int CreateOne(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  api::CreateReservationRequest request;
  request.set_name(names.empty() ? arguments.Get("name", "") : names.front());
  if (request.name().empty())
    return Fail(context, "reservations", InvalidArgument("--name: missing; jobs call it by its name"));
  for (const auto& fill : {FillTimes, FillNodes, FillUsers}) {
    const Status filled = fill(arguments, request);
    if (!filled) return Fail(context, "reservations", filled.error());
  }
  auto client = Connect(context);
  if (!client) return Fail(context, "reservations", client.error());
  api::Empty reply;
  const Status status = client->Call(&api::Scheduler::Stub::CreateReservation, request, &reply, Repeat::kNo);
  if (!status) return Fail(context, "reservations", status.error());
  if (arguments.Has("json")) return PrintReservation(context, *client, request.name());
  context.out << "Reservation <" << request.name() << "> is created." << std::endl;
  return kExitOk;
}

int DeleteOne(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  auto client = Connect(context);
  if (!client) return Fail(context, "reservations", client.error());
  api::DeleteReservationRequest request;
  request.set_name(names.front());
  api::Empty reply;
  const Status status = client->Call(&api::Scheduler::Stub::DeleteReservation, request, &reply, Repeat::kNo);
  if (!status) return Fail(context, "reservations", status.error());
  if (arguments.Has("json")) {
    context.out << Pretty({{"name", names.front()}, {"deleted", true}}) << std::flush;
  } else {
    context.out << "Reservation <" << names.front() << "> is deleted." << std::endl;
  }
  return kExitOk;
}

constexpr Verb kReservationVerbs[] = {
    {.name = "ls", .min_names = 0, .max_names = 0, .run = ListThem},
    {.name = "list", .min_names = 0, .max_names = 0, .run = ListThem},
    {.name = "create", .min_names = 0, .options = "name|start|duration|nodes|node|user", .run = CreateOne},
    {.name = "delete", .run = DeleteOne}};

int RunReservations(Context& context, const Arguments& arguments) {
  return RunVerb(context, "reservations", kReservationVerbs, arguments);
}

}  // namespace

Command ReservationsCommand() {
  return {.name = "reservations",
          .heading = "Cluster",
          .summary = "set nodes aside for a while",
          .manual = ReservationsManual,
          .run = RunReservations};
}

}  // namespace bsub::cli
