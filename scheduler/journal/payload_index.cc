#include "scheduler/journal/payload_index.h"

#include <openssl/sha.h>

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
std::size_t PayloadIndex::SlotOf(const PayloadHash& hash) const {
  std::uint64_t start = 0;
  std::memcpy(&start, hash.bytes.data(), sizeof start);
  std::size_t slot = start & (slots_.size() - 1);
  while (slots_[slot] != kFree && entries_[slots_[slot]].hash != hash)
    slot = (slot + 1) & (slots_.size() - 1);
  return slot;
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
