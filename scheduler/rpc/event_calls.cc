// Events: what happened, from the journal, and on request what happens from now on, without a gap between the
// two.
#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "scheduler/core/entry_subjects.h"
#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/stream_writer.h"
#include "scheduler/rpc/targets.h"

namespace bsub::rpc {
namespace {

// Entries of the past that one stream reads before others have their turn on the readers' threads. No
// setting: the events that come of them are the same.
constexpr std::size_t kPageEntries = 1000;

class EventStream final : public StreamWriter<grpc::ServerWriteReactor<v1::Event>, v1::Event> {
 public:
  EventStream(const Services& services, const v1::EventsRequest& request)
      : services_(services), request_(request), after_(request.after_sequence()) {}

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

  // On a reader's thread; each step behind what others want of that thread: a journal may be long and hold
  // little that is wanted.
  void ReadPast() {
    if (ending()) return;
    if (!begun_) FindPast();
    const std::optional<Result<EntryBatch>> page = NextPage();
    if (!page) return EndPast();
    if (!*page) return End(page->error());
    std::vector<v1::Event> events;
    for (const sched::JournalEntry& entry : ***page) {
      if (entry.sequence.value() <= page_until_ && Wanted(entry))
        events.push_back(TranslateEvent(entry, services_.names));
    }
    if (Backwards()) {
      KeepNewest(std::move(events));
    } else if (!events.empty()) {
      WriteAll(std::move(events));
      return;
    }
    services_.readers.Run([self = Self()] { self->ReadPast(); });
  }

  // The newest ones are gathered from the end.
  bool Backwards() const { return request_.limit() > 0; }

  // The past of named jobs is looked up in the history's index. If that cannot be, or it has more than can be
  // kept here, the journal is read.
  void FindPast() {
    begun_ = true;
    until_ = past_end_.value();
    if (selectors_.empty() || !services_.history.ExpectApplied(past_end_)) return;
    std::set<Sequence> found;
    const std::size_t most = services_.settings.max_targets;
    for (const sched::TaskSelector& target : selectors_) {
      const auto some = services_.history.EntriesAbout(target, Sequence(request_.after_sequence()),
                                                       most - found.size() + 1);
      if (!some) return;
      found.insert(some->begin(), some->end());
      if (found.size() > most) return;
    }
    indexed_.emplace(found.begin(), found.upper_bound(past_end_));
  }

  // Nothing: all that is wanted of the past was read.
  std::optional<Result<EntryBatch>> NextPage() {
    if (Backwards() && newest_.size() >= request_.limit()) return std::nullopt;
    if (indexed_) return NextIndexed();
    if (after_ >= until_) return std::nullopt;
    return Backwards() ? PageBefore() : PageBehind();
  }

  std::optional<Result<EntryBatch>> PageBehind() {
    auto entries = services_.history.EntriesAfter(Sequence(after_), kPageEntries);
    if (!entries) return entries;
    if ((*entries)->empty()) return std::nullopt;
    page_until_ = until_;
    after_ = std::min((*entries)->back().sequence.value(), until_);
    return entries;
  }

  // The journal's numbers have no gaps: so many before the end are so many entries.
  std::optional<Result<EntryBatch>> PageBefore() {
    const std::uint64_t most = std::min<std::uint64_t>(until_ - after_, PageSize());
    page_until_ = std::exchange(until_, until_ - most);
    auto entries = services_.history.EntriesAfter(Sequence(until_), most);
    // What comes instead of entries that are gone lies behind this page.
    if (entries && ((*entries)->empty() || (*entries)->front().sequence.value() > page_until_))
      return std::nullopt;
    return entries;
  }

  std::optional<Result<EntryBatch>> NextIndexed() {
    if (indexed_->empty()) return std::nullopt;
    const std::size_t wanted = Backwards() ? request_.limit() - newest_.size() : kPageEntries;
    const auto most = static_cast<std::ptrdiff_t>(std::min({indexed_->size(), wanted, kPageEntries}));
    const auto begin = Backwards() ? indexed_->end() - most : indexed_->begin();
    const std::vector<Sequence> page(begin, begin + most);
    indexed_->erase(begin, begin + most);
    page_until_ = until_;
    return services_.history.EntriesAt(page);
  }

  std::size_t PageSize() const {
    return selectors_.empty() ? std::min<std::size_t>(request_.limit(), kPageEntries) : kPageEntries;
  }

  // Of a page that lies before all that is kept.
  void KeepNewest(std::vector<v1::Event> events) {
    for (auto event = events.rbegin(); event != events.rend() && newest_.size() < request_.limit(); ++event)
      newest_.push_front(std::move(*event));
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

  // That the core forgets jobs is nothing that happens to them, and the index does not have it.
  bool Wanted(const sched::JournalEntry& entry) const {
    if (selectors_.empty()) return true;
    return !std::holds_alternative<sched::JobsForgotten>(entry.body) &&
           std::any_of(selectors_.begin(), selectors_.end(),
                       [&](const sched::TaskSelector& s) { return Concerns(entry, s); });
  }

  const Services& services_;
  const v1::EventsRequest request_;
  std::vector<sched::TaskSelector> selectors_;  // empty: everything
  std::uint64_t stream_id_ = 0;
  EventFeed::SubscriptionId subscription_ = 0;
  Sequence past_end_;             // newest entry of the past; later ones are heard
  bool begun_ = false;            // with reading the past
  std::uint64_t after_ = 0;       // of the past what lies behind this
  std::uint64_t until_ = 0;       // up to this is still to be read
  std::uint64_t page_until_ = 0;  // of the page that was read: what is behind this does not belong to it
  std::optional<std::deque<Sequence>> indexed_;  // where it is known: all that is still to be read
  std::deque<v1::Event> newest_;                 // with a limit: the last ones of the past

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
