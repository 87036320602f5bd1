#include "sim/fault_settings.h"

#include <utility>

namespace bsub::sim {
namespace {

using Field = std::pair<std::string_view, std::uint64_t Tally::*>;

const std::vector<Field>& Fields() {
  static const std::vector<Field> fields = {
      {"seeds", &Tally::seeds},
      {"steps", &Tally::steps},
      {"entries", &Tally::entries},
      {"jobs", &Tally::jobs},
      {"tasks", &Tally::tasks},
      {"starts", &Tally::starts},
      {"crashes", &Tally::scheduler_crashes},
      {"snapshots", &Tally::snapshots},
      {"torn", &Tally::torn},
      {"lost_entries", &Tally::lost_entries},
      {"failed_appends", &Tally::failed_appends},
      {"lost_messages", &Tally::lost_messages},
      {"repeated_messages", &Tally::repeated_messages},
      {"broken_streams", &Tally::broken_streams},
      {"refused_hellos", &Tally::refused_hellos},
      {"agent_crashes", &Tally::agent_crashes},
      {"spawner_crashes", &Tally::spawner_crashes},
      {"reboots", &Tally::reboots},
      {"partitions", &Tally::partitions},
      {"freezes", &Tally::freezes},
      {"notices", &Tally::notices},
      {"lease_kills", &Tally::lease_kills},
      {"reservations", &Tally::reservations},
      {"preemptions", &Tally::preemptions},
      {"repeated_submits", &Tally::repeated_submits},
      {"violations", &Tally::violations},
  };
  return fields;
}

}  // namespace

Tally& Tally::operator+=(const Tally& t) {
  for (const auto& [name, member] : Fields()) this->*member += t.*member;
  return *this;
}

std::string ToString(const Tally& tally) {
  std::string text;
  for (const auto& [name, member] : Fields()) {
    if (!text.empty()) text += ' ';
    text += std::string(name) + "=" + std::to_string(tally.*member);
  }
  return text;
}

const std::vector<MutationName>& MutationNames() {
  static const std::vector<MutationName> names = {
      {Mutation::kAnswerBeforeSync, "answer-before-sync"},
      {Mutation::kRepeatBeforeSync, "repeat-before-sync"},
      {Mutation::kHelloOmitsTask, "hello-omits-task"},
      {Mutation::kLeaseIgnored, "lease-ignored"},
      {Mutation::kStartsTwice, "starts-twice"},
      {Mutation::kRecoveryLosesEntry, "recovery-loses-entry"},
      {Mutation::kNodeOverbooks, "node-overbooks"},
      {Mutation::kUntruthfulEnd, "untruthful-end"},
      {Mutation::kStaleHelloCounts, "stale-hello-counts"},
  };
  return names;
}

std::optional<Mutation> ParseMutation(std::string_view name) {
  for (const MutationName& known : MutationNames()) {
    if (known.name == name) return known.mutation;
  }
  return std::nullopt;
}

}  // namespace bsub::sim
