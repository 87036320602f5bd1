// Events: what happened, from the journal, and on request what happens from now on, without a gap between the
// two.
#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/stream_writer.h"
#include "scheduler/rpc/targets.h"

namespace bsub::rpc {
namespace {

constexpr std::size_t kPageEntries = 1000;

class EventStream final : public StreamWriter<grpc::ServerWriteReactor<v1::Event>, v1::Event> {
 public:
  EventStream(const Services& services, const v1::EventsRequest& request)
      : services_(services), request_(request), next_(request.after_sequence()) {}

  grpc::ServerWriteReactor<v1::Event>* Open() {
    KeepUntilDone();
    const std::weak_ptr<EventStream> weak = Self();
    stream_id_ = services_.streams.Add([weak](const Error& reason) {
      if (const auto self = weak.lock()) self->End(reason);
    });
    auto targets =
        ParseTargets({request_.targets().begin(), request_.targets().end()}, services_.settings.max_targets);
    if (!targets) return End(targets.error()), this;
    ResolveTargets(std::move(*targets));
    return this;
  }

 private:
  std::shared_ptr<EventStream> Self() { return std::static_pointer_cast<EventStream>(shared_from_this()); }

  // Indexes become ordinals, which is what entries name.
  void ResolveTargets(std::vector<JobTarget> targets) {
    const Status sent =
        services_.core.Read([self = Self(), targets = std::move(targets)](const CoreView& view) {
          Status good = OkStatus();
          for (const JobTarget& target : targets) {
            const auto found = FindTarget(view.state(), target);
            const bool forgotten = !found && !view.state().FindJob(JobId(target.job)) && !target.index;
            if (!found && !forgotten) good = found.error();
            self->selectors_.push_back({JobId(target.job), found ? found->ordinal : std::nullopt});
          }
          return [self, good] { good ? self->Begin() : self->End(good.error()); };
        });
    if (!sent) End(sent.error());
  }

  void Begin() {
    if (request_.follow()) {
      const std::weak_ptr<EventStream> weak = Self();
      const auto [id, newest] = services_.feed.Subscribe([weak](const EntryBatch& batch) {
        if (const auto self = weak.lock()) self->Hear(batch);
      });
      const std::lock_guard lock(mutex_);
      subscription_ = id;
      past_end_ = newest;
    } else {
      past_end_ = services_.feed.newest();
    }
    services_.readers.Run([self = Self()] { self->ReadPast(); });
  }

  void OnOver() override {
    if (subscription_ != 0) services_.feed.Unsubscribe(subscription_);
    services_.streams.Remove(stream_id_);
  }

  void OnDrained() override {
    bool past = false;
    {
      const std::lock_guard lock(mutex_);
      past = reading_past_;
    }
    if (past) {
      services_.readers.Run([self = Self()] { self->ReadPast(); });
    } else {
      SendHeard();
    }
  }

  // One page of the journal. On a reader's thread; the next page when this one is written, and behind what
  // others want of that thread: a journal may be long and hold little that is wanted.
  void ReadPast() {
    if (ending()) return;
    if (next_ >= past_end_.value()) return EndPast();
    const auto entries = services_.history.EntriesAfter(Sequence(next_), kPageEntries);
    if (!entries) return End(entries.error());
    if ((*entries)->empty()) return EndPast();
    std::vector<v1::Event> events;
    for (const sched::JournalEntry& entry : **entries) {
      if (entry.sequence > past_end_) break;
      if (Wanted(entry)) events.push_back(TranslateEvent(entry, services_.names));
    }
    next_ = std::min((*entries)->back().sequence.value(), past_end_.value());
    if (request_.limit() > 0) {
      KeepNewest(std::move(events));
    } else if (!events.empty()) {
      WriteAll(std::move(events));
      return;
    }
    services_.readers.Run([self = Self()] { self->ReadPast(); });
  }

  void KeepNewest(std::vector<v1::Event> events) {
    for (v1::Event& event : events) {
      newest_.push_back(std::move(event));
      if (newest_.size() > request_.limit()) newest_.pop_front();
    }
  }

  void EndPast() {
    std::vector<v1::Event> rest(std::make_move_iterator(newest_.begin()),
                                std::make_move_iterator(newest_.end()));
    newest_.clear();
    {
      const std::lock_guard lock(mutex_);
      reading_past_ = false;
    }
    if (!rest.empty()) WriteAll(std::move(rest));
    if (!request_.follow()) return End(OkStatus());
    SendHeard();
  }

  // On the publishing thread.
  void Hear(const EntryBatch& batch) {
    bool send = false;
    {
      const std::lock_guard lock(mutex_);
      if (heard_.size() >= services_.settings.max_unread_events) {
        too_slow_ = true;
      } else {
        heard_.push_back(batch);
      }
      send = !reading_past_;
    }
    if (send) SendHeard();
  }

  // Under the lock up to the writing, so that two threads cannot swap their batches.
  void SendHeard() {
    const std::lock_guard lock(mutex_);
    if (reading_past_ || unwritten() > 0) return;
    std::vector<v1::Event> events;
    for (const EntryBatch& batch : heard_) {
      for (const sched::JournalEntry& entry : *batch) {
        last_heard_ = entry.sequence;
        if (entry.sequence > past_end_ && Wanted(entry))
          events.push_back(TranslateEvent(entry, services_.names));
      }
    }
    heard_.clear();
    if (!events.empty()) WriteAll(std::move(events));
    if (!too_slow_) return;
    End(ResourceExhausted("events come faster than they are read; go on with after_sequence " +
                          std::to_string(last_heard_.value())));
  }

  bool Wanted(const sched::JournalEntry& entry) const {
    return selectors_.empty() ||
           std::any_of(selectors_.begin(), selectors_.end(),
                       [&](const sched::TaskSelector& s) { return Concerns(entry, s); });
  }

  const Services& services_;
  const v1::EventsRequest request_;
  std::vector<sched::TaskSelector> selectors_;  // empty: everything
  std::uint64_t stream_id_ = 0;
  EventFeed::SubscriptionId subscription_ = 0;
  Sequence past_end_;             // newest entry of the past; later ones are heard
  std::uint64_t next_ = 0;        // last entry of the past that was looked at
  std::deque<v1::Event> newest_;  // with a limit: the last ones of the past

  std::mutex mutex_;
  bool reading_past_ = true;
  bool too_slow_ = false;
  std::deque<EntryBatch> heard_;  // not looked at yet
  Sequence last_heard_;
};

}  // namespace

grpc::ServerWriteReactor<v1::Event>* Events(const Services& services, const v1::EventsRequest& request) {
  return std::make_shared<EventStream>(services, request)->Open();
}

}  // namespace bsub::rpc
