#include "tests/support/checkpoint/fake_ranks.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace bsub::testing {

FakeRanks::FakeRanks(int ranks)
    : barrier_(ranks),
      ranks_(static_cast<std::size_t>(ranks)),
      pieces_(static_cast<std::size_t>(ranks)),
      votes_(static_cast<std::size_t>(ranks)) {
  for (int i = 0; i < ranks; ++i) ranks_[static_cast<std::size_t>(i)] = {this, i};
}

void FakeRanks::Run(const std::function<void(const bsub_checkpoint_collectives& table)>& program) {
  std::vector<std::jthread> threads;
  for (Rank& rank : ranks_) {
    threads.emplace_back([this, &rank, &program] {
      bsub_checkpoint_collectives table{};
      table.size = sizeof(table);
      table.rank = rank.number;
      table.ranks = static_cast<std::int32_t>(ranks_.size());
      table.context = &rank;
      table.broadcast = Broadcast;
      table.gather = Gather;
      table.maximum = Maximum;
      program(table);
    });
  }
}

int FakeRanks::Broadcast(void* context, void* data, std::uint64_t bytes, std::int32_t root) {
  const auto& rank = *static_cast<Rank*>(context);
  FakeRanks& all = *rank.all;
  if (rank.number == root) all.root_data_ = data;
  all.barrier_.arrive_and_wait();
  if (rank.number != root) std::memcpy(data, all.root_data_, bytes);
  all.barrier_.arrive_and_wait();
  return 0;
}

int FakeRanks::Gather(void* context, const void* data, std::uint64_t bytes, void* all_data,
                      const std::uint64_t* bytes_of, std::int32_t root) {
  const auto& rank = *static_cast<Rank*>(context);
  FakeRanks& all = *rank.all;
  static_cast<void>(bytes);
  all.pieces_[static_cast<std::size_t>(rank.number)] = data;
  all.barrier_.arrive_and_wait();
  if (rank.number == root) {
    auto* at = static_cast<char*>(all_data);
    for (std::size_t i = 0; i < all.pieces_.size(); ++i) {
      if (bytes_of[i] > 0) std::memcpy(at, all.pieces_[i], bytes_of[i]);
      at += bytes_of[i];
    }
  }
  all.barrier_.arrive_and_wait();
  return 0;
}

int FakeRanks::Maximum(void* context, std::int64_t* values, std::uint32_t count) {
  const auto& rank = *static_cast<Rank*>(context);
  FakeRanks& all = *rank.all;
  all.votes_[static_cast<std::size_t>(rank.number)] = values;
  all.barrier_.arrive_and_wait();
  std::vector<std::int64_t> largest(values, values + count);
  for (const std::int64_t* votes : all.votes_) {
    for (std::uint32_t i = 0; i < count; ++i) largest[i] = std::max(largest[i], votes[i]);
  }
  all.barrier_.arrive_and_wait();
  std::copy(largest.begin(), largest.end(), values);
  all.barrier_.arrive_and_wait();
  return 0;
}

}  // namespace bsub::testing
