// One change of one job, or of one task of it. When it goes out of scope the counts follow what changed, the
// hash of the job is out of date, and its place among the waiting is the right one again.
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
  const TaskCounts before_;
  std::optional<std::uint32_t> ordinal_;
};

}  // namespace bsub::sched
