// The SC20 table's row Lublin-1: every start of its sequences, and the values that were published.
#include "sim/replay/sc20.h"

#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "sim/replay/read_log.h"
#include "tests/traces/trace_files.h"

namespace bsub::testing {
namespace {

using sim::Sc20Key;

// By (backfill, policy, first job): starts in the order of job numbers.
using Sc20Starts = std::map<std::tuple<bool, std::string, std::size_t>, sim::Starts>;

Sc20Starts ReadSc20Starts(const std::string& folder) {
  std::istringstream in(sim::ReadLog(folder + "/expected/sc20-lublin-1.starts.csv.gz").value());
  std::string line, cell;
  std::getline(in, line);
  Sc20Starts starts;
  while (std::getline(in, line)) {
    std::vector<std::string> cells;
    for (std::istringstream row(line); std::getline(row, cell, ',');) cells.push_back(cell);
    starts[{cells[0] == "1", cells[1], std::stoull(cells[3])}].push_back(std::stoll(cells[5]));
  }
  return starts;
}

class Sc20 : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto found = TracesFolder();
    if (!found) GTEST_SKIP() << kNoTraces;
    folder = *found;
    workload =
        sim::Sc20Workload(sim::ParseSwf(sim::ReadLog(folder + "/lublin_256.raw.swf.gz").value())).value();
  }
  std::string folder;
  sim::Workload workload;
};

TEST_F(Sc20, EveryStartIsTheSame) {
  const std::map<std::string, Sc20Key> keys = {
      {"fcfs", Sc20Key::kFcfs}, {"sjf", Sc20Key::kSjf}, {"f1", Sc20Key::kF1}};
  const Sc20Starts known = ReadSc20Starts(folder);
  ASSERT_EQ(known.size(), 60u);
  for (const auto& [which, starts] : known) {
    const auto& [backfill, policy, first] = which;
    const auto begin = workload.jobs.begin() + static_cast<std::ptrdiff_t>(first);
    const std::vector<sim::WorkloadJob> jobs(begin, begin + sim::kSc20Length);
    EXPECT_EQ(sim::Sc20Replay(jobs, workload.processors, keys.at(policy), backfill), starts)
        << policy << ", first " << first << (backfill ? ", with backfill" : "");
  }
}

TEST_F(Sc20, TheTableIsThatOfThePaper) {
  const std::vector<sim::Sc20Cell> cells = sim::Sc20Table(workload).value();
  const std::vector<double> known = {7273.77, 277.35, 258.37, 235.82, 73.31, 75.07};
  ASSERT_EQ(cells.size(), known.size());
  for (std::size_t i = 0; i < cells.size(); ++i) EXPECT_NEAR(cells[i].slowdown, known[i], 0.005) << i;
}

}  // namespace
}  // namespace bsub::testing
