#include "sim/replay/replay_command.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <ostream>

#include "sim/replay/forecast_check.h"
#include "sim/replay/job_table.h"
#include "sim/replay/progress.h"
#include "sim/replay/read_log.h"
#include "sim/replay/replay.h"
#include "sim/replay/replay_options.h"
#include "sim/replay/replay_picture.h"
#include "sim/replay/replay_report.h"

namespace bsub::sim {
namespace {

void TellBadLines(const SwfLog& log, const std::string& path, std::ostream& err) {
  for (const BadLine& line : log.bad_lines)
    err << path << ":" << line.number << ": " << line.what << "; left out\n";
  if (log.bad_line_count > log.bad_lines.size())
    err << path << ": " << log.bad_line_count - log.bad_lines.size() << " more malformed lines\n";
  err.flush();
}

Status RunReplay(const ReplayWish& wish, std::ostream& out, std::ostream& err, int columns) {
  BSUB_ASSIGN_OR_RETURN(const std::string text, ReadLog(wish.log));
  const SwfLog log = ParseSwf(text);
  TellBadLines(log, wish.log, err);
  BSUB_ASSIGN_OR_RETURN(Workload workload, Normalise(log, wish.processors));
  if (wish.first > 0) workload = FirstJobs(std::move(workload), wish.first);

  const auto begin = std::chrono::steady_clock::now();
  Starts starts;
  ForecastCheck forecasts(std::max<std::size_t>(wish.forecasts, 1));
  {
    ReplayProgress progress(err, columns, workload.jobs.size());
    ReplayOptions options{.policy = wish.policy, .passes = wish.passes};
    options.progress = [&](std::size_t n) { progress.Show(n); };
    if (wish.forecasts > 0)
      options.waits = [&](const CoreMachine& machine, std::size_t job) { forecasts.Ask(machine, job); };
    starts = Replay(workload, options);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (!wish.starts.empty()) BSUB_RETURN_IF_ERROR(WriteStarts(starts, wish.starts));
  if (!wish.jobs.empty()) BSUB_RETURN_IF_ERROR(WriteJobs(workload, starts, wish.jobs));
  const JobRange range = RangeOf(wish.half, workload.jobs.size());
  const bool by_event = wish.passes == Passes::kEvent || wish.policy.event_only;
  ReplayReport report{.policy = wish.policy.name,
                      .passes = by_event ? "event" : "batch",
                      .processors = workload.processors,
                      .left_out = workload.left_out,
                      .bad_lines = log.bad_line_count,
                      .seconds = took.count(),
                      .metrics = Measure(workload, starts, range.first, range.last)};
  if (wish.forecasts > 0) report.forecasts = forecasts.Judge(workload, starts);
  if (!wish.plot.empty()) {
    const PictureCaption caption{.log = std::filesystem::path(wish.log).filename().string(),
                                 .policy = std::string(report.policy) + ", " + std::string(report.passes),
                                 .metrics = Measure(workload, starts)};
    BSUB_RETURN_IF_ERROR(WritePicture(DrawReplay(workload, starts, caption), wish.plot));
  }
  if (wish.json) {
    PrintJson(report, out);
  } else {
    PrintTable(report, out);
  }
  return OkStatus();
}

}  // namespace

int ReplayCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                  int columns) {
  const Result<ReplayWish> wish = ReadReplayWish(arguments);
  if (!wish) {
    err << "bsub-lite sim replay: " << wish.error().message << std::endl;
    return 2;
  }
  if (wish->help) {
    out << ReplayHelp() << std::flush;
    return 0;
  }
  const Status done = RunReplay(*wish, out, err, columns);
  if (done) return 0;
  err << "bsub-lite sim replay: " << done.error().message << std::endl;
  return done.error().code == Code::kInvalidArgument ? 2 : 1;
}

}  // namespace bsub::sim
