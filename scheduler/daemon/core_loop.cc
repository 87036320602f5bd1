#include "scheduler/daemon/core_loop.h"

#include <algorithm>
#include <utility>

namespace bsub::daemon {
namespace {

// Tasks that wait for room on the journal's disk are looked after so often.
constexpr Duration kRoomInterval = std::chrono::milliseconds(500);

void SetReply(sched::InputBody& body, sched::ReplyTo reply) {
  std::visit(
      [&](auto& input) {
        if constexpr (requires { input.reply = reply; }) input.reply = reply;
      },
      body);
}

}  // namespace

CoreLoop::CoreLoop(sched::Scheduler& scheduler, SlewedClock& clock, JournalPort& journal,
                   Committer& committer, CoreLoopSettings settings)
    : scheduler_(scheduler),
      clock_(clock),
      journal_(journal),
      committer_(committer),
      settings_(settings),
      pace_(settings.gather_reports, settings.gather_full_at) {}

CoreLoop::~CoreLoop() { Stop(); }

void CoreLoop::Start(const std::string& cluster_uuid_if_new, std::uint64_t lift_counters_by) {
  Batch batch;
  Handle(sched::Started{cluster_uuid_if_new, lift_counters_by}, batch);
  TellMaintenance(batch);
  committer_.Add(std::move(batch));
  thread_ = std::thread([this] { Run(); });
}

void CoreLoop::StopDispatching() {
  const std::lock_guard lock(mutex_);
  dispatching_ = false;
}

void CoreLoop::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dispatching_ = false;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

// Under the lock. Of what nodes say, only the reports of tasks can wait.
Pace::Clock::time_point CoreLoop::DueOf(const Item& item) const {
  const auto* input = std::get_if<sched::InputBody>(&item);
  const bool report = input != nullptr && (std::holds_alternative<sched::TaskStarted>(*input) ||
                                           std::holds_alternative<sched::TaskEnded>(*input));
  return report ? pace_.Due(Pace::Clock::now(), live_tasks_) : Pace::Clock::time_point::min();
}

Status CoreLoop::Push(Item item) {
  const bool from_node = std::holds_alternative<sched::InputBody>(item);
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return Unavailable("the scheduler is stopping; try again when it is back");
    if (!from_node && queued_requests_ >= settings_.max_queued) {
      return ResourceExhausted("the scheduler is busy with " + std::to_string(queued_requests_) +
                               " requests; try again");
    }
    queued_requests_ += from_node ? 0 : 1;
    wake = Enqueue(std::move(item));
  }
  if (wake) changed_.notify_all();
  return OkStatus();
}

// Under the lock. Whether the core's thread is to be woken.
bool CoreLoop::Enqueue(Item item) {
  due_ = std::min(due_, DueOf(item));
  queue_.push_back(std::move(item));
  if (due_ >= sleeps_until_) return false;
  sleeps_until_ = Pace::Clock::time_point::min();
  return true;
}

Status CoreLoop::Decide(rpc::DecideFn decide, std::vector<rpc::StagedPayload> payloads, rpc::ReplyFn done) {
  return Push(Request{std::move(decide), std::move(payloads), std::move(done)});
}

Status CoreLoop::Read(rpc::ReadFn read) { return Push(std::move(read)); }

void CoreLoop::SendFromNode(sched::InputBody input) {
  // While stopping it is dropped: the node says it again in its next Hello.
  const Status pushed = Push(std::move(input));
  static_cast<void>(pushed);
}

void CoreLoop::SendAllFromNode(std::vector<sched::InputBody> inputs) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    for (sched::InputBody& input : inputs) wake = Enqueue(std::move(input)) || wake;
  }
  if (wake) changed_.notify_all();
}

TimePoint CoreLoop::Now() { return std::max(clock_.Now(), scheduler_.state().last_at); }

void CoreLoop::Run() {
  for (;;) {
    std::vector<Item> items = NextItems();
    if (items.empty()) {
      const std::lock_guard lock(mutex_);
      if (stopping_ && queue_.empty()) return;
    }
    Round(std::move(items));
  }
}

// Under the lock.
bool CoreLoop::MayRunCycle() const { return cycle_wanted_ && dispatching_ && journal_.Room(); }

// Waits until there is something to do.
std::vector<CoreLoop::Item> CoreLoop::NextItems() {
  std::unique_lock lock(mutex_);
  if (!MayRunCycle()) {
    Duration sleep = cycle_wanted_ && !journal_.Room() ? kRoomInterval : settings_.longest_sleep;
    if (wake_at_ != TimePoint::Max()) sleep = std::min(sleep, std::max(wake_at_ - Now(), Duration(0)));
    const auto wake = Pace::Clock::now() + sleep;
    while (!stopping_) {
      sleeps_until_ = std::min(due_, wake);
      if (sleeps_until_ <= Pace::Clock::now()) break;
      changed_.wait_until(lock, sleeps_until_);
    }
    sleeps_until_ = Pace::Clock::time_point::min();
  }
  std::vector<Item> items;
  while (!queue_.empty() && items.size() < settings_.max_inputs_per_round) {
    items.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (!std::holds_alternative<sched::InputBody>(items.back())) --queued_requests_;
  }
  due_ = queue_.empty() ? Pace::Clock::time_point::max() : Pace::Clock::time_point::min();
  return items;
}

void CoreLoop::Round(std::vector<Item> items) {
  Batch batch;
  for (Item& item : items) {
    std::visit([&](auto& what) { Process(what, batch); }, item);
    if (batch.bytes >= settings_.max_batch_bytes) committer_.Add(std::exchange(batch, {}));
  }
  RunDueWork(batch);
  committer_.Add(std::move(batch));
  if (std::ranges::any_of(items,
                          [](const Item& item) { return std::holds_alternative<sched::InputBody>(item); }))
    CountLive();
}

// After what nodes said was taken.
void CoreLoop::CountLive() {
  std::int64_t live = 0;
  for (const auto& [name, queue] : scheduler_.state().queues) {
    const sched::QueueUsage usage = scheduler_.UsageOf(name);
    live += usage.starting + usage.running;
  }
  const std::lock_guard lock(mutex_);
  live_tasks_ = static_cast<std::size_t>(std::max<std::int64_t>(live, 0));
  pace_.Taken(Pace::Clock::now());
}

void CoreLoop::TellMaintenance(Batch& batch) {
  const TimePoint now = Now();
  constexpr std::int64_t kLooks = 100;  // while as much time passes as it knows ahead
  const bool told = maintenance_told_.set() && now - maintenance_told_ < settings_.maintenance_ahead / kLooks;
  if (!maintenance_ || told) return;
  maintenance_told_ = now;
  Handle(sched::MaintenanceSet{maintenance_(now, now + settings_.maintenance_ahead)}, batch);
}

void CoreLoop::RunDueWork(Batch& batch) {
  TellMaintenance(batch);
  const TimePoint now = Now();
  if (wake_at_ <= now || (wake_at_ != TimePoint::Max() && now - last_tick_ >= settings_.longest_sleep)) {
    last_tick_ = now;
    Handle(sched::Tick{}, batch);
  }
  bool dispatching = false;
  {
    const std::lock_guard lock(mutex_);
    dispatching = dispatching_;
  }
  if (cycle_wanted_ && dispatching && journal_.Room()) {
    cycle_wanted_ = false;
    Handle(sched::RunCycle{settings_.max_placements_per_cycle}, batch);
  }
  const std::uint64_t wish = journal_.StateHashWanted();
  if (wish != 0 && wish != hash_recorded_for_) {
    Handle(sched::RecordStateHash{}, batch);
    batch.sealed = true;
    hash_recorded_for_ = wish;
  }
}

void CoreLoop::Process(Request& request, Batch& batch) {
  auto input = request.decide({scheduler_, Now()});
  if (!input) {
    batch.releases.push_back([done = std::move(request.done), error = input.error()] { done(error); });
    return;
  }
  if (auto* submit = std::get_if<sched::Submit>(&*input)) {
    if (const Status room = journal_.Room(); !room) submit->no_room = room.error().message;
  }
  const sched::ReplyTo reply(next_reply_++);
  SetReply(*input, reply);
  waiting_.emplace(reply, std::move(request.done));
  const std::size_t before = batch.entries.size();
  Handle(std::move(*input), batch);
  // What was refused leaves no payload behind.
  if (batch.entries.size() == before) return;
  batch.AddPayloads(request.payloads);
}

void CoreLoop::Process(const rpc::ReadFn& read, Batch& batch) {
  batch.releases.push_back(read({scheduler_, Now()}));
}

void CoreLoop::Process(sched::InputBody& input, Batch& batch) { Handle(std::move(input), batch); }

void CoreLoop::Handle(sched::InputBody body, Batch& batch) {
  sched::Outcome outcome = scheduler_.Handle({Now(), std::move(body), WallNow()});
  wake_at_ = outcome.wake_at;
  cycle_wanted_ = cycle_wanted_ || outcome.cycle_wanted;
  batch.AddEntries(std::move(outcome.entries));
  for (sched::Message& message : outcome.messages) Release(std::move(message), batch);
}

void CoreLoop::Release(sched::Message message, Batch& batch) {
  if (auto* reply = std::get_if<sched::Reply>(&message)) {
    const auto it = waiting_.find(reply->to);
    if (it == waiting_.end()) return;
    batch.releases.push_back([done = std::move(it->second), body = std::move(reply->body)] { done(body); });
    waiting_.erase(it);
    return;
  }
  batch.to_nodes.push_back(std::move(message));
}

}  // namespace bsub::daemon
