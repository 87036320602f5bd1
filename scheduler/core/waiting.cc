#include "scheduler/core/waiting.h"

#include <vector>

#include "common/check.h"
#include "scheduler/core/served_order.h"

namespace bsub::sched {

namespace {

Duration WalltimeIn(const WaitingOrder& order, const JobSettings& settings) {
  return order.by_walltime ? settings.walltime : Duration(0);
}

ClassKey KeyIn(const WaitingOrder& order, const Job& job) {
  const JobSettings& settings = *job.spec.settings;
  return {job.priority, settings.owner.uid, settings.share_identifier, RequestOf(settings),
          WalltimeIn(order, settings)};
}

// `waiting` has members. One with the very same settings answers for all of them.
bool IsOf(const WaitingClass& waiting, const Job& job) {
  const JobSettings& settings = *job.spec.settings;
  const ClassKey& key = waiting.key;
  if (key.priority != job.priority) return false;
  if (waiting.members.rbegin()->of->spec.settings == job.spec.settings) return true;
  return key.uid == settings.owner.uid && key.walltime == WalltimeIn(waiting.in->order, settings) &&
         key.request.each == settings.request && key.share == settings.share_identifier &&
         waiting.queue == settings.queue && key.request == RequestOf(settings);
}

}  // namespace

bool WaitsForNode(const Job& job) {
  if (job.held) return false;
  if (!job.array) return job.ready && IsWaiting(job.task.state);
  const std::uint32_t limit = job.spec.array->concurrency();
  return job.array->open_count > 0 && (limit == 0 || job.array->live_count() < limit);
}

bool InFront(const Job& job) { return job.array ? !job.array->open_front.empty() : job.task.front; }

std::uint32_t NextTask(const Job& job) {
  if (!job.array) return 0;
  if (!job.array->open_front.empty()) return *job.array->open_front.begin();
  const auto first = job.array->open.FirstSet();
  BSUB_CHECK(first.has_value()) << "job " << job.id.value() << " waits without an open child";
  return *first;
}

TimePoint WaitsSince(const Job& job) {
  return std::max(job.array ? job.submitted_at : job.task.since, job.spec.begin_at);
}

NodesRequest RequestNow(const Job& job, TimePoint now) {
  NodesRequest request = RequestOf(*job.spec.settings);
  if (request.placement.mode != PlacementMode::kPreferred) return request;
  return AsOf(std::move(request), WaitsSince(job), now);
}

WaitingOrder WaitingTable::OrderOf(std::string_view queue) const {
  const auto it = orders_.find(queue);
  return it == orders_.end() ? WaitingOrder() : it->second;
}

WaitingOrder WaitingOrderOf(const Queue& queue) {
  return {.by_walltime = GoesByWalltime(queue.order, queue.backfill),
          .shortest_first = queue.backfill == Backfill::kShortest,
          .by_wait = queue.order != QueueOrder::kPriority && queue.overdue_after.count() > 0};
}

ClassKey WaitingTable::KeyOf(const Job& job) const { return KeyIn(OrderOf(job.spec.settings->queue), job); }

void WaitingTable::SetOrder(const std::string& queue, const WaitingOrder& order, IdMap<JobId, Job>& jobs) {
  if (OrderOf(queue) == order) return;
  std::vector<Job*> waiting;
  if (const Classes* classes = ClassesOf(queue)) {
    for (const auto& [key, one] : *classes) {
      for (const WaitingMember& member : one.members) waiting.push_back(&jobs.at(member.job));
    }
  }
  for (Job* job : waiting) Remove(*job);
  if (order == WaitingOrder()) {
    orders_.erase(queue);
  } else {
    orders_[queue] = order;
  }
  if (const auto it = queues_.find(queue); it != queues_.end()) it->second.order = order;
  for (Job* job : waiting) Update(*job);
}

void WaitingTable::Update(Job& job) {
  const bool wanted = WaitsForNode(job), front = InFront(job);
  if (job.waiting_class && wanted && front == job.waits_in_front) return;
  Remove(job);
  if (!wanted) return;
  WaitingClass& into = ClassOf(job);
  const TimePoint since = into.in->order.by_wait ? WaitsSince(job) : TimePoint();
  AddMember(into, {!front, job.id, &job, since});
  job.waiting_class = newest_ = &into;
  job.waits_in_front = front;
  List(into);
}

QueueWaiting& WaitingTable::QueueOf(const std::string& queue) {
  if (newest_queue_ == queues_.end() || newest_queue_->first != queue) {
    newest_queue_ = queues_.try_emplace(queue).first;
    newest_queue_->second.order = OrderOf(queue);
  }
  return newest_queue_->second;
}

WaitingClass& WaitingTable::ClassOf(const Job& job) {
  if (newest_ && IsOf(*newest_, job)) return *newest_;
  const std::string& queue = job.spec.settings->queue;
  QueueWaiting& in = QueueOf(queue);
  ClassKey key = KeyIn(in.order, job);
  const auto at = in.classes.lower_bound(key);
  if (at != in.classes.end() && at->first == key) return at->second;
  WaitingClass& made = MakeClass(in, at, std::move(key));
  made.queue = queue;
  return made;
}

WaitingClass& WaitingTable::MakeClass(QueueWaiting& in, Classes::iterator before, ClassKey key) {
  Classes::iterator made;
  if (spare_class_.empty()) {
    made = in.classes.try_emplace(before, std::move(key));
  } else {
    spare_class_.key() = std::move(key);
    made = in.classes.insert(before, std::move(spare_class_));
  }
  made->second.key = made->first;
  made->second.in = &in;
  return made->second;
}

// Most come in the order of their ids.
void WaitingTable::AddMember(WaitingClass& waiting, const WaitingMember& member) {
  if (spare_member_.empty()) {
    waiting.members.insert(waiting.members.end(), member);
  } else {
    spare_member_.value() = member;
    waiting.members.insert(waiting.members.end(), std::move(spare_member_));
  }
  if (waiting.in->order.by_wait)
    waiting.by_wait.insert(waiting.by_wait.end(), {member.since, member.job, member.of});
}

void WaitingTable::Remove(Job& job) {
  WaitingClass* from = job.waiting_class;
  if (!from) return;
  spare_member_ = from->members.extract({!job.waits_in_front, job.id});
  if (!from->by_wait.empty()) from->by_wait.erase({spare_member_.value().since, job.id});
  job.waiting_class = nullptr;
  List(*from);
  if (!from->members.empty()) return;
  if (newest_ == from) newest_ = nullptr;
  Classes& classes = from->in->classes;
  spare_class_ = classes.extract(from->key);  // the queue stays: a pass may be reading its order
}

void WaitingTable::Forget(const std::string& queue) {
  orders_.erase(queue);
  newest_queue_ = queues_.end();
  const auto it = queues_.find(queue);
  if (it != queues_.end() && it->second.classes.empty()) queues_.erase(it);
}

void WaitingTable::List(WaitingClass& waiting) {
  const WaitingMember first = waiting.members.empty() ? WaitingMember() : *waiting.members.begin();
  if (first.of == waiting.listed.of && first == waiting.listed) return;
  QueueWaiting& queue = *waiting.in;
  const bool shortest_first = queue.order.shortest_first;
  const auto place = [&waiting](const WaitingMember& member, std::int64_t walltime) {
    return ServedPlace{-std::int64_t{waiting.key.priority}, walltime, member.normal, member.job};
  };
  const std::int64_t walltime = ComparedWalltime(waiting.key.walltime);
  if (waiting.listed.of) {
    queue.in_order.Erase(place(waiting.listed, 0));
    if (shortest_first) queue.shortest_first.Erase(place(waiting.listed, walltime));
  }
  waiting.listed = first;
  if (!first.of) return;
  // What is no plain request may be worth asking for although no node has so much: its wishes change.
  const std::int64_t least = waiting.key.request.plain() ? waiting.key.request.each.cpu_milli : 0;
  queue.in_order.Insert({place(first, 0), least, &waiting, first.of});
  if (shortest_first) queue.shortest_first.Insert({place(first, walltime), least, &waiting, first.of});
}

WaitingTable::Classes* WaitingTable::ClassesOf(std::string_view queue) {
  const auto it = queues_.find(queue);
  return it == queues_.end() || it->second.classes.empty() ? nullptr : &it->second.classes;
}

const QueueWaiting* WaitingTable::Find(std::string_view queue) const {
  const auto it = queues_.find(queue);
  return it == queues_.end() ? nullptr : &it->second;
}

const WaitingTable::Classes* WaitingTable::ClassesOf(std::string_view queue) const {
  const QueueWaiting* found = Find(queue);
  return found && !found->classes.empty() ? &found->classes : nullptr;
}

const ServedIndex* WaitingTable::InOrder(std::string_view queue) const {
  const QueueWaiting* found = Find(queue);
  return found ? &found->in_order : nullptr;
}

const ServedIndex* WaitingTable::ShortestFirst(std::string_view queue) const {
  const QueueWaiting* found = Find(queue);
  return found ? &found->shortest_first : nullptr;
}

}  // namespace bsub::sched
