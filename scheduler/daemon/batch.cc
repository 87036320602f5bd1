#include "scheduler/daemon/batch.h"

#include <iterator>
#include <utility>

namespace bsub::daemon {
namespace {

template <typename T>
void MoveAll(std::vector<T>& from, std::vector<T>& to) {
  if (to.empty()) {
    to = std::move(from);
  } else {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }
}

// Of what may be long in an entry.
struct LongParts {
  std::uint64_t operator()(const sched::JobSubmitted& e) const {
    std::uint64_t bytes = e.spec.name.size() + e.spec.dependency.nodes.size() * sizeof(DependencyNode);
    if (!e.spec.settings) return bytes;
    for (const auto& [key, value] : e.spec.settings->tags) bytes += key.size() + value.size();
    return bytes + e.spec.settings->working_directory.size() + e.spec.settings->stdout_path.size() +
           e.spec.settings->stderr_path.size();
  }
  std::uint64_t operator()(const sched::HoldSet& e) const { return e.reason.size(); }
  std::uint64_t operator()(const sched::TasksEnded& e) const {
    return e.tasks.size() * sizeof(sched::OrdinalRange) + e.end.by.size() + e.end.reason.size();
  }
  std::uint64_t operator()(const sched::TasksRequeued& e) const {
    return e.tasks.size() * sizeof(sched::OrdinalRange);
  }
  std::uint64_t operator()(const sched::StopRequested& e) const { return e.by.size() + e.text.size(); }
  std::uint64_t operator()(const sched::AttemptEnded& e) const { return e.end.reason.size() + e.why.size(); }
  std::uint64_t operator()(const sched::NodeContactLost& e) const { return e.reason.size(); }
  std::uint64_t operator()(const sched::NodeDied& e) const { return e.reason.size(); }
  std::uint64_t operator()(const sched::JobsForgotten& e) const { return e.jobs.size() * sizeof(JobId); }
  template <typename Short>
  std::uint64_t operator()(const Short&) const {
    return 0;
  }
};

}  // namespace

std::uint64_t RoughBytes(const sched::JournalEntry& entry) {
  return sizeof entry + std::visit(LongParts(), entry.body);
}

void Batch::AddEntries(std::vector<sched::JournalEntry> more) {
  for (const sched::JournalEntry& entry : more) bytes += RoughBytes(entry);
  MoveAll(more, entries);
}

void Batch::AddPayloads(const std::vector<rpc::StagedPayload>& more) {
  for (const rpc::StagedPayload& payload : more) bytes += payload.bytes->size();
  payloads.insert(payloads.end(), more.begin(), more.end());
}

void Batch::Append(Batch more) {
  MoveAll(more.entries, entries);
  MoveAll(more.payloads, payloads);
  MoveAll(more.releases, releases);
  MoveAll(more.to_nodes, to_nodes);
  sealed = sealed || more.sealed;
  bytes += more.bytes;
}

}  // namespace bsub::daemon
