// A cluster of one node around one scheduler core, as cheap as it can be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/hash.h"
#include "sim/replay/driven_core.h"
#include "sim/replay/policies.h"
#include "sim/replay/workload.h"

namespace bsub::sim {

class CoreMachine {
 public:
  CoreMachine(std::int64_t processors, const ReplayPolicy& policy);

  // Seconds of the workload's time; they must not go back.
  void SetTime(std::int64_t now) { core_.SetTime(now); }
  // Jobs are numbered from 0 as they come.
  void Submit(const WorkloadJob& job) { core_.Submit(SettingsFor(job)); }
  void End(std::size_t job);
  // One scheduling pass; those that it started, in that order. Good until the next one.
  const std::vector<std::size_t>& Pass();
  // When the core wants to be woken, in whole seconds not before that; and the waking: true if it wants a
  // pass.
  std::int64_t WakeAt() const;
  bool Wake() { return core_.Tick(); }
  // What `when` says of a job that waits: seconds of the workload's time, rounded up. Nothing: it cannot say.
  struct Outlook {
    std::int64_t p50 = 0, p90 = 0;
  };
  std::optional<Outlook> OutlookOf(std::size_t job) const;

 private:
  struct Kind {
    std::int64_t user = 0, processors = 0, limit = 0;
    friend bool operator==(const Kind&, const Kind&) = default;
  };
  struct KindHash {
    std::size_t operator()(const Kind& kind) const {
      return HashWord(static_cast<std::uint64_t>(kind.limit),
                      static_cast<std::uint64_t>(kind.user << 32 ^ kind.processors));
    }
  };
  std::shared_ptr<const JobSettings> SettingsFor(const WorkloadJob& job);

  const bool perfect_;
  DrivenCore core_;
  const DrivenNode node_;
  std::unordered_map<Kind, std::shared_ptr<const JobSettings>, KindHash> kinds_;
  std::vector<std::size_t> started_;
  std::size_t ended_since_tick_ = 0;
};

}  // namespace bsub::sim
