// An MPI program in one process: each rank is a thread, the collectives are a barrier and shared memory.
#pragma once

#include <bsub/checkpoint.h>

#include <barrier>
#include <cstdint>
#include <functional>
#include <vector>

namespace bsub::testing {

class FakeRanks {
 public:
  explicit FakeRanks(int ranks);

  // Runs `program` once per rank, each in a thread with its own table, and waits for all.
  void Run(const std::function<void(const bsub_checkpoint_collectives& table)>& program);

 private:
  struct Rank {
    FakeRanks* all = nullptr;
    int number = 0;
  };
  static int Broadcast(void* context, void* data, std::uint64_t bytes, std::int32_t root);
  static int Gather(void* context, const void* data, std::uint64_t bytes, void* all,
                    const std::uint64_t* bytes_of, std::int32_t root);
  static int Maximum(void* context, std::int64_t* values, std::uint32_t count);

  std::barrier<> barrier_;
  std::vector<Rank> ranks_;
  void* root_data_ = nullptr;
  std::vector<const void*> pieces_;
  std::vector<const std::int64_t*> votes_;
};

}  // namespace bsub::testing
