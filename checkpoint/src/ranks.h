// The ranks of a program as one: the user's table of collectives with words, lists and agreement on top of
// it.
//
// Every call here is collective. A failure of the table itself is BSUB_CHECKPOINT_COLLECTIVE and may not be
// known to all ranks.
#pragma once

#include <bsub/checkpoint.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/src/result.h"

namespace bsub::ckpt {

class Ranks {
 public:
  Ranks();  // this process alone
  explicit Ranks(const bsub_checkpoint_collectives& table) : table_(table) {}
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;
  ~Ranks();

  // No call of the table any more, its release included.
  void Abandon() { table_.release = nullptr; }

  std::int32_t rank() const { return table_.rank; }
  std::int32_t size() const { return table_.ranks; }
  bool is_first() const { return table_.rank == 0; }

  Done Maximum(std::vector<std::int64_t>& values) const;
  // Rank 0's text, to all.
  Outcome<std::string> Broadcast(std::string text) const;
  // Each rank's text, at rank 0; elsewhere an empty list.
  Outcome<std::vector<std::string>> Gather(std::string_view text) const;
  // All ranks return the same: success if all bring success, else the failure of the lowest rank that failed,
  // which is named if there is more than one rank.
  Done Agree(const Done& mine) const;
  // Rank 0's outcome, to all.
  Outcome<std::string> Share(Outcome<std::string> of_first) const;

 private:
  bsub_checkpoint_collectives table_;
};

}  // namespace bsub::ckpt
