// The children of an array job in compact form.
//
// A child is a row (a Task) only while something of its own exists: an attempt, a retry, a hold. All others
// are bits: `succeeded`, `failed`, or neither (waiting). So 1,000,000 children cost 375 KB of durable state
// after any order of success, and less than 1 MB after failures of up to 15 kinds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "jobs/state.h"
#include "scheduler/core/bitmap.h"
#include "scheduler/core/task.h"

namespace bsub::sched {

// Shell exit codes of failed children, by ordinal; 0 for all others.
//
// Kept in chunks that exist only where a child failed. A chunk lists the codes that occur in it and holds for
// each child an index into that list, of as few bits as it takes: 1 for one code, 2 for three, 4 for fifteen.
class ExitCodes {
 public:
  ExitCodes() = default;
  explicit ExitCodes(std::uint32_t size) : chunks_((size + kChunk - 1) / kChunk) {}
  std::uint8_t at(std::uint32_t ordinal) const;
  void set(std::uint32_t ordinal, std::uint8_t code);
  // How many children have each code that is not 0.
  const std::map<std::uint8_t, std::uint32_t>& counts() const { return counts_; }
  // Bytes held: for the memory test.
  std::size_t bytes() const;

 private:
  static constexpr std::uint32_t kChunk = 4096;
  struct Chunk {
    std::vector<std::uint8_t> codes{0};  // by index; 0 comes first
    std::uint32_t bits = 1;              // of an index: 1, 2, 4 or 8
    std::vector<std::uint8_t> indices = std::vector<std::uint8_t>(kChunk / 8);

    std::uint8_t Index(std::uint32_t i) const;
    void SetIndex(std::uint32_t i, std::uint8_t index);
    std::uint8_t IndexOf(std::uint8_t code);  // a new code is added
    void Widen();
  };
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::map<std::uint8_t, std::uint32_t> counts_;
};

struct ArrayState {
  explicit ArrayState(std::uint32_t size)
      : succeeded(size), failed(size), started(size), exit_codes(size), ready(size), open(size) {}

  // Durable.
  Bitmap succeeded;
  Bitmap failed;
  Bitmap started;  // has ever run
  ExitCodes exit_codes;
  std::map<std::uint32_t, Task> rows;  // by ordinal; a waiting row's state is kPending
  std::uint32_t max_attempt = 0;       // highest attempt number of any child whose row is gone
  // Requeued after their end, and without a row: their attempts go on after max_attempt. Empty until needed.
  Bitmap sent_back;

  // Derived from the durable part and the dependencies; never saved.
  Bitmap ready;  // waiting, and dependencies met
  Bitmap open;   // may be dispatched now: ready and not held (a live or finished child is never ready)
  std::set<std::uint32_t> open_front;  // of these, the retried ones
  std::uint32_t open_count = 0;
  std::uint32_t succeeded_count = 0;
  std::uint32_t failed_count = 0;
  std::uint32_t started_count = 0;
  std::uint32_t starting_count = 0;
  std::uint32_t running_count = 0;
  std::uint64_t child_terms = 0;  // the children's part of the state hash

  std::uint32_t size() const { return succeeded.size(); }
  std::uint32_t live_count() const { return starting_count + running_count; }
  // What the children cost beyond the job itself: for the memory test.
  std::size_t durable_bytes() const;
  bool Over() const { return succeeded_count + failed_count == size(); }
  bool IsOver(std::uint32_t ordinal) const { return succeeded.test(ordinal) || failed.test(ordinal); }
  bool WasSentBack(std::uint32_t ordinal) const { return sent_back.size() != 0 && sent_back.test(ordinal); }
  const Task* FindRow(std::uint32_t ordinal) const {
    const auto it = rows.find(ordinal);
    return it == rows.end() ? nullptr : &it->second;
  }
};

}  // namespace bsub::sched
