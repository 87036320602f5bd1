// Which job a submit token made. Tokens are hashes (rpc/submit_translation.h), so their bytes spread by
// themselves.
//
// A million tokens come in no order, so what each costs is the cache lines it touches: open addressing with
// linear probing, and deletion that moves followers back (Knuth, The Art of Computer Programming, volume 3,
// section 6.4, algorithms L and R). Many small tables: one large one would stop everybody while it grows.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "common/ids.h"
#include "jobs/job_spec.h"

namespace bsub::sched {

class TokenIndex {
 public:
  void Reserve(std::size_t tokens);
  // The first job of a token stays. `job` is valid.
  void Add(const SubmitToken& token, JobId job);
  void Remove(const SubmitToken& token);
  // JobId() for none.
  JobId Find(const SubmitToken& token) const;

 private:
  struct Slot {
    SubmitToken token;
    JobId job;  // invalid: the slot is free
  };
  struct Table {
    std::vector<Slot> slots;  // none, or a power of two; at least a quarter is free
    std::size_t used = 0;

    std::size_t Next(std::size_t slot) const { return (slot + 1) & (slots.size() - 1); }
    std::size_t HomeOf(const SubmitToken& token) const;
    // Where it is, or the free slot where it would go. The table has slots.
    std::size_t SlotOf(const SubmitToken& token) const;
    void Resize(std::size_t size);
  };
  Table& TableOf(const SubmitToken& token) { return tables_[token.bytes[0]]; }

  std::array<Table, 256> tables_;  // by the first byte
};

}  // namespace bsub::sched
