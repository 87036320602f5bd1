#include "tests/integration/soak/watcher.h"

#include "tests/integration/soak/report.h"

namespace bsub::soak {
namespace {

constexpr std::size_t kMostAtOnce = 1000;
constexpr auto kListDeadline = std::chrono::seconds(30);

}  // namespace

Watcher::Watcher(const Options& options, OpenUnits& units) : stub_(Connect(options.socket)), units_(units) {}

void Watcher::Look() {
  const std::vector<Unit> units = units_.Oldest(kMostAtOnce);
  if (units.empty()) return;
  Ends ends;
  const grpc::Status status = Ask(units, ends);
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) return FindLost(units);
  if (!status.ok()) {
    if (!MayRepeat(status)) PrintFault("refused", "ListJobs: " + status.error_message());
    return;
  }
  for (const Unit& unit : units) Step(unit, ends);
}

grpc::Status Watcher::Ask(const std::vector<Unit>& units, Ends& ends) {
  grpc::ClientContext context;
  SetDeadline(context, kListDeadline);
  v1::ListJobsRequest request;
  request.set_include_finished(true);
  for (const Unit& unit : units) {
    for (const UnitJob& job : unit.jobs) request.add_targets(std::to_string(job.id));
  }
  const auto reader = stub_->ListJobs(&context, request);
  for (v1::Job job; reader->Read(&job);) {
    if (job.state() == "SUCCEEDED" || job.state() == "FAILED")
      ends[job.id()] = {job.state(), job.exit().kind()};
  }
  return reader->Finish();
}

void Watcher::FindLost(const std::vector<Unit>& units) {
  for (const Unit& unit : units) {
    for (const UnitJob& job : unit.jobs) {
      const grpc::Status status = Insist(
          [&](grpc::ClientContext& context) {
            v1::GetJobRequest request;
            request.set_target(std::to_string(job.id));
            v1::Job found;
            return stub_->GetJob(&context, request, &found);
          },
          never_, repeats_);
      if (status.ok()) continue;
      PrintFault("lost", "job " + std::to_string(job.id) + " key " + job.key + ": " + status.error_message());
      units_.Remove(unit.number);
      break;
    }
  }
}

void Watcher::Step(Unit unit, const Ends& ends) {
  for (UnitJob& job : unit.jobs) {
    const auto end = ends.find(job.id);
    if (end == ends.end()) return;
    if (unit.kind == Kind::kRequeued && end->second.state == "FAILED") return Requeue(job);
    job.state = end->second.state;
    job.end = end->second.kind;
  }
  PrintLine(OverLine(unit));
  ++over_;
  units_.Remove(unit.number);
}

// If the answer is lost, the next look shows whether it was done.
void Watcher::Requeue(const UnitJob& job) {
  grpc::ClientContext context;
  SetDeadline(context, kListDeadline);
  v1::ControlRequest request;
  request.set_action(v1::REQUEUE);
  request.add_targets(std::to_string(job.id));
  v1::ControlReply reply;
  const grpc::Status status = stub_->Control(&context, request, &reply);
  if (!status.ok() && !MayRepeat(status))
    PrintFault("refused", "requeue of job " + std::to_string(job.id) + ": " + status.error_message());
}

void Watcher::TellStuck() {
  for (const Unit& unit : units_.Oldest(kMostAtOnce)) {
    for (const UnitJob& job : unit.jobs)
      PrintFault("stuck",
                 std::string(ToString(unit.kind)) + " job " + std::to_string(job.id) + " key " + job.key);
  }
}

}  // namespace bsub::soak
