// The children of an array job in compact form.
//
// A child is a row (a Task) only while something of its own exists: an attempt, a retry, a hold. All others
// are bits: `succeeded`, `failed`, or neither (waiting). Exit codes of failed children take one byte each in
// chunks that exist only where a child failed. So 1,000,000 children cost 375 KB of durable state after any
// order of success.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "jobs/state.h"
#include "scheduler/core/bitmap.h"
#include "scheduler/core/task.h"

namespace bsub::sched {

// Shell exit codes of failed children, by ordinal.
class ExitCodes {
 public:
  ExitCodes() = default;
  explicit ExitCodes(std::uint32_t size) : chunks_((size + kChunk - 1) / kChunk) {}
  std::uint8_t at(std::uint32_t ordinal) const;
  void set(std::uint32_t ordinal, std::uint8_t code);
  // Bytes held: for the memory test.
  std::size_t bytes() const;

 private:
  static constexpr std::uint32_t kChunk = 4096;
  std::vector<std::unique_ptr<std::array<std::uint8_t, kChunk>>> chunks_;
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

  std::uint32_t size() const { return succeeded.size(); }
  std::uint32_t live_count() const { return starting_count + running_count; }
  bool Over() const { return succeeded_count + failed_count == size(); }
  bool IsOver(std::uint32_t ordinal) const { return succeeded.test(ordinal) || failed.test(ordinal); }
  const Task* FindRow(std::uint32_t ordinal) const {
    const auto it = rows.find(ordinal);
    return it == rows.end() ? nullptr : &it->second;
  }
};

}  // namespace bsub::sched
