// Which job a submit token made. Tokens are hashes (rpc/submit_translation.h), so their bytes spread by themselves.
//
// Many small tables: one large one would stop everybody while it grows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <unordered_map>

#include "common/ids.h"
#include "jobs/job_spec.h"

namespace bsub::sched {

class TokenIndex {
 public:
  // The first job of a token stays.
  void Add(const SubmitToken& token, JobId job) { TableOf(token).emplace(token, job); }
  void Remove(const SubmitToken& token) { TableOf(token).erase(token); }
  // JobId() for none.
  JobId Find(const SubmitToken& token) const {
    const Table& table = tables_[token.bytes[0]];
    const auto it = table.find(token);
    return it == table.end() ? JobId() : it->second;
  }

 private:
  struct Bytes {
    std::size_t operator()(const SubmitToken& token) const {
      std::uint64_t word = 0;
      std::memcpy(&word, token.bytes.data() + 8, sizeof word);
      return word;
    }
  };
  using Table = std::unordered_map<SubmitToken, JobId, Bytes>;
  Table& TableOf(const SubmitToken& token) { return tables_[token.bytes[0]]; }

  std::array<Table, 256> tables_;  // by the first byte; nobody goes through them in order
};

}  // namespace bsub::sched
