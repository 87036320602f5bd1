// The waiting classes of a queue in an order that time does not change: a cycle reads it from the front, and
// passes over whole stretches in which nothing is small enough for what is free, without looking at them.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/ids.h"
#include "common/time.h"

namespace bsub::sched {

struct Job;
struct WaitingClass;

// Where a class stands, by its first member. The less is served first.
struct ServedPlace {
  std::int64_t negated_priority = 0;
  std::int64_t walltime = 0;  // as it is compared (served_order.h); 0 where the order does not go by it
  bool normal = true;         // false: retried
  JobId job;
  friend auto operator<=>(const ServedPlace&, const ServedPlace&) = default;
};

struct ServedClass {
  ServedPlace place;
  // With less of some node free nothing of it starts, and nothing follows from trying; 0: it must be tried.
  std::int64_t least_cpu_milli = 0;
  const WaitingClass* waiting = nullptr;
  const Job* job = nullptr;  // its first member
};

class ServedIndex {
 public:
  void Insert(const ServedClass& entry);
  // It must be there.
  void Erase(const ServedPlace& place);

  // Reads on from where it was, also after the index has changed.
  class Cursor {
   public:
    explicit Cursor(const ServedIndex& index) : index_(&index) {}
    // The first that stands behind the last one it returned (or there, after StayAtLast) and needs no more
    // than this; null: none. Good until the index changes.
    const ServedClass* Next(std::int64_t free_cpu_milli);
    // What stands where the last one stood, if anything does, comes next.
    void StayAtLast() { stay_ = true; }

   private:
    void Seek();

    const ServedIndex* index_;
    ServedPlace last_;
    bool begun_ = false, stay_ = false;
    std::uint64_t changes_ = 0;  // of the index when the position was right
    std::size_t chunk_ = 0, in_chunk_ = 0;
  };

 private:
  struct Chunk {
    std::vector<ServedClass> entries;  // ascending, never empty
    std::int64_t least_cpu_milli = 0;  // of all of them
  };
  static constexpr std::size_t kChunk = 64;  // entries; what an insertion has to move

  // The first chunk that ends at or behind it.
  std::size_t ChunkOf(const ServedPlace& place) const;
  static void Count(Chunk& chunk);

  std::vector<Chunk> chunks_;
  Chunk spare_;  // an empty one, with its memory: a queue in which one job waits now and then
  std::uint64_t changes_ = 0;
};

}  // namespace bsub::sched
