// What jobs have in common is kept once: thousands of one user differ in little more than their names.
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_set>

#include "jobs/job_spec.h"

namespace bsub::sched {

class SettingsTable {
 public:
  // Of all that equal it the one that is kept: this one, if it is the first.
  std::shared_ptr<const JobSettings> Intern(const std::shared_ptr<const JobSettings>& settings);
  // A job has given them up: they go if no other has them.
  void Drop(std::shared_ptr<const JobSettings> settings);

 private:
  using Pointer = std::shared_ptr<const JobSettings>;
  struct Hash {
    std::size_t operator()(const Pointer& settings) const;
  };
  struct Equal {
    bool operator()(const Pointer& a, const Pointer& b) const { return a == b || *a == *b; }
  };
  std::unordered_set<Pointer, Hash, Equal> kept_;  // never walked through: it has no order
};

}  // namespace bsub::sched
