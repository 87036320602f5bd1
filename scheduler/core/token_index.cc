#include "scheduler/core/token_index.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

namespace bsub::sched {

std::size_t TokenIndex::Table::HomeOf(const SubmitToken& token) const {
  std::uint64_t word = 0;
  std::memcpy(&word, token.bytes.data() + 8, sizeof word);
  return word & (slots.size() - 1);
}

std::size_t TokenIndex::Table::SlotOf(const SubmitToken& token) const {
  std::size_t slot = HomeOf(token);
  while (slots[slot].job.valid() && slots[slot].token != token) slot = Next(slot);
  return slot;
}

void TokenIndex::Table::Resize(std::size_t size) {
  const std::vector<Slot> old = std::exchange(slots, std::vector<Slot>(size));
  for (const Slot& slot : old) {
    if (slot.job.valid()) slots[SlotOf(slot.token)] = slot;
  }
}

void TokenIndex::Reserve(std::size_t tokens) {
  const std::size_t each = tokens / tables_.size();
  if (each == 0) return;
  for (Table& table : tables_) {
    const std::size_t size = std::bit_ceil(each + each / 3 + 1);
    if (size > table.slots.size()) table.Resize(size);
  }
}

void TokenIndex::Add(const SubmitToken& token, JobId job) {
  Table& table = TableOf(token);
  if ((table.used + 1) * 4 > table.slots.size() * 3)
    table.Resize(std::max<std::size_t>(4, table.slots.size() * 2));
  Slot& slot = table.slots[table.SlotOf(token)];
  if (slot.job.valid()) return;
  slot = {token, job};
  ++table.used;
}

void TokenIndex::Remove(const SubmitToken& token) {
  Table& table = TableOf(token);
  if (table.slots.empty()) return;
  std::size_t hole = table.SlotOf(token);
  if (!table.slots[hole].job.valid()) return;
  --table.used;
  // A follower moves into the hole unless its home lies behind it.
  const std::size_t mask = table.slots.size() - 1;
  for (std::size_t at = table.Next(hole); table.slots[at].job.valid(); at = table.Next(at)) {
    const std::size_t home = table.HomeOf(table.slots[at].token);
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    table.slots[hole] = table.slots[at];
    hole = at;
  }
  table.slots[hole] = {};
}

JobId TokenIndex::Find(const SubmitToken& token) const {
  const Table& table = tables_[token.bytes[0]];
  return table.slots.empty() ? JobId() : table.slots[table.SlotOf(token)].job;
}

}  // namespace bsub::sched
