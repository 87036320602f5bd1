// One change of one job, or of one task of it: takes the job's share out of the hash and the counts, and puts
// the new share back when it goes out of scope, together with its place among the waiting.
#pragma once

#include <optional>

#include "scheduler/core/store.h"

namespace bsub::sched {

class JobEdit {
 public:
  // With an ordinal that child's term is covered too; without, only the job's own fields may change.
  JobEdit(Store& store, Job& job, std::optional<std::uint32_t> ordinal = std::nullopt);
  ~JobEdit();
  JobEdit(const JobEdit&) = delete;
  JobEdit& operator=(const JobEdit&) = delete;

  // The task's row; for a child without one it is made. Only with an ordinal.
  Task& Row();
  // A row that says nothing any more goes, and the child is a bit again.
  void DropRowIfPlain();

 private:
  Store& store_;
  Job& job_;
  std::optional<std::uint32_t> ordinal_;
};

}  // namespace bsub::sched
