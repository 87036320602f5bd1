// What jobs have in common is kept once: thousands of one user differ in little more than their names.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <unordered_map>

#include "jobs/job_spec.h"

namespace bsub::sched {

class SettingsTable {
 public:
  using Pointer = std::shared_ptr<const JobSettings>;

  SettingsTable() = default;
  SettingsTable(const SettingsTable&) = delete;
  SettingsTable& operator=(const SettingsTable&) = delete;

  // Of all that equal it the one that is kept: this one, if it is the first.
  Pointer Intern(const Pointer& settings);
  // A job has given them up: they go if no other has them.
  void Drop(Pointer settings);

  // Of all that equal it the one that is kept, if that has been found good for a submit; null: it must be
  // looked at. What a journal or a snapshot brings may have been good by other limits.
  Pointer FindGood(const Pointer& settings) const;
  // Of those that Intern returned.
  void NoteGood(const Pointer& settings);

 private:
  struct Hash {
    std::size_t operator()(const Pointer& settings) const;
  };
  struct Equal {
    bool operator()(const Pointer& a, const Pointer& b) const { return a == b || *a == *b; }
  };
  struct Known {
    bool good = false;
  };
  using Kept = std::unordered_map<Pointer, Known, Hash, Equal>;  // never walked through: it has no order

  static std::size_t PlaceOf(const Pointer& settings);
  const Kept::value_type* Find(const Pointer& settings) const;

  Kept kept_;
  // Whoever asks with what is kept itself is answered without a look at what is in it.
  static constexpr std::size_t kPlaces = 256;  // a power of two
  mutable std::array<const Kept::value_type*, kPlaces> newest_{};
};

}  // namespace bsub::sched
