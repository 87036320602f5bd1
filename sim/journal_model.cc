#include "sim/journal_model.h"

#include <iterator>
#include <utility>

#include "common/hash.h"
#include "sim/clone_state.h"

namespace bsub::sim {

void JournalModel::Append(std::vector<sched::JournalEntry> entries, std::uint64_t hash_after) {
  for (sched::JournalEntry& entry : entries) {
    if (entry.sequence.value() != last() + 1)
      throw Violation{"the core made entry " + std::to_string(entry.sequence.value()) + " after " +
                      std::to_string(last())};
    entries_.push_back(std::move(entry));
  }
  hashes_[last()] = hash_after;
}

void JournalModel::Synced(std::uint64_t sequence) {
  while (durable_ < sequence) {
    const sched::JournalEntry& entry = entries_[durable_++];
    // The truth first: it asks the witness what held before this entry, where that matters.
    model_.witness.Durable(entry);
    model_.truth.Check(entry);
    ++model_.tally.entries;
  }
}

void JournalModel::Crash(bool power_loss) {
  std::uint64_t kept = last();
  if (power_loss) {
    kept = durable_ + model_.random.Below(last() - durable_ + 1);
    // The next record may have reached the disk in part; its check sum tells, and it is dropped.
    if (kept < last() && model_.random.Chance(500)) ++model_.tally.torn;
  }
  model_.tally.lost_entries += last() - kept;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(kept), entries_.end());
  hashes_.erase(hashes_.upper_bound(kept), hashes_.end());
}

std::uint64_t JournalModel::Hash() const {
  FieldHasher hasher;
  for (const sched::JournalEntry& entry : entries_)
    hasher.Add(entry.at.micros()).Add(DescribeEntry(entry.body));
  for (const auto& [sequence, hash] : hashes_) hasher.Add(sequence).Add(hash);
  return hasher.Value();
}

const std::uint64_t* JournalModel::HashAfter(std::uint64_t sequence) const {
  const auto it = hashes_.find(sequence);
  return it == hashes_.end() ? nullptr : &it->second;
}

}  // namespace bsub::sim
