// Which of its task's processors a rank has. mpirun cannot say: it counts those of the machine from the
// first, whichever are the task's, so that ranks of tasks beside each other would share them.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace bsub::step {

struct RankPlace {
  std::size_t local_rank = 0;  // among the ranks of its node, from 0
  std::size_t ranks = 1;       // of its node
  std::size_t threads = 1;     // of each
};

// "0,2,3". Empty: it is no such list.
std::vector<std::size_t> ParseCpus(std::string_view list);

// So many beside each other as the rank has threads, none of them another rank's. Empty: there are too few
// for all ranks, and it runs on any of them.
std::vector<std::size_t> CpusOfRank(const std::vector<std::size_t>& task, const RankPlace& place);

// Binds this process if its task has processors of its own (BSUB_TASK_CPUS), unless the job says how its
// ranks are bound.
void BindToOwnCpus();

}  // namespace bsub::step
