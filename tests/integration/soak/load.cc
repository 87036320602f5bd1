#include "tests/integration/soak/load.h"

#include <algorithm>
#include <cstdio>

namespace bsub::soak {
namespace {

constexpr auto kLookPause = std::chrono::milliseconds(50);

}  // namespace

Load::Load(const Options& options)
    : options_(options), units_(options.open), watcher_(options, units_), onlookers_(options, units_) {}

void Load::Run() {
  std::vector<std::thread> senders;
  sending_ = static_cast<int>(options_.senders);
  for (std::int64_t i = 0; i < options_.senders; ++i) senders.emplace_back([this] { Send(); });
  WatchUntil([&] { return sending_ == 0; });
  onlookers_.Stop();  // what they ask for would be forgotten while nothing new comes
  const double sent = seconds();
  for (std::thread& sender : senders) sender.join();
  WatchUntil([&] { return units_.size() == 0 || seconds() > sent + options_.patience; });
  watcher_.TellStuck();
  char text[400];
  std::snprintf(
      text, sizeof text,
      R"({"end": {"units": %lld, "jobs": %lld, "over": %lld, "seconds": %.1f, "per_second": %.1f, )"
      R"("drained_seconds": %.1f, "repeats": %lld, "followed": %lld, "questions": %lld}})",
      static_cast<long long>(issued()), static_cast<long long>(jobs_),
      static_cast<long long>(watcher_.over()), sent, static_cast<double>(watcher_.over()) / seconds(),
      seconds() - sent, static_cast<long long>(repeats_ + watcher_.repeats()),
      static_cast<long long>(onlookers_.followed()), static_cast<long long>(onlookers_.questions()));
  PrintLine(text);
}

std::int64_t Load::issued() const {
  const auto next = static_cast<std::int64_t>(next_);
  return options_.count == 0 ? next : std::min(next, options_.count);
}

void Load::WatchUntil(const std::function<bool()>& done) {
  while (!done()) {
    watcher_.Look();
    if (seconds() >= next_report_ + options_.window) Report();
    std::this_thread::sleep_for(kLookPause);
  }
}

void Load::Report() {
  next_report_ = seconds();
  char text[160];
  std::snprintf(text, sizeof text, R"({"window": {"at": %.1f, "units": %lld, "over": %lld, "open": %lld, )",
                next_report_, static_cast<long long>(issued()), static_cast<long long>(watcher_.over()),
                static_cast<long long>(units_.size()));
  PrintLine(text + submits_.Take("submit") + ", " + onlookers_.queries().Take("query") + "}}");
}

void Load::Send() {
  const auto stub = Connect(options_.socket);
  for (;;) {
    const std::uint64_t number = next_++;
    if (!WaitForTurn(number) || !units_.Enter()) break;
    Submit(*stub, MakeUnit(options_, number));
  }
  --next_;  // this one was not issued, nor will any later one be
  --sending_;
}

// Open loop: when a unit is due does not depend on those before it.
bool Load::WaitForTurn(std::uint64_t number) {
  if (options_.count != 0 && number >= static_cast<std::uint64_t>(options_.count)) return false;
  if (options_.rate > 0) {
    const double due = static_cast<double>(number) / options_.rate;
    if (options_.seconds > 0 && due > options_.seconds) return false;
    if (due > seconds()) std::this_thread::sleep_for(std::chrono::duration<double>(due - seconds()));
  }
  return options_.seconds == 0 || seconds() < options_.seconds;
}

void Load::Submit(Stub& stub, Unit unit) {
  for (std::size_t i = 0; i < unit.jobs.size(); ++i) {
    if (!SubmitJob(stub, unit, i)) return units_.Leave();
  }
  if (unit.kind == Kind::kForgone || unit.kind == Kind::kCancelled) Cancel(stub, unit.jobs[0]);
  units_.Put(std::move(unit));
}

bool Load::SubmitJob(Stub& stub, Unit& unit, std::size_t which) {
  const v1::SubmitRequest request = RequestOf(options_, unit, which);
  v1::SubmitReply reply;
  Stopwatch watch;
  const grpc::Status status = Insist(
      [&](grpc::ClientContext& context) {
        watch = Stopwatch();
        return stub.Submit(&context, request, &reply);
      },
      never_, repeats_);
  if (!status.ok()) {
    PrintFault("refused", "submit of " + unit.jobs[which].key + ": " + status.error_message());
    return false;
  }
  submits_.Add(watch.ms());
  unit.jobs[which].id = reply.job_id();
  ++jobs_;
  if (!units_.Note(reply.job_id()))
    PrintFault("id_reused", "job " + std::to_string(reply.job_id()) + " key " + unit.jobs[which].key);
  return true;
}

void Load::Cancel(Stub& stub, const UnitJob& job) {
  v1::ControlRequest request;
  request.set_action(v1::CANCEL);
  request.add_targets(std::to_string(job.id));
  const grpc::Status status = Insist(
      [&](grpc::ClientContext& context) {
        v1::ControlReply reply;
        const grpc::Status answer = stub.Control(&context, request, &reply);
        request.set_again(true);
        return answer;
      },
      never_, repeats_);
  if (!status.ok())
    PrintFault("refused", "cancel of job " + std::to_string(job.id) + ": " + status.error_message());
}

}  // namespace bsub::soak
