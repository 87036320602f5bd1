#include "bench/core/core_driver.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace bsub::bench {
namespace {

constexpr TimePoint kStart(1'767'225'600'000'000);  // 2026-01-01T00:00:00Z
constexpr std::int64_t kTiB = std::int64_t{1} << 40;
constexpr std::uint32_t kUser = 1000;

sched::Settings BenchSettings(std::shared_ptr<const sched::Topology> topology = nullptr) {
  sched::Settings settings;
  settings.topology = std::move(topology);
  settings.max_jobs = 10'000'000;
  settings.max_waiting_per_user = 100'000'000;
  return settings;
}

Principal User() { return {.uid = kUser, .gid = kUser, .groups = {kUser}, .name = "ada"}; }

PayloadHash HashOf(std::uint64_t seed) {
  PayloadHash hash;
  for (std::size_t i = 0; i < hash.bytes.size(); ++i) {
    hash.bytes[i] = static_cast<std::uint8_t>((seed + 1) * 0x9e3779b97f4a7c15ULL >> (i % 8 * 8));
  }
  return hash;
}

}  // namespace

CoreDriver::CoreDriver() : CoreDriver(false) {}

CoreDriver::CoreDriver(bool keep_entries) : CoreDriver(keep_entries, BenchSettings()) {}
CoreDriver::CoreDriver(std::shared_ptr<const sched::Topology> topology)
    : CoreDriver(false, BenchSettings(std::move(topology))) {}

CoreDriver::CoreDriver(bool keep_entries, sched::Settings settings)
    : keep_entries_(keep_entries), now_(kStart), scheduler_(std::move(settings)) {
  Handle(sched::Started{.cluster_uuid_if_new = "00000000-0000-4000-8000-000000000001"});
}

sched::Outcome CoreDriver::Handle(sched::InputBody body) {
  now_ = now_ + Duration(1);
  sched::Outcome outcome = scheduler_.Handle({now_, std::move(body)});
  if (keep_entries_) entries_.insert(entries_.end(), outcome.entries.begin(), outcome.entries.end());
  for (const sched::Message& message : outcome.messages) {
    if (const auto* launch = std::get_if<sched::LaunchTask>(&message)) {
      running_.push_back({launch->node, launch->incarnation, launch->attempt});
    } else if (const auto* reply = std::get_if<sched::Reply>(&message)) {
      if (!reply->body) {
        std::fprintf(stderr, "benchmark: refused: %s\n", reply->body.error().message.c_str());
        std::exit(1);
      }
      if (const auto* accepted = std::get_if<sched::SubmitAccepted>(&*reply->body))
        last_accepted_ = accepted->job;
    }
  }
  return outcome;
}

void CoreDriver::AddNodes(int count, std::int64_t cpus) {
  for (int i = 0; i < count; ++i) {
    sched::NodeHello hello;
    hello.stream = sched::StreamId(static_cast<std::uint64_t>(i) + 1);
    hello.description.name = "n" + std::to_string(i);
    hello.description.host = hello.description.name;
    hello.description.state_id = hello.description.name + "-state";
    hello.description.boot_id = hello.description.name + "-boot";
    hello.description.spawner_id = hello.description.name + "-spawner";
    hello.description.version = "1";
    hello.description.total = {cpus * 1000, kTiB, 0};
    Handle(std::move(hello));
  }
}

JobId CoreDriver::Submit(JobSpec spec) {
  Handle(sched::Submit{sched::ReplyTo(1), User(), std::move(spec)});
  return last_accepted_;
}

void CoreDriver::Cycle(std::uint32_t max_placements) { Handle(sched::RunCycle{max_placements}); }

void CoreDriver::Finish(const Running& task) {
  Handle(sched::TaskStarted{task.node, task.incarnation, task.attempt, 4242});
  Handle(sched::TaskEnded{task.node, task.incarnation, task.attempt, {EndKind::kExited, 0, "", ""}, {}});
}

std::shared_ptr<const JobSettings> SharedSettings(std::int64_t cpu_milli, Duration walltime) {
  JobSettings settings;
  settings.owner = User();
  settings.working_directory = "/home/ada";
  settings.submit_host = "login1";
  settings.environment = HashOf(7);
  settings.request = {cpu_milli, 0, 0};
  settings.walltime = walltime;
  return std::make_shared<const JobSettings>(std::move(settings));
}

JobSpec SmallJob(std::uint64_t seed, const std::shared_ptr<const JobSettings>& settings) {
  JobSpec spec;
  spec.name = "job";
  spec.command = HashOf(seed);
  spec.settings = settings;
  // As evenly spread as those of clients.
  const std::string_view raw(reinterpret_cast<const char*>(&seed), sizeof seed);
  const std::array<std::uint64_t, 2> words{Hash64(raw, 1), Hash64(raw, 2)};
  std::memcpy(spec.token.bytes.data(), words.data(), spec.token.bytes.size());
  return spec;
}

}  // namespace bsub::bench
