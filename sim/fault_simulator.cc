#include "sim/fault_simulator.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "common/check.h"
#include "common/hash.h"
#include "scheduler/core/start_study.h"
#include "sim/clone_state.h"
#include "sim/names.h"

namespace bsub::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr TimePoint kStart(1'790'000'000'000'000);
// Simulated time that everything has to end in once the faults have stopped.
constexpr Duration kPatience = hours(48);
constexpr std::size_t kMostOpenCalls = 12;
constexpr std::uint64_t kStepsPerQuestion = 8;
constexpr std::uint32_t kForecastSteps = 200;

// n0 and n1 on one rack, n2 on another; n3 is one that nobody has written down.
std::shared_ptr<const sched::Topology> Racks() {
  using sched::Fabric;
  auto builder =
      sched::TopologyBuilder::Make("sim", {{"spine", {{Fabric::kEthernet, 20'000, 500'000'000}}},
                                           {"rack", {{Fabric::kEthernet, 5'000, 1'250'000'000}}},
                                           {"node", {{Fabric::kSharedMemory, 300, 20'000'000'000}}}});
  BSUB_CHECK(builder && builder->AddType({.name = "node"}));
  const auto one = builder->AddSwitch(sched::TopologyBuilder::kTop, "r0");
  const auto other = builder->AddSwitch(sched::TopologyBuilder::kTop, "r1");
  BSUB_CHECK(one && other);
  for (const char* name : {"n0", "n1", "n2"}) {
    const auto rack = std::string_view(name) == "n2" ? *other : *one;
    BSUB_CHECK(builder->AddNode(rack, {.name = name, .type = 0, .features = {}}));
  }
  return std::make_shared<const sched::Topology>(std::move(*builder).Build().value());
}

sched::Settings CoreSettings(Random& random) {
  sched::Settings settings;
  settings.study.plays = settings.study.least_plays = 2;  // any will do: nobody reads the answers
  if (random.Chance(700)) settings.topology = Racks();
  settings.authority.cluster_uid = kAdminUid;
  // Longer than any client goes on repeating a submit.
  if (random.Chance(500)) settings.finished_retention = minutes(20);
  if (random.Chance(200)) settings.max_interruptions_default = 3;
  // So few that some must be forgotten for others.
  settings.max_definitions = 9;
  settings.max_definitions_per_user = 4;
  return settings;
}

}  // namespace

FaultSimulator::FaultSimulator(const FaultSimSettings& settings)
    : model_(settings, kStart),
      scheduler_(model_, CoreSettings(model_.random)),
      clients_(model_, scheduler_),
      workload_(model_, clients_, nodes_) {}

FaultSimReport RunFaultSimulator(const FaultSimSettings& settings) { return FaultSimulator(settings).Run(); }

FaultSimReport FaultSimulator::Run() {
  FaultSimReport report;
  try {
    DrawWeather();
    MakeNodes();
    Storm();
    Settle();
    CheckEnd();
  } catch (const Violation& violation) {
    report.ok = false;
    report.violation = violation.what;
    model_.tally.violations = 1;
  }
  model_.tally.seeds = 1;
  model_.tally.steps = report.step = scheduler_.steps();
  for (const auto& [id, job] : model_.witness.jobs()) model_.tally.tasks += job.tasks.size();
  model_.tally.jobs = model_.witness.jobs().size();
  model_.tally.reservations = model_.witness.reservations();
  model_.tally.preemptions = model_.witness.preemptions();
  report.tally = model_.tally;
  report.last_lines.assign(model_.trace.lines().begin(), model_.trace.lines().end());
  report.journal_hash = scheduler_.JournalHash();
  return report;
}

// Each kind of fault is absent in some runs and frequent in others.
void FaultSimulator::DrawWeather() {
  Random& random = model_.random;
  Weather& w = model_.weather;
  const auto mean = [&random](Duration low, Duration high) {
    return random.Chance(300) ? Duration(0) : random.Spread(low, high);
  };
  w.scheduler_crash = mean(seconds(20), minutes(10));
  w.crash_point_permille = random.Chance(400) ? 0 : static_cast<std::uint32_t>(random.Between(1, 20));
  w.append_fails_permille = random.Chance(700) ? 0 : 5;
  w.stream_break = mean(seconds(10), minutes(5));
  w.agent_crash = mean(seconds(20), minutes(10));
  w.spawner_crash = mean(seconds(30), minutes(20));
  w.reboot = mean(minutes(1), minutes(20));
  w.partition = mean(seconds(30), minutes(10));
  w.freeze = mean(seconds(30), minutes(10));
  w.notice = mean(seconds(20), minutes(10));
  w.lost_call_permille = random.Chance(300) ? 0 : static_cast<std::uint32_t>(random.Between(10, 400));
  w.late_permille = random.Chance(300) ? 0 : static_cast<std::uint32_t>(random.Between(5, 200));
  w.repeated_permille = random.Chance(300) ? 0 : static_cast<std::uint32_t>(random.Between(5, 200));
  w.slowest_sync = random.Spread(milliseconds(1), seconds(5));
}

void FaultSimulator::MakeNodes() {
  const auto count = model_.random.Between(1, 4);
  for (std::int64_t i = 0; i < count; ++i) {
    sched::NodeDescription d;
    d.name = "n" + std::to_string(i);
    d.host = "host-" + d.name;
    d.state_id = "state-" + d.name;
    d.version = "sim";
    // Each can run the largest request, so that every job can end.
    d.total = {.cpu_milli = 1000 * model_.random.Between(2, 8),
               .mem_bytes = model_.random.Between(4, 8) << 28,
               .gpus = 2};
    d.on_lease_loss = model_.random.Chance(500) ? sched::OnLeaseLoss::kKill : sched::OnLeaseLoss::kKeep;
    nodes_.push_back(
        std::make_unique<NodeModel>(model_, d, [this](NodeEnd& end) { return scheduler_.Accept(end); }));
  }
}

void FaultSimulator::Repeat(Duration mean, void (FaultSimulator::*strike)()) {
  if (mean.count() == 0) return;
  model_.events.After(model_.random.Between(Duration(1), mean * 2), [this, mean, strike] {
    if (!model_.faults) return;
    (this->*strike)();
    Repeat(mean, strike);
  });
}

NodeModel& FaultSimulator::AnyNode() { return *model_.random.Pick(nodes_); }

void FaultSimulator::StrikeScheduler() { scheduler_.Crash("out of the blue", model_.random.Chance(300)); }
void FaultSimulator::BreakStream() { AnyNode().BreakStream(); }
void FaultSimulator::CrashAgent() {
  NodeModel& node = AnyNode();
  model_.random.Chance(300) ? node.BreakSocket() : node.CrashAgent();
}
void FaultSimulator::CrashSpawner() { AnyNode().CrashSpawner(); }
void FaultSimulator::Reboot() { AnyNode().PowerLoss(model_.random.Spread(seconds(5), minutes(10))); }
void FaultSimulator::Partition() { AnyNode().Partition(model_.random.Spread(seconds(1), minutes(10))); }
void FaultSimulator::Freeze() { AnyNode().Freeze(model_.random.Spread(seconds(1), minutes(5))); }
// Half of the machines that were to go do.
void FaultSimulator::Notice() {
  NodeModel& node = AnyNode();
  ++model_.tally.notices;
  const Duration in = model_.random.Spread(seconds(1), minutes(3));
  workload_.NoticeNode(node, in);
  if (!model_.random.Chance(500)) return;
  model_.events.After(in, [this, &node] {
    if (model_.faults) node.PowerLoss(model_.random.Spread(seconds(5), minutes(10)));
  });
}
void FaultSimulator::Act() {
  // People wait for answers, too.
  if (clients_.open() < kMostOpenCalls) workload_.Act();
}

// Draws nothing, so that seeds mean what they meant.
void FaultSimulator::AskWhen() {
  const sched::Scheduler* core = scheduler_.scheduler();
  if (!core || core->state().jobs.empty()) return;
  auto job = core->state().jobs.begin();
  std::advance(job, static_cast<std::ptrdiff_t>(scheduler_.steps() % core->state().jobs.size()));
  for (; job != core->state().jobs.end(); ++job) {  // the next one that waits for its turn
    const auto forecast = core->ForecastOf({job->first, std::nullopt}, scheduler_.Clock(), kForecastSteps);
    if (!forecast || !forecast->study) continue;
    static_cast<void>(forecast->study->Run());
    return;
  }
}

void FaultSimulator::Storm() {
  const Weather& w = model_.weather;
  scheduler_.Boot();
  for (const auto& node : nodes_) node->PowerOn();
  workload_.Begin();
  Repeat(model_.random.Spread(milliseconds(300), seconds(20)), &FaultSimulator::Act);
  Repeat(w.scheduler_crash, &FaultSimulator::StrikeScheduler);
  Repeat(w.stream_break, &FaultSimulator::BreakStream);
  Repeat(w.agent_crash, &FaultSimulator::CrashAgent);
  Repeat(w.spawner_crash, &FaultSimulator::CrashSpawner);
  Repeat(w.reboot, &FaultSimulator::Reboot);
  Repeat(w.partition, &FaultSimulator::Partition);
  Repeat(w.freeze, &FaultSimulator::Freeze);
  Repeat(w.notice, &FaultSimulator::Notice);
  for (std::uint64_t asked = 0; scheduler_.steps() < model_.settings.steps && model_.events.RunOne();) {
    if (scheduler_.steps() < asked + kStepsPerQuestion) continue;
    asked = scheduler_.steps();
    AskWhen();
  }
}

// The weather clears and what remains is run to its end.
void FaultSimulator::Settle() {
  model_.trace.Note("the faults stop");
  model_.faults = false;
  for (const auto& node : nodes_) node->Mend();
  const std::uint64_t most = scheduler_.steps() + model_.settings.settle_steps;
  const TimePoint latest = model_.events.now() + kPatience;
  // Copies of answered requests may still be under way.
  const TimePoint calm_from = model_.events.now() + minutes(1);
  bool let_go = false;
  for (std::uint64_t n = 1; !let_go || n % 64 != 0 || !Over(); ++n) {
    // What people had asked for before comes first, then holds and closed queues go.
    if (!let_go && clients_.open() == 0 && model_.events.now() > calm_from) {
      let_go = true;
      workload_.LetGo();
    }
    if (!model_.events.RunOne()) return;
    if (scheduler_.steps() > most || model_.events.now() > latest)
      throw Violation{"not everything ends after the faults: " + Unfinished()};
  }
}

bool FaultSimulator::Over() const {
  if (!scheduler_.up() || clients_.open() > 0 || model_.truth.alive() > 0 || !scheduler_.Quiet())
    return false;
  if (!std::all_of(nodes_.begin(), nodes_.end(), [](const auto& node) { return node->Idle(); })) return false;
  return Unfinished().empty();
}

// A task may stay unfinished only if it waits for what can never come and its user asked to keep it, or for a
// task of which that is true.
std::string FaultSimulator::Unfinished() const {
  for (const auto& [id, job] : model_.witness.jobs()) {
    if (job.forgotten) continue;
    for (std::uint32_t i = 0; i < job.tasks.size(); ++i) {
      if (job.tasks[i].over()) continue;
      const Truth3 allowed = model_.witness.Allows(job, i);
      const bool stuck =
          job.tasks[i].phase == Witness::Phase::kWaiting &&
          (allowed == Truth3::kOpen ||
           (allowed == Truth3::kNever && job.spec.settings->on_impossible == OnImpossible::kKeep));
      if (!stuck) return Name(sched::TaskRef{id, i}) + " is not over; " + model_.truth.Describe();
    }
  }
  return "";
}

void FaultSimulator::CheckEnd() const {
  const sched::State& state = scheduler_.scheduler()->state();
  for (const auto& [id, node] : state.nodes) {
    const sched::NodeUsage usage = scheduler_.scheduler()->UsageOf(id);
    if (usage.tasks != 0)
      throw Violation{"node " + node.description.name + " counts tasks though nothing runs"};
  }
  for (const JobId id : clients_.acknowledged()) {
    const auto job = model_.witness.jobs().find(id);
    if (job == model_.witness.jobs().end()) throw Violation{"the acknowledged job " + Name(id) + " is lost"};
    if (!job->second.forgotten && !state.FindJob(id))
      throw Violation{"the acknowledged job " + Name(id) + " is lost"};
  }
}

}  // namespace bsub::sim
