// Which live attempts share a placement group: scratch, derived from the attempts.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "scheduler/core/refs.h"

namespace bsub::sched {

class PlacementGroups {
 public:
  // A group is its owner's: others who use the same name have another one.
  struct Key {
    std::uint32_t owner = 0;  // uid
    std::string name;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  void Add(const Key& key, const AttemptRef& attempt) { groups_[key].insert(attempt); }
  void Remove(const Key& key, const AttemptRef& attempt) {
    const auto group = groups_.find(key);
    if (group == groups_.end()) return;
    group->second.erase(attempt);
    if (group->second.empty()) groups_.erase(group);
  }
  // Null: nothing of the group runs.
  const std::set<AttemptRef>* Find(const Key& key) const {
    const auto group = groups_.find(key);
    return group == groups_.end() ? nullptr : &group->second;
  }

  friend bool operator==(const PlacementGroups&, const PlacementGroups&) = default;

 private:
  std::map<Key, std::set<AttemptRef>> groups_;
};

}  // namespace bsub::sched
