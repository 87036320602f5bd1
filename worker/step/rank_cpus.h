// Which of its task's processors a rank has. mpirun cannot say: it counts those of the machine from the
// first, whichever are the task's, so that ranks of tasks beside each other would share them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace bsub::step {

struct RankPlace {
  std::size_t local_rank = 0;  // among the ranks of its node, from 0
  std::size_t ranks = 1;       // of its node
};

// "0,2,3". Empty: it is no such list.
std::vector<std::size_t> ParseCpus(std::string_view list);

// Its part of all of them: parts differ by one at most, and share none. Empty: there are fewer than ranks,
// and it runs on any of them.
std::vector<std::size_t> CpusOfRank(const std::vector<std::size_t>& task, const RankPlace& place);

// Where this process is among the ranks of its node, as mpirun's daemon says it. Nothing: it is to be left as
// it is, because the job or its mpirun says how ranks are bound, or mpirun starts another number of them on
// this node than the job asked for: there may be another mpirun beside it.
std::optional<RankPlace> PlaceToBind();

// Binds this process to its part of the task's own processors (BSUB_TASK_CPUS), if there are some and nobody
// has bound it yet.
void BindToOwnCpus();

}  // namespace bsub::step
