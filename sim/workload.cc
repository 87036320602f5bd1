#include "sim/workload.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bsub::sim {
namespace {

using std::chrono::seconds;

const std::vector<std::string>& QueueNames() {
  static const std::vector<std::string> names = {"default", "high", "low"};
  return names;
}

const std::vector<std::string>& DefinitionNames() {
  static const std::vector<std::string> names = {"align", "call", "merge", "sort"};
  return names;
}

const std::vector<std::string>& ReservationNames() {
  static const std::vector<std::string> names = {"course", "demo"};
  return names;
}

// Few sizes, so that arrays can be paired; some cross a word of the bitmaps.
const std::vector<std::uint32_t>& ArraySizes() {
  static const std::vector<std::uint32_t> sizes = {1, 2, 3, 3, 5, 5, 5, 8, 8, 20, 64, 65, 130};
  return sizes;
}

}  // namespace

Principal Admin() { return {.uid = kAdminUid, .gid = kAdminUid, .groups = {}, .name = "admin"}; }

Workload::Workload(Model& model, ClientModel& clients, std::vector<std::unique_ptr<NodeModel>>& nodes)
    : model_(model), clients_(clients), nodes_(nodes) {}

Principal Workload::AnyUser() {
  const auto n = static_cast<std::uint32_t>(model_.random.Below(3));
  return {.uid = 1000 + n, .gid = 100, .groups = {}, .name = "user" + std::to_string(n)};
}

// Mostly a recent one.
JobId Workload::AnyJob() {
  const std::vector<JobId>& known = clients_.acknowledged();
  if (known.empty() || model_.random.Chance(20))
    return JobId(static_cast<std::uint64_t>(model_.random.Between(1, 50)));
  const std::size_t window =
      model_.random.Chance(700) ? std::min<std::size_t>(known.size(), 6) : known.size();
  return known[known.size() - 1 - model_.random.Below(window)];
}

void Workload::Begin() {
  // In this order: one that preempts another finds it there.
  for (const char* name : {"low", "high"})
    clients_.Ask(sched::SetQueue{{}, Admin(), MakeQueue(name), false, false});
}

void Workload::Act() {
  const std::uint64_t luck = model_.random.Below(100);
  if (luck < 60) return SubmitOne();
  if (luck < 90) return ControlOne();
  if (luck < 92) return ChangeQueue();
  if (luck < 94) return ChangeReservation();
  if (luck < 96) return ChangeDefinition();
  ChangeNode();
}

std::shared_ptr<JobSettings> Workload::MakeSettings() {
  Random& random = model_.random;
  auto settings = std::make_shared<JobSettings>();
  settings->working_directory = "/home/user";
  if (random.Chance(700)) settings->queue = random.Pick(QueueNames());
  settings->priority = random.Chance(700) ? 0 : static_cast<std::int32_t>(random.Between(-2, 2));
  settings->request = {
      .cpu_milli = 500 * random.Between(1, 4), .mem_bytes = random.Between(0, 4) << 28, .gpus = 0};
  if (random.Chance(100)) settings->request.gpus = static_cast<std::int32_t>(random.Between(1, 2));
  settings->stop_grace = seconds(random.Between(0, 30));
  settings->retry.attempts = static_cast<std::int32_t>(random.Between(1, 4));
  if (random.Chance(150))
    settings->retry.evaluate_on_exit.push_back(
        {"Host EC2*", "", "", random.Chance(500) ? RetryAction::kRetry : RetryAction::kExit});
  if (random.Chance(150)) settings->retry.evaluate_on_exit.push_back({"", "", "3", RetryAction::kExit});
  if (random.Chance(100)) settings->max_interruptions = static_cast<std::int32_t>(random.Between(0, 3));
  if (random.Chance(150)) settings->on_impossible = OnImpossible::kKeep;
  if (random.Chance(400)) {
    settings->checkpoint = {.directory = "/saved", .signal = kNoticeSignal, .exit_code = kSavedExitCode};
    if (random.Chance(300)) settings->checkpoint.then_queue = random.Pick(QueueNames());
    if (random.Chance(300)) settings->checkpoint.grace = random.Spread(seconds(1), seconds(120));
  }
  MakeGang(*settings);
  if (random.Chance(600)) settings->walltime = random.Spread(seconds(30), seconds(1800));
  if (random.Chance(100)) {
    settings->reservation = random.Pick(ReservationNames());
    settings->walltime = random.Spread(seconds(30), seconds(300));
  }
  return settings;
}

// On several nodes, or on one that it has for itself.
void Workload::MakeGang(JobSettings& settings) {
  Random& random = model_.random;
  if (random.Chance(750)) return;
  const auto most = static_cast<std::int64_t>(nodes_.size());
  settings.gang.nodes = static_cast<std::uint32_t>(random.Between(std::min<std::int64_t>(2, most), most));
  if (random.Chance(300))
    settings.gang.min_nodes = static_cast<std::uint32_t>(random.Between(1, settings.gang.nodes));
  settings.gang.exclusive = random.Chance(200);
  if (random.Chance(300)) settings.gang.end = GangEnd::kMain;
  settings.gang.placement = MakePlacement(settings.gang.nodes);
}

// Such that every job can be placed some day.
PlacementSpec Workload::MakePlacement(std::uint32_t nodes) {
  Random& random = model_.random;
  PlacementSpec placement;
  placement.policy = static_cast<PlacementPolicy>(random.Between(0, 3));
  if (placement.policy == PlacementPolicy::kNone) return {};
  if (placement.policy == PlacementPolicy::kCluster && random.Chance(500)) return placement;
  placement.mode = PlacementMode::kPreferred;
  placement.wait = random.Between(seconds(0), seconds(600));
  if (placement.policy == PlacementPolicy::kPartition)
    placement.partitions = static_cast<std::uint32_t>(random.Between(1, nodes));
  return placement;
}

std::optional<ArraySpec> Workload::MakeArray() {
  Random& random = model_.random;
  if (random.Chance(600)) return std::nullopt;
  const std::uint32_t size = random.Pick(ArraySizes());
  const auto first = static_cast<std::uint32_t>(random.Between(0, 3));
  const auto step = static_cast<std::uint32_t>(random.Between(1, 2));
  const auto limit = random.Chance(500) ? static_cast<std::uint32_t>(random.Between(1, 5)) : 0;
  return ArraySpec({{first, first + (size - 1) * step, step}}, limit);
}

void Workload::SubmitOne() {
  JobSpec spec;
  spec.name = "job" + std::to_string(model_.random.Below(5));
  spec.settings = MakeSettings();
  spec.array = MakeArray();
  if (model_.random.Chance(500)) AddExpression(spec.dependency, spec, 0);
  if (model_.random.Chance(100))
    spec.begin_at = model_.events.now() + model_.random.Between(seconds(0), seconds(300));
  spec.held = model_.random.Chance(50);
  const std::uint64_t serial = next_token_++;
  std::memcpy(spec.token.bytes.data(), &serial, sizeof serial);
  clients_.Submit(AnyUser(), std::move(spec));
}

void Workload::AddExpression(Dependency& dependency, const JobSpec& spec, int depth) {
  using Kind = DependencyNode::Kind;
  const std::uint64_t luck = model_.random.Below(100);
  if (depth >= 3 || luck < 60) {
    dependency.nodes.push_back(MakeCondition(spec));
    return;
  }
  AddExpression(dependency, spec, depth + 1);
  DependencyNode node;
  node.kind = luck < 70 ? Kind::kNot : luck < 85 ? Kind::kAnd : Kind::kOr;
  if (node.kind != Kind::kNot) AddExpression(dependency, spec, depth + 1);
  dependency.nodes.push_back(node);
}

DependencyNode Workload::MakeCondition(const JobSpec& spec) {
  Random& random = model_.random;
  DependencyNode node;
  const std::uint64_t luck = random.Below(100);
  node.condition = luck < 40   ? Condition::kDone
                   : luck < 60 ? Condition::kEnded
                   : luck < 75 ? Condition::kStarted
                               : Condition::kExit;
  if (spec.array && random.Chance(150)) {
    node.condition = Condition::kSequential;
    return node;
  }
  if (node.condition == Condition::kExit && random.Chance(700)) {
    node.compare = static_cast<Compare>(random.Between(1, 6));
    node.exit_code = static_cast<std::int32_t>(random.Between(0, 4));
  }
  if (random.Chance(50)) {
    node.name = "job" + std::to_string(random.Below(5)) + (random.Chance(300) ? "*" : "");
    return node;
  }
  node.job = AnyJob();
  const auto target = model_.witness.jobs().find(node.job);
  if (target == model_.witness.jobs().end() || !target->second.spec.array) return node;
  const ArraySpec& array = *target->second.spec.array;
  if (spec.array && spec.array->size() == array.size() && random.Chance(700)) {
    node.index_wise = true;
  } else if (random.Chance(400)) {
    node.index = array.IndexOf(static_cast<std::uint32_t>(random.Below(array.size())));
  }
  return node;
}

void Workload::ControlOne() {
  Random& random = model_.random;
  sched::Control control;
  control.who = random.Chance(300) ? AnyUser() : Admin();
  const std::uint64_t luck = random.Below(100);
  control.action = luck < 20   ? sched::ControlAction::kCancel
                   : luck < 40 ? sched::ControlAction::kHold
                   : luck < 60 ? sched::ControlAction::kRelease
                   : luck < 90 ? sched::ControlAction::kRequeue
                               : sched::ControlAction::kSetPriority;
  control.priority = static_cast<std::int32_t>(random.Between(-3, 3));
  control.reason = "on a whim";
  for (std::int64_t n = random.Between(1, 2); n > 0; --n) {
    JobTarget target{AnyJob().value(), std::nullopt};
    const auto job = model_.witness.jobs().find(JobId(target.job));
    if (job != model_.witness.jobs().end() && job->second.spec.array && random.Chance(500)) {
      const ArraySpec& array = *job->second.spec.array;
      target.index = array.IndexOf(static_cast<std::uint32_t>(random.Below(array.size())));
    }
    control.targets.push_back(target);
  }
  clients_.Ask(std::move(control));
}

sched::Queue Workload::MakeQueue(const std::string& name) {
  Random& random = model_.random;
  sched::Queue queue;
  queue.name = name;
  queue.priority = static_cast<std::int32_t>(random.Between(-1, 1));
  queue.accepts = !random.Chance(100);
  queue.dispatches = !random.Chance(150);
  if (random.Chance(200)) queue.max_running = random.Between(1, 6);
  if (random.Chance(200)) queue.max_running_per_user = random.Between(1, 3);
  if (random.Chance(100)) queue.max_waiting = random.Between(50, 300);
  if (random.Chance(500)) queue.order = static_cast<sched::QueueOrder>(random.Between(0, 6));
  queue.backfill = static_cast<sched::Backfill>(random.Between(0, 4));
  if (random.Chance(300)) queue.overdue_after = random.Spread(seconds(60), seconds(3600));
  if (name == "high" && random.Chance(500)) {
    queue.priority = 2;
    queue.preempts = {random.Chance(500) ? "low" : "default"};
  }
  return queue;
}

void Workload::ChangeReservation() {
  Random& random = model_.random;
  const std::string& name = random.Pick(ReservationNames());
  if (random.Chance(300)) return clients_.Ask(sched::DeleteReservation{{}, Admin(), name});
  sched::CreateReservation input;
  input.who = Admin();
  input.name = name;
  input.from = model_.events.now() + random.Between(seconds(0), seconds(300));
  input.length = random.Spread(seconds(60), seconds(1800));
  input.count = static_cast<std::uint32_t>(random.Between(1, static_cast<std::int64_t>(nodes_.size())));
  input.users = {"user0", "user1"};
  clients_.Ask(std::move(input));
}

void Workload::ChangeQueue() {
  const std::string& name = model_.random.Pick(QueueNames());
  if (model_.random.Chance(150)) return clients_.Ask(sched::DeleteQueue{{}, Admin(), name});
  clients_.Ask(sched::SetQueue{{}, Admin(), MakeQueue(name), false, model_.random.Chance(50)});
}

void Workload::ChangeDefinition() {
  const std::string& name = model_.random.Pick(DefinitionNames());
  if (model_.random.Chance(500)) {
    const auto revision = static_cast<std::int32_t>(model_.random.Between(1, 6));
    return clients_.Ask(sched::DeregisterDefinition{{}, Admin(), name, revision});
  }
  JobDefinition definition;
  definition.name = name;
  definition.command = {"true"};
  clients_.Ask(sched::RegisterDefinition{{}, AnyUser(), definition});
}

void Workload::ChangeNode() {
  const NodeModel& node = *model_.random.Pick(nodes_);
  const std::uint64_t luck = model_.random.Below(100);
  sched::NodeAction action = luck < 40 ? sched::NodeAction::kDrain : sched::NodeAction::kResume;
  // People declare dead only what they see without power, and do not let their word travel.
  if (!node.powered() && luck < 60)
    return clients_.AskNow(
        sched::SetNode{{}, Admin(), sched::NodeAction::kDeclareDead, node.name(), "no power"});
  if (luck >= 90) action = sched::NodeAction::kRemove;
  clients_.Ask(sched::SetNode{{}, Admin(), action, node.name(), "drill"});
}

void Workload::NoticeNode(const NodeModel& node, Duration in) {
  const bool drain = model_.random.Chance(200);
  sched::SetNode input{
      {}, Admin(), drain ? sched::NodeAction::kDrain : sched::NodeAction::kNotice, node.name(), ""};
  input.deadline = in;
  clients_.Ask(std::move(input));
}

void Workload::LetGo() {
  for (const std::string& name : QueueNames()) {
    sched::Queue queue;
    queue.name = name;
    clients_.Ask(sched::SetQueue{{}, Admin(), queue, false, false});
  }
  for (const auto& node : nodes_)
    clients_.Ask(sched::SetNode{{}, Admin(), sched::NodeAction::kResume, node->name(), ""});
  // What is of a reservation would wait for good.
  for (const std::string& name : ReservationNames())
    clients_.Ask(sched::DeleteReservation{{}, Admin(), name});
  sched::Control cancel{{}, Admin(), sched::ControlAction::kCancel, {}, "its reservation is gone", 0};
  for (const auto& [id, job] : model_.witness.jobs()) {
    if (!job.forgotten && !job.spec.settings->reservation.empty())
      cancel.targets.push_back({id.value(), std::nullopt});
  }
  if (!cancel.targets.empty()) clients_.Ask(std::move(cancel));
  sched::Control release{{}, Admin(), sched::ControlAction::kRelease, {}, "", 0};
  for (const auto& [id, job] : model_.witness.jobs()) {
    if (job.forgotten) continue;
    release.targets.push_back({id.value(), std::nullopt});
    for (std::uint32_t i = 0; i < job.tasks.size(); ++i) {
      if (job.tasks[i].held && job.spec.array)
        release.targets.push_back({id.value(), job.spec.array->IndexOf(i)});
    }
  }
  clients_.Ask(std::move(release));
}

}  // namespace bsub::sim
