#include "worker/spawner/ended_groups.h"

#include <algorithm>
#include <utility>

#include "worker/spawner/log_line.h"

namespace bsub::spawner {
namespace {

constexpr std::int64_t kLongestPause = 32;  // times the first, with --sweep-again 50ms 1.6 s

}  // namespace

void EndedGroups::Remove(std::string name, std::int64_t now_us) {
  Busy group{std::move(name), again_us_, now_us};
  if (!IsDone(group, now_us)) busy_.push_back(std::move(group));
}

void EndedGroups::Keep(std::string_view name) {
  std::erase_if(busy_, [name](const Busy& group) { return group.name == name; });
}

void EndedGroups::TryAgain(std::int64_t now_us) {
  std::erase_if(busy_,
                [this, now_us](Busy& group) { return group.again_at_us <= now_us && IsDone(group, now_us); });
}

std::int64_t EndedGroups::NextTry() const {
  const auto first = std::ranges::min_element(busy_, {}, &Busy::again_at_us);
  return first == busy_.end() ? 0 : first->again_at_us;
}

bool EndedGroups::ExpectsSoon() const {
  return std::ranges::any_of(busy_, [this](const Busy& group) { return group.pause_us < LongestPause(); });
}

bool EndedGroups::IsDone(Busy& group, std::int64_t now_us) {
  const auto removed = tree_->Remove(group.name);
  if (removed) return true;
  group.again_at_us = now_us + group.pause_us;
  if (group.pause_us == LongestPause()) return false;
  group.pause_us = std::min(2 * group.pause_us, LongestPause());
  if (group.pause_us == LongestPause()) LogLine("event=group-busy error=\"" + removed.error().message + "\"");
  return false;
}

std::int64_t EndedGroups::LongestPause() const { return kLongestPause * again_us_; }

}  // namespace bsub::spawner
