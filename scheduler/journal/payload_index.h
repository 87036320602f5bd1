// Where each payload is: content hash -> file and offset, some 50 bytes each, because there may be millions.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "common/hash.h"

namespace bsub::journal {

// SHA-256, the content address.
PayloadHash HashPayload(std::string_view bytes);

// A place in one of the owner's numbered files, in eight bytes.
struct PayloadPlace {
  std::uint64_t file : 20;
  std::uint64_t offset : 44;  // of the payload's bytes; its length stands in the record header before them
  friend bool operator==(const PayloadPlace& a, const PayloadPlace& b) {
    return a.file == b.file && a.offset == b.offset;
  }
};
inline constexpr std::uint64_t kMaxPayloadFiles = std::uint64_t{1} << 20;

struct PayloadEntry {
  PayloadHash hash;
  PayloadPlace place;
};

class PayloadIndex {
 public:
  PayloadIndex() : slots_(16, kFree) {}

  void Reserve(std::size_t payloads);
  // Adds the hash or moves it to a new place.
  void Set(const PayloadHash& hash, PayloadPlace place);
  std::optional<PayloadPlace> Find(const PayloadHash& hash) const;
  // In no order.
  const std::deque<PayloadEntry>& entries() const { return entries_; }
  // Forgets entries()[position]; the last one takes its place.
  void RemoveAt(std::size_t position);
  // After removals: gives back the slots that are too many.
  void Shrink();

 private:
  static constexpr std::uint32_t kFree = 0xffffffff;
  std::size_t HomeOf(const PayloadHash& hash) const;
  std::size_t Next(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
  // Where it is, or the free slot where it would go.
  std::size_t SlotOf(const PayloadHash& hash) const;
  void Vacate(std::size_t slot);
  void Resize(std::size_t slots);

  std::deque<PayloadEntry> entries_;  // grows without copying
  std::vector<std::uint32_t> slots_;  // open addressing into entries_; a power of two
};

}  // namespace bsub::journal
