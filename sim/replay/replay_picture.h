// A replay as one picture: utilisation and queue over time, and which processors had which jobs.
#pragma once

#include <string>

#include "common/result.h"
#include "sim/replay/metrics.h"
#include "sim/replay/replay.h"
#include "sim/replay/workload.h"

namespace bsub::sim {

struct PictureCaption {
  std::string log;     // its file's name
  std::string policy;  // "easy, batch"
  Metrics metrics;
};

// An SVG, some 100 KiB however many jobs there are: up to `kMostDrawnJobs` they are drawn one by one, and a
// browser names the one that the mouse points at; of more, each cell of the view shows what took most of it.
inline constexpr std::size_t kMostDrawnJobs = 1500;
std::string DrawReplay(const Workload& workload, const Starts& starts, const PictureCaption& caption);

// Unavailable: it cannot be written.
Status WritePicture(const std::string& svg, const std::string& path);

}  // namespace bsub::sim
