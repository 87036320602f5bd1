#include "tests/traces/trace_files.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "common/check.h"
#include "sim/replay/read_log.h"

namespace bsub::testing {
namespace {

std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

}  // namespace

std::optional<std::string> TracesFolder() {
  if (const char* given = std::getenv("BSUB_TRACES")) return given;
  const char* source = std::getenv("BSUB_SOURCE_DIR");
  if (source == nullptr) return std::nullopt;
  const std::string beside = std::string(source) + "/../shared/traces";
  return std::filesystem::exists(beside) ? std::optional(beside) : std::nullopt;
}

std::vector<KnownSchedule> KnownSchedules(const std::string& folder) {
  std::istringstream in(sim::ReadLog(folder + "/metrics.csv").value());
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> columns = Cells(line);
  std::vector<KnownSchedule> schedules;
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = Cells(line);
    KnownSchedule schedule{cells[0], cells[3], cells[4], std::stoll(cells[2]), {}};
    for (std::size_t i = 5; i + 1 < columns.size(); ++i) schedule.metrics[columns[i]] = std::stod(cells[i]);
    schedules.push_back(std::move(schedule));
  }
  return schedules;
}

sim::Workload ReadTrace(const std::string& folder, const KnownSchedule& schedule) {
  const std::size_t first = schedule.trace.find("-first");
  const std::string text = sim::ReadLog(folder + "/" + schedule.trace.substr(0, first) + ".swf.gz").value();
  sim::Workload workload = sim::Normalise(sim::ParseSwf(text), schedule.processors).value();
  if (first == std::string::npos) return workload;
  return sim::FirstJobs(std::move(workload), std::stoull(schedule.trace.substr(first + 6)));
}

std::optional<sim::Starts> KnownStarts(const std::string& folder, const KnownSchedule& schedule) {
  const std::string path = folder + "/expected/" + schedule.Name() + ".starts.csv.gz";
  if (!std::filesystem::exists(path)) return std::nullopt;
  std::istringstream in(sim::ReadLog(path).value());
  std::string line;
  std::getline(in, line);
  sim::Starts starts;
  while (std::getline(in, line)) {
    const std::vector<std::string> cells = Cells(line);
    BSUB_CHECK(std::stoull(cells[0]) == starts.size() + 1) << path << ": " << line;
    starts.push_back(std::stoll(cells[1]));
  }
  return starts;
}

}  // namespace bsub::testing
