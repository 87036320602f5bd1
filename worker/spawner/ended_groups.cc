#include "worker/spawner/ended_groups.h"

#include <algorithm>
#include <utility>

#include "worker/spawner/log_line.h"

namespace bsub::spawner {
namespace {

constexpr std::int64_t kLongestPause = 32;  // times the first: after six tries in all

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

bool EndedGroups::IsDone(Busy& group, std::int64_t now_us) {
  const auto removed = tree_->Remove(group.name);
  if (removed) return true;
  if (group.pause_us >= kLongestPause * again_us_) {
    LogLine("event=group-left error=\"" + removed.error().message + "\"");
    return true;
  }
  group.again_at_us = now_us + group.pause_us;
  group.pause_us *= 2;
  return false;
}

}  // namespace bsub::spawner
