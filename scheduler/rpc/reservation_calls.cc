// Advance reservations.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/utf8.h"
#include "scheduler/core/reservation_name.h"
#include "scheduler/rpc/calls.h"

namespace bsub::rpc {
namespace {

void FillReservation(const CoreView& view, const sched::AdvanceReservation& from, v1::Reservation& to) {
  to.set_name(std::string(sched::NameForPeople(from.name)));
  to.set_start_at_us(from.from.micros());
  to.set_end_at_us(from.to.micros());
  for (const NodeId node : from.nodes) to.add_nodes(sched::NameOfNode(view.state(), node));
  for (const std::string& user : from.users) to.add_users(ToUtf8(user));
  to.set_by(ToUtf8(from.by));
  to.set_active(from.from <= view.now);
}

// An input whose answer holds nothing but whether it worked.
void DecideOne(const Services& services, sched::InputBody input, const Done& done) {
  const Status sent = services.core.Decide(
      [input = std::move(input)](const CoreView&) -> Result<sched::InputBody> { return input; }, {},
      [done](const Result<sched::ReplyBody>& body) { done(body ? OkStatus() : Status(body.error())); });
  if (!sent) done(sent.error());
}

}  // namespace

void ListReservations(const Services& services, v1::ListReservationsReply& reply, Done done) {
  const Status sent = services.core.Read([&reply, done](const CoreView& view) {
    auto& all = *reply.mutable_reservations();
    for (const auto& [name, reservation] : view.state().reservations)
      FillReservation(view, reservation, *all.Add());
    std::stable_sort(all.begin(), all.end(), [](const v1::Reservation& a, const v1::Reservation& b) {
      return a.start_at_us() < b.start_at_us();
    });
    return [done] { done(OkStatus()); };
  });
  if (!sent) done(sent.error());
}

void CreateReservation(const Services& services, const Identity& who,
                       const v1::CreateReservationRequest& request, Done done) {
  sched::CreateReservation input{{},
                                 who.principal,
                                 request.name(),
                                 TimePoint(request.start_at_us()),
                                 Duration(request.duration_us()),
                                 request.node_count()};
  input.nodes.assign(request.nodes().begin(), request.nodes().end());
  input.users.assign(request.users().begin(), request.users().end());
  DecideOne(services, std::move(input), done);
}

void DeleteReservation(const Services& services, const Identity& who,
                       const v1::DeleteReservationRequest& request, Done done) {
  DecideOne(services, sched::DeleteReservation{{}, who.principal, request.name()}, done);
}

}  // namespace bsub::rpc
