// What arrays cost in memory: counted by allocation, after children ended in random order. The number of
// children is BSUB_MEMORY_CHILDREN (the long test takes a million), and the bounds grow with it.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <random>

#include "common/check.h"
#include "scheduler/core/scheduler.h"
#include "tests/support/builders.h"

namespace {

std::int64_t live_bytes = 0;  // of everything that operator new gave out

void* Allocate(std::size_t size) {
  void* p = std::malloc(size == 0 ? 1 : size);
  if (!p) std::abort();
  live_bytes += static_cast<std::int64_t>(malloc_usable_size(p));
  return p;
}

void Release(void* p) {
  if (!p) return;
  live_bytes -= static_cast<std::int64_t>(malloc_usable_size(p));
  std::free(p);
}

}  // namespace

__attribute__((noinline)) void* operator new(std::size_t size) { return Allocate(size); }
__attribute__((noinline)) void* operator new[](std::size_t size) { return Allocate(size); }
__attribute__((noinline)) void operator delete(void* p) noexcept { Release(p); }
__attribute__((noinline)) void operator delete[](void* p) noexcept { Release(p); }
__attribute__((noinline)) void operator delete(void* p, std::size_t) noexcept { Release(p); }
__attribute__((noinline)) void operator delete[](void* p, std::size_t) noexcept { Release(p); }

namespace bsub::testing {
namespace {

std::uint32_t Children() {
  const char* text = std::getenv("BSUB_MEMORY_CHILDREN");
  return text ? static_cast<std::uint32_t>(std::stoul(text)) : 20'000;
}

// A scheduler fed with entries: what children do to memory needs no decisions.
class Cluster {
 public:
  Cluster() {
    Apply(sched::ClusterCreated{"00000000-0000-4000-8000-000000000001", "default"});
    Apply(sched::QueueSet{{.name = "default"}, true, ""});
    sched::NodeDescription node;
    node.name = "n1";
    node.total = Cpus(1'000'000);
    Apply(sched::NodeRegistered{NodeId(1), Incarnation(1), node});
  }
  JobId Submit(const Job& job) {
    JobSpec spec = job.spec();
    JobSettings settings = *spec.settings;
    settings.queue = "default";
    settings.owner = Alice();
    spec.settings = std::make_shared<JobSettings>(settings);
    Apply(sched::JobSubmitted{JobId(state().next_job_id), std::move(spec)});
    return JobId(state().next_job_id - 1);
  }
  void Place(JobId job, std::uint32_t ordinal) {
    Apply(sched::AttemptPlaced{{{job, ordinal}, 1}, NodeId(1), Incarnation(1), {1000, 0, 0}, {}});
  }
  void End(JobId job, std::uint32_t ordinal, std::int32_t code) {
    sched::AttemptEnded ended;
    ended.attempt = {{job, ordinal}, 1};
    ended.end = Exit(code);
    ended.then = code == 0 ? sched::AfterAttempt::kSucceeded : sched::AfterAttempt::kFailed;
    Apply(std::move(ended));
  }
  const sched::State& state() const { return scheduler_.state(); }
  const sched::Scheduler& scheduler() const { return scheduler_; }

 private:
  void Apply(sched::EntryBody body) {
    const Sequence next(state().last_sequence.value() + 1);
    const Status applied = scheduler_.Apply({next, TimePoint(1), std::move(body)});
    BSUB_CHECK(applied.has_value()) << applied.error().message;
  }
  sched::Scheduler scheduler_{sched::Settings{}};
};

// Runs every child of `jobs`, some hundreds at a time, in an order of its own.
template <typename Code>
void RunInRandomOrder(Cluster& cluster, const std::vector<JobId>& jobs, Code code) {
  std::mt19937 random(20260101);
  for (const JobId job : jobs) {
    std::vector<std::uint32_t> order(cluster.state().FindJob(job)->size());
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), random);
    constexpr std::size_t kLive = 500;
    for (std::size_t i = 0; i < order.size() + kLive; ++i) {
      if (i < order.size()) cluster.Place(job, order[i]);
      if (i >= kLive) cluster.End(job, order[i - kLive], code(random));
    }
  }
}

std::string Indices() { return "1-" + std::to_string(Children()); }

TEST(Memory, FinishedChildrenCostAtMostAByteOfDurableState) {
  const std::vector<std::pair<const char*, std::int32_t (*)(std::mt19937&)>> fates = {
      {"all succeed", [](std::mt19937&) { return 0; }},
      {"all fail alike", [](std::mt19937&) { return 1; }},
      {"one in a hundred fails", [](std::mt19937& r) { return r() % 100 == 0 ? 1 : 0; }},
      {"half fail in 14 ways",
       [](std::mt19937& r) { return r() % 2 == 0 ? 0 : static_cast<std::int32_t>(r() % 14 + 1); }}};
  for (const auto& [name, code] : fates) {
    Cluster cluster;
    const JobId job = cluster.Submit(Job().Array(Indices()));
    RunInRandomOrder(cluster, {job}, code);
    const sched::ArrayState& array = *cluster.state().FindJob(job)->array;
    EXPECT_TRUE(array.Over());
    EXPECT_LE(array.durable_bytes(), Children()) << name;
    EXPECT_TRUE(cluster.scheduler().CheckInvariants());
  }
}

// With a million children each: 8 MiB for both arrays, durable and derived.
TEST(Memory, NToNOfTwoArraysStaysSmallInAnyOrder) {
  Cluster cluster;
  const std::int64_t before = live_bytes;
  const JobId a = cluster.Submit(Job().Array(Indices()));
  const JobId b = cluster.Submit(Job().Array(Indices()).After("n_to_n(1)"));
  RunInRandomOrder(cluster, {a, b}, [](std::mt19937&) { return 0; });
  EXPECT_TRUE(cluster.state().FindJob(b)->array->Over());
  const std::int64_t used = live_bytes - before;
  EXPECT_LE(used, 8 * (std::int64_t{1} << 20) * Children() / 1'000'000 + 8192);
  RecordProperty("bytes", std::to_string(used));
  EXPECT_TRUE(cluster.scheduler().CheckInvariants());
}

TEST(Memory, AWaitingArrayCostsBits) {
  Cluster cluster;
  const std::int64_t before = live_bytes;
  cluster.Submit(Job().Array(Indices()));
  EXPECT_LE(live_bytes - before, std::int64_t{Children()} + 8192);
}

}  // namespace
}  // namespace bsub::testing
