// What a host and its worker share: for each child its outcome and output record, for each thread the child
// it is at.
//
// It is memory without a file, so it outlives a worker that crashes, whatever the crash has torn in the
// worker's own memory. The host never writes to a child's outcome or record while a worker lives.
//
// A child is named by its ordinal: its position among the array's indices in ascending order.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "kernels/host/outcome.h"

namespace bsub::kernels {

inline constexpr std::uint64_t kNoChild = ~std::uint64_t{0};

// One thread of the worker, in its own cache line.
struct alignas(64) Slot {
  std::atomic<std::uint64_t> child;   // it is at; kNoChild between two
  std::atomic<std::uint16_t> blamed;  // the Outcome by which its child has ended the worker; 0: it has not
};

struct TableShape {
  std::uint64_t children = 0;
  std::uint64_t record_bytes = 0;
  std::uint32_t slots = 1;  // threads of a worker
};

class SharedTable {
 public:
  // All children unfinished. ResourceExhausted if there is no memory for it, saying how much it would be.
  static Result<SharedTable> Create(const TableShape& shape, std::string_view input);
  // In the worker, from the descriptor it was started with.
  static Result<SharedTable> Attach(int descriptor);

  SharedTable(SharedTable&& other) noexcept;
  SharedTable& operator=(SharedTable&& other) noexcept;
  ~SharedTable();

  int descriptor() const { return descriptor_; }
  int host_process() const;  // the process id of whoever created the table
  const TableShape& shape() const;
  std::string_view input() const;  // a zero byte follows it

  // The child's outcome and record are seen by the other process in this order: whoever sees the outcome sees
  // the record.
  Outcome outcome(std::uint64_t child) const {
    return static_cast<Outcome>(std::atomic_ref(outcomes_[child]).load(std::memory_order_acquire));
  }
  void Finish(std::uint64_t child, Outcome outcome) {
    std::atomic_ref(outcomes_[child]).store(static_cast<std::uint16_t>(outcome), std::memory_order_release);
  }
  std::uint8_t* record(std::uint64_t child) { return records_ + child * shape().record_bytes; }
  const std::uint8_t* record(std::uint64_t child) const { return records_ + child * shape().record_bytes; }

  std::span<Slot> slots();

  // How far the worker is. A kernel may end it with any exit code, so that says nothing.
  enum class Phase : std::uint32_t { kBeginning, kCalling, kEnded };
  void SetPhase(Phase phase);
  Phase phase() const;

  // Asks the worker to end after the calls it is in.
  void AskToStop();
  bool stop_asked() const;

  // Children that the next worker has to run one at a time, before the others.
  static constexpr std::uint32_t kMostSuspects = 1024;
  void SetSuspects(std::span<const std::uint64_t> children);
  std::span<const std::uint64_t> suspects() const;
  // True while the worker is at them.
  void SetAlone(bool alone);
  bool alone() const;

 private:
  struct Header;
  SharedTable() = default;
  Status Map(std::uint64_t bytes);
  void Place();
  Header& header() const { return *static_cast<Header*>(memory_); }

  int descriptor_ = -1;
  void* memory_ = nullptr;
  std::uint64_t bytes_ = 0;
  Slot* slots_ = nullptr;
  std::uint16_t* outcomes_ = nullptr;
  std::uint8_t* records_ = nullptr;
  char* input_ = nullptr;
};

}  // namespace bsub::kernels
