#include "scheduler/core/explain_position.h"

#include "scheduler/core/cycle.h"
#include "scheduler/core/served_order.h"

namespace bsub::sched {
namespace {

struct Asker {
  const Store& store;
  const Job& job;
  TimePoint now;
};

void CountByOrder(const Asker& asker, const WaitingTable::Classes& classes, const Queue& queue,
                  Ahead& ahead) {
  const ServedKey mine =
      ServedKeyOf(asker.store, queue, asker.job, {!InFront(asker.job), asker.job.id}, asker.now);
  for (const auto& [key, waiting] : classes) {
    for (const WaitingMember& member : waiting.members) {
      if (++ahead.classes; ahead.enough()) return;
      const Job& other = asker.store.state().jobs.at(member.job);
      ahead.jobs += ServedKeyOf(asker.store, queue, other, member, asker.now) < mine;
    }
  }
}

void CountMembers(const Job& job, const WaitingClass& waiting, Ahead& ahead) {
  const WaitingMember me{!InFront(job), job.id};
  for (const WaitingMember& member : waiting.members) {
    if (!(member < me) || ahead.many()) return;
    ++ahead.jobs;
  }
}

// Classes stand in ascending order of priority.
void CountClasses(const Job& job, const WaitingTable::Classes& classes, bool own, Ahead& ahead) {
  for (auto it = classes.rbegin(); it != classes.rend() && !ahead.enough(); ++it, ++ahead.classes) {
    const auto& [key, waiting] = *it;
    if (own && key.priority < job.priority) return;
    if (!own || key.priority > job.priority) {
      ahead.jobs += static_cast<std::int64_t>(waiting.members.size());
    } else {
      CountMembers(job, waiting, ahead);
    }
  }
}

}  // namespace

Ahead CountAhead(const Store& store, const Job& job, TimePoint now) {
  Ahead ahead;
  for (const Queue* queue : QueuesInOrder(store.state())) {
    const bool own = queue->name == job.spec.settings->queue;
    const WaitingTable::Classes* classes = store.waiting().ClassesOf(queue->name);
    if (classes && own && queue->order != QueueOrder::kPriority) {
      CountByOrder({store, job, now}, *classes, *queue, ahead);
    } else if (classes) {
      CountClasses(job, *classes, own, ahead);
    }
    if (own || ahead.enough()) break;
  }
  return ahead;
}

}  // namespace bsub::sched
