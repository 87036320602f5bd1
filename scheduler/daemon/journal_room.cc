#include "scheduler/daemon/journal_room.h"

namespace bsub::daemon {
namespace {

// A disk that is full is asked again so often.
constexpr Duration kAskInterval = std::chrono::seconds(1);

}  // namespace

JournalRoom::Level JournalRoom::Look(Duration steady) {
  if (!journal_.NextIsReserved() && (!asked_at_ || steady - *asked_at_ >= kAskInterval)) {
    asked_at_.reset();
    if (const Status reserved = journal_.ReserveNext(); !reserved) {
      asked_at_ = steady;
      const std::lock_guard lock(mutex_);
      problem_ = reserved.error().message;
    }
  }
  if (journal_.NextIsReserved()) return Level::kAhead;
  return journal_.BytesLeft() > kept_bytes_ ? Level::kLast : Level::kKept;
}

std::optional<std::string> JournalRoom::Update(Duration steady) {
  const Level level = Look(steady);
  const std::lock_guard lock(mutex_);
  if (level == level_) return std::nullopt;
  level_ = level;
  if (level == Level::kAhead) return "event=journal-has-room";
  return "event=journal-has-no-room text=\"" + Describe(level) + "\"";
}

std::string JournalRoom::Describe(Level level) const {
  return problem_ + (level == Level::kLast
                         ? " (jobs are still taken, until what was reserved before is used up)"
                         : " (until then no new job is taken and none is started; what runs goes on, and "
                           "nothing is lost)");
}

Status JournalRoom::Room() const {
  const std::lock_guard lock(mutex_);
  if (level_ != Level::kKept) return OkStatus();
  return ResourceExhausted("the scheduler's journal has no room: " + problem_ +
                           ", then submit again; this job was not taken, those before it are safe");
}

std::optional<std::string> JournalRoom::Trouble() const {
  const std::lock_guard lock(mutex_);
  if (level_ == Level::kAhead) return std::nullopt;
  return Describe(level_);
}

}  // namespace bsub::daemon
