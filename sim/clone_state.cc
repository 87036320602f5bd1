#include "sim/clone_state.h"

#include "scheduler/core/copy_state.h"
#include "sim/names.h"

namespace bsub::sim {
namespace {

std::string Describe(const std::vector<sched::OrdinalRange>& ranges) {
  std::string text;
  for (const sched::OrdinalRange& r : ranges)
    text += " " + std::to_string(r.first) + "-" + std::to_string(r.last);
  return text;
}

std::string Details(const sched::JobSubmitted& e) {
  return " " + Name(e.id) + (e.spec.array ? " array " + e.spec.array->ToString() : "") +
         (e.spec.dependency.empty() ? "" : " after " + ToString(e.spec.dependency));
}
std::string Details(const sched::AttemptPlaced& e) {
  std::string text = " " + Name(e.attempt) + " on node " + std::to_string(e.node.value());
  for (const sched::PlacedPart& part : e.others) text += ", " + std::to_string(part.node.value());
  return text;
}
std::string Details(const sched::PartStarted& e) {
  return " " + Name(e.attempt) + " part " + std::to_string(e.part);
}
std::string Details(const sched::PartEnded& e) {
  return " " + Name(e.attempt) + " part " + std::to_string(e.part) + " " + bsub::Describe(e.end) +
         (e.ends_gang  ? ", ends all"
          : e.is_cause ? ", is the cause"
                       : "");
}
std::string Details(const sched::AttemptEnded& e) {
  return " " + Name(e.attempt) + " " + bsub::Describe(e.end) +
         (e.then == sched::AfterAttempt::kSucceeded ? ", succeeded"
          : e.then == sched::AfterAttempt::kRetry   ? ", retry"
                                                    : ", failed");
}
std::string Details(const sched::AttemptStarted& e) { return " " + Name(e.attempt); }
std::string Details(const sched::StopRequested& e) { return " " + Name(e.attempt); }
std::string Details(const sched::TasksEnded& e) {
  return " " + Name(e.job) + Describe(e.tasks) + " " + bsub::Describe(e.end);
}
std::string Details(const sched::TasksRequeued& e) { return " " + Name(e.job) + Describe(e.tasks); }
std::string Details(const sched::HoldSet& e) {
  return " " + Name(e.target.job) + (e.held ? " held" : " released");
}
std::string Details(const sched::NodeRegistered& e) {
  return " " + e.description.name + " as " + std::to_string(e.incarnation.value());
}
template <typename E>
std::string Details(const E&) {
  return "";
}

}  // namespace

sched::State CloneState(const sched::State& from) {
  sched::State state = sched::CopyState(from);
  // Each loaded job brings settings of its own; the core shares equal ones again.
  for (auto& [id, job] : state.jobs) job.spec.settings = std::make_shared<JobSettings>(*job.spec.settings);
  return state;
}

std::string DescribeEntry(const sched::EntryBody& body) {
  return std::string(sched::KindName(body)) + std::visit([](const auto& e) { return Details(e); }, body);
}

}  // namespace bsub::sim
