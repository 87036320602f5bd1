#include "sim/replay/driven_core.h"

#include <algorithm>
#include <type_traits>

#include "common/check.h"

namespace bsub::sim {
namespace {

// Second 0. Any will do that is a time: 2000-01-01T00:00:00Z.
constexpr std::int64_t kBeginning = 946'684'800;
constexpr std::int64_t kMicros = 1'000'000;

Principal Root() { return {.uid = 0, .gid = 0, .name = "root"}; }

sched::AttemptRef FirstAttempt(std::size_t job) { return {{JobId(job + 1), 0}, 1}; }

}  // namespace

DrivenCore::DrivenCore(sched::Settings settings, const ReplayPolicy& policy)
    : scheduler_(std::move(settings)) {
  SetTime(0);
  Handle(sched::Started{.cluster_uuid_if_new = "00000000-0000-4000-8000-000000000001"});
  sched::Queue queue = scheduler_.state().queues.at(scheduler_.state().default_queue);
  queue.order = policy.order;
  queue.backfill = policy.backfill;
  queue.overdue_after = policy.overdue_after;
  queue.favour_short = policy.favour_short;
  Handle(sched::SetQueue{.reply = {}, .who = Root(), .queue = std::move(queue)});
}

void DrivenCore::SetTime(std::int64_t seconds) { now_ = TimePoint((kBeginning + seconds) * kMicros); }

std::int64_t DrivenCore::SecondOf(TimePoint at) { return (at.micros() + kMicros - 1) / kMicros - kBeginning; }

template <typename Body>
const sched::Outcome& DrivenCore::Handle(Body&& body) {
  input_.body.emplace<std::decay_t<Body>>(std::forward<Body>(body));
  return HandleInput();
}

const sched::Outcome& DrivenCore::HandleInput() {
  input_.at = now_;
  scheduler_.Handle(input_, outcome_);
  wake_at_ = outcome_.wake_at;
  cycle_wanted_ = cycle_wanted_ || outcome_.cycle_wanted;
  return outcome_;
}

DrivenNode DrivenCore::Register(const std::string& name, const Resources& total) {
  sched::NodeHello hello;
  hello.stream = sched::StreamId(scheduler_.state().nodes.size() + 1);
  hello.description.name = hello.description.host = name;
  hello.description.boot_id = hello.description.spawner_id = name;
  hello.description.total = total;
  Handle(std::move(hello));
  const sched::Node* node = scheduler_.state().FindNode(name);
  BSUB_CHECK(node != nullptr) << "node " << name << " was refused";
  return {node->id, node->incarnation};
}

void DrivenCore::Submit(std::shared_ptr<const JobSettings> settings) {
  auto& submit = input_.body.emplace<sched::Submit>();
  submit.who = settings->owner;
  submit.spec.settings = std::move(settings);
  submit.spec.command.bytes.front() = 1;
  const std::uint64_t before = scheduler_.state().next_job_id;
  HandleInput();
  BSUB_CHECK(scheduler_.state().next_job_id == before + 1) << "a job of the workload was refused";
}

void DrivenCore::Started(std::size_t job, const DrivenNode& where) {
  Handle(sched::TaskStarted{where.node, where.incarnation, FirstAttempt(job), 1});
}

void DrivenCore::Ended(std::size_t job, const DrivenNode& where) {
  Handle(
      sched::TaskEnded{where.node, where.incarnation, FirstAttempt(job), {EndKind::kExited, 0, "", ""}, {}});
}

const sched::Outcome& DrivenCore::RunCycle(std::uint32_t max_placements) {
  return Handle(sched::RunCycle{max_placements});
}

bool DrivenCore::Tick() { return Handle(sched::Tick{}).cycle_wanted; }

JobSettings SettingsOfUser(const DrivenCore& core, std::int64_t user) {
  JobSettings settings;
  const auto uid = static_cast<std::uint32_t>(std::clamp<std::int64_t>(user, 0, 1'000'000'000)) + 1000;
  settings.owner = {.uid = uid, .gid = uid, .name = "u" + std::to_string(user)};
  settings.queue = core.scheduler().state().default_queue;
  settings.working_directory = "/";
  return settings;
}

}  // namespace bsub::sim
