// A journal whose disk forgets: appended entries are durable only after a sync. A crash keeps a random part
// of the unsynced tail, and the record at the cut may be torn, which the decoder drops.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "scheduler/core/entry.h"
#include "sim/model.h"

namespace bsub::sim {

class JournalModel {
 public:
  explicit JournalModel(Model& model) : model_(model) {}

  void Append(std::vector<sched::JournalEntry> entries, std::uint64_t hash_after);
  // Everything up to `sequence` is durable now; tells the witness and the ground truth.
  void Synced(std::uint64_t sequence);
  // `power_loss`: the machine's; otherwise only the process died and what it wrote stays.
  void Crash(bool power_loss);

  std::uint64_t durable() const { return durable_; }
  std::uint64_t last() const { return entries_.size(); }
  const std::vector<sched::JournalEntry>& entries() const { return entries_; }
  // Over the kinds and times of all entries: equal runs have equal hashes.
  std::uint64_t Hash() const;
  // The state hash seen live right after this entry, if an outcome ended with it.
  const std::uint64_t* HashAfter(std::uint64_t sequence) const;

 private:
  Model& model_;
  std::vector<sched::JournalEntry> entries_;  // [i] has sequence i+1
  std::uint64_t durable_ = 0;
  std::map<std::uint64_t, std::uint64_t> hashes_;
};

}  // namespace bsub::sim
