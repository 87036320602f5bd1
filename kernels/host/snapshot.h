// A consistent copy of the table while the worker goes on writing to it.
//
// A child's record is final once its outcome is set, so it is enough to copy outcomes first and then the
// records of those that are new. What is not finished in the copy has a record of zeros there.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/host/shared_table.h"

namespace bsub::kernels {

class Snapshot {
 public:
  explicit Snapshot(const TableShape& shape);

  // Brings the copy up to date; returns how many children are new in it.
  std::uint64_t TakeFrom(const SharedTable& table);

  // Puts the copy into a table that no worker uses yet.
  void GiveTo(SharedTable& table) const;

  std::uint64_t finished() const { return finished_; }
  std::uint64_t failed() const { return failed_; }

  // As the store sees them: one number, and record_bytes bytes, per child.
  std::vector<std::uint16_t>& outcomes() { return outcomes_; }
  std::vector<std::uint8_t>& records() { return records_; }

  // After outcomes() was filled from elsewhere.
  void CountAgain();

 private:
  TableShape shape_;
  std::vector<std::uint16_t> outcomes_;
  std::vector<std::uint8_t> records_;
  std::uint64_t finished_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace bsub::kernels
