#include "scheduler/core/explain.h"

#include <utility>

namespace bsub::sched {
namespace {

constexpr std::size_t kMaxEvidence = 20;

}  // namespace

void AddEvidence(Reason& reason, std::string line) {
  if (reason.evidence.size() < kMaxEvidence) reason.evidence.push_back(std::move(line));
  if (reason.evidence.size() == kMaxEvidence) reason.evidence.back() = "… and more";
}

std::string_view ToString(ReasonCode code) {
  switch (code) {
    case ReasonCode::kDependency:
      return "dependency";
    case ReasonCode::kNeverDependency:
      return "dependency-never";
    case ReasonCode::kBeginTime:
      return "begin-time";
    case ReasonCode::kHeld:
      return "held";
    case ReasonCode::kQueueInactive:
      return "queue-closed";
    case ReasonCode::kQueueLimit:
      return "queue-limit";
    case ReasonCode::kShareLimit:
      return "share-limit";
    case ReasonCode::kUserLimit:
      return "user-limit";
    case ReasonCode::kArrayConcurrency:
      return "array-concurrency";
    case ReasonCode::kNoNodes:
      return "no-nodes";
    case ReasonCode::kNeverFits:
      return "never-fits";
    case ReasonCode::kResources:
      return "resources";
    case ReasonCode::kPosition:
      return "position";
    case ReasonCode::kNodesUnavailable:
      return "nodes-unavailable";
    case ReasonCode::kPlacement:
      return "placement";
    case ReasonCode::kMaintenance:
      return "maintenance";
    case ReasonCode::kReservation:
      return "reservation";
    case ReasonCode::kStarting:
      return "starting";
    case ReasonCode::kContactLost:
      return "contact-lost";
    case ReasonCode::kRunning:
      return "running";
    case ReasonCode::kOver:
      return "over";
  }
  return "unknown";
}

}  // namespace bsub::sched
