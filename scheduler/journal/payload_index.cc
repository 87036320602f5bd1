#include "scheduler/journal/payload_index.h"

#include <openssl/sha.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "common/check.h"

namespace bsub::journal {

PayloadHash HashPayload(std::string_view bytes) {
  PayloadHash hash;
  ::SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.bytes.data());
  return hash;
}

// SHA-256 is evenly spread already: its first bytes choose the slot.
std::size_t PayloadIndex::HomeOf(const PayloadHash& hash) const {
  std::uint64_t start = 0;
  std::memcpy(&start, hash.bytes.data(), sizeof start);
  return start & (slots_.size() - 1);
}

std::size_t PayloadIndex::SlotOf(const PayloadHash& hash) const {
  std::size_t slot = HomeOf(hash);
  while (slots_[slot] != kFree && entries_[slots_[slot]].hash != hash) slot = Next(slot);
  return slot;
}

// Linear probing's deletion: a follower moves into the hole unless its home lies behind it (Knuth, The Art of
// Computer Programming, volume 3, section 6.4, algorithm R).
void PayloadIndex::Vacate(std::size_t hole) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = Next(hole); slots_[at] != kFree; at = Next(at)) {
    const std::size_t home = HomeOf(entries_[slots_[at]].hash);
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = kFree;
}

void PayloadIndex::RemoveAt(std::size_t position) {
  BSUB_CHECK(position < entries_.size()) << position;
  Vacate(SlotOf(entries_[position].hash));
  if (position + 1 < entries_.size()) {
    slots_[SlotOf(entries_.back().hash)] = static_cast<std::uint32_t>(position);
    entries_[position] = entries_.back();
  }
  entries_.pop_back();
}

void PayloadIndex::Shrink() {
  const std::size_t slots = std::bit_ceil(std::max<std::size_t>(16, entries_.size() * 2));
  if (slots * 4 > slots_.size()) return;
  std::vector<std::uint32_t>().swap(slots_);
  Resize(slots);
}

void PayloadIndex::Resize(std::size_t slots) {
  slots_.assign(slots, kFree);
  for (std::size_t i = 0; i < entries_.size(); ++i)
    slots_[SlotOf(entries_[i].hash)] = static_cast<std::uint32_t>(i);
}

void PayloadIndex::Reserve(std::size_t payloads) {
  const std::size_t slots = std::bit_ceil(payloads + payloads / 3 + 2);
  if (slots > slots_.size()) Resize(slots);
}

void PayloadIndex::Set(const PayloadHash& hash, PayloadPlace place) {
  std::size_t slot = SlotOf(hash);
  if (slots_[slot] != kFree) {
    entries_[slots_[slot]].place = place;
    return;
  }
  BSUB_CHECK(entries_.size() < kFree) << "more than 2^32 - 1 payloads";
  if ((entries_.size() + 1) * 4 > slots_.size() * 3) {
    Resize(slots_.size() * 2);
    slot = SlotOf(hash);
  }
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back({hash, place});
}

std::optional<PayloadPlace> PayloadIndex::Find(const PayloadHash& hash) const {
  const std::uint32_t entry = slots_[SlotOf(hash)];
  if (entry == kFree) return std::nullopt;
  return entries_[entry].place;
}

}  // namespace bsub::journal
