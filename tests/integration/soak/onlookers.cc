#include "tests/integration/soak/onlookers.h"

#include <random>

namespace bsub::soak {
namespace {

constexpr auto kPause = std::chrono::milliseconds(50);
constexpr auto kDeadline = std::chrono::seconds(10);

// A follower leaves when its time is over, or earlier.
std::chrono::milliseconds StayOf(std::uint64_t dice) { return std::chrono::milliseconds(50 + dice % 1500); }

template <typename Reader, typename Message>
void ReadAll(Reader& reader, Message message) {
  while (reader.Read(&message)) {
  }
  reader.Finish();
}

}  // namespace

Onlookers::Onlookers(const Options& options, const OpenUnits& units)
    : options_(options), units_(units), stub_(Connect(options.socket)) {
  using Visit = void (Onlookers::*)(std::uint64_t);
  constexpr Visit kVisits[] = {&Onlookers::FollowEvents, &Onlookers::FollowEvents, &Onlookers::FollowLog,
                               &Onlookers::AskJob, &Onlookers::AskOther};
  std::uint64_t seed = static_cast<std::uint64_t>(options.seed) << 8;
  for (const Visit visit : kVisits) {
    threads_.emplace_back([this, visit, seed] { Repeat(seed, [&](auto dice) { (this->*visit)(dice); }); });
    ++seed;
  }
}

void Onlookers::Stop() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void Onlookers::Repeat(std::uint64_t seed, const std::function<void(std::uint64_t)>& visit) {
  std::mt19937_64 random(seed);
  while (!stop_) {
    visit(random());
    std::this_thread::sleep_for(kPause);
  }
}

// Each follower comes over a connection of its own: descriptors come and go with it.
void Onlookers::FollowEvents(std::uint64_t dice) {
  const auto stub = Connect(options_.socket);
  grpc::ClientContext context;
  SetDeadline(context, StayOf(dice));
  v1::EventsRequest request;
  request.set_follow(true);
  request.set_limit(20);
  ReadAll(*stub->Events(&context, request), v1::Event());
  ++followed_;
}

void Onlookers::FollowLog(std::uint64_t dice) {
  const std::uint64_t id = units_.RecentId(dice);
  if (id == 0) return;
  const auto stub = Connect(options_.socket);
  grpc::ClientContext context;
  SetDeadline(context, StayOf(dice));
  v1::LogsRequest request;
  request.set_target(std::to_string(id));
  request.set_follow(true);
  ReadAll(*stub->Logs(&context, request), v1::LogChunk());
  ++followed_;
}

void Onlookers::AskJob(std::uint64_t dice) {
  const std::uint64_t id = units_.RecentId(dice);
  if (id == 0) return;
  grpc::ClientContext context;
  SetDeadline(context, kDeadline);
  v1::GetJobRequest request;
  request.set_target(std::to_string(id));
  v1::Job job;
  const Stopwatch watch;
  const grpc::Status status = stub_->GetJob(&context, request, &job);
  ++questions_;
  if (status.ok()) return queries_.Add(watch.ms());
  if (!MayRepeat(status)) PrintFault("lost", "job " + std::to_string(id) + ": " + status.error_message());
}

void Onlookers::AskOther(std::uint64_t dice) {
  grpc::ClientContext context;
  SetDeadline(context, kDeadline);
  const std::string target = std::to_string(units_.RecentId(dice));
  v1::ListJobsRequest list;
  v1::WhyRequest why;
  v1::WhyReply reasons;
  v1::StatusReply state;
  v1::WaitRequest wait;
  ++questions_;
  switch (dice >> 8 & 3) {
    case 0:
      list.set_limit(100);
      return ReadAll(*stub_->ListJobs(&context, list), v1::Job());
    case 1:
      why.set_target(target);
      stub_->Why(&context, why, &reasons);
      return;
    case 2:
      stub_->Status(&context, v1::StatusRequest(), &state);
      return;
    default:
      SetDeadline(context, StayOf(dice));
      wait.add_targets(target);
      return ReadAll(*stub_->Wait(&context, wait), v1::WaitReply());
  }
}

}  // namespace bsub::soak
