#include "scheduler/journal/retention.h"

#include <algorithm>
#include <set>
#include <span>

namespace bsub::journal {

std::vector<std::string> FilesToRemove(const DirectoryContents& contents,
                                       const std::vector<KnownSnapshot>& snapshots,
                                       const RetentionSettings& settings, TimePoint now,
                                       std::uint64_t history_sequence) {
  std::vector<std::string> removable;
  const std::size_t keep = std::max<std::size_t>(settings.snapshots, 1);
  if (snapshots.size() < keep) return removable;
  const std::span<const KnownSnapshot> kept = std::span(snapshots).last(keep);
  const std::uint64_t oldest = kept.front().sequence;

  // A snapshot that is not valid is left for a person to look at, unless it is older than all that are kept.
  for (const NumberedFile& file : contents.snapshots) {
    if (file.sequence < oldest) removable.push_back(file.name);
  }
  // Always the oldest segments first, so that what is left has no gap.
  for (std::size_t i = 0; i + 1 < contents.segments.size(); ++i) {
    const bool covered = contents.segments[i + 1].sequence <= oldest + 1;
    const bool old = now - contents.segments[i].modified_at > settings.history_retention;
    const bool applied = contents.segments[i + 1].sequence - 1 <= history_sequence;
    if (!covered || !old || !applied) break;
    removable.push_back(contents.segments[i].name);
  }
  std::set<std::uint64_t> named;
  for (const KnownSnapshot& snapshot : kept) named.insert(snapshot.packs.begin(), snapshot.packs.end());
  for (const NumberedFile& file : contents.packs) {
    // A pack newer than every snapshot belongs to one that is being made.
    if (!named.contains(file.sequence) && file.sequence < kept.back().sequence)
      removable.push_back(file.name);
  }
  return removable;
}

}  // namespace bsub::journal
