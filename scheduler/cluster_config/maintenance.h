// When maintenance is, by the rules of its time zone (the system's tzdata).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/time.h"
#include "scheduler/cluster_config/cluster_config.h"

namespace bsub::cluster_config {

// "Europe/Berlin" is known here.
bool IsTimeZone(const std::string& name);
// "2026-12-01 22:00", "2026-12-01T22:00".
Result<CivilMinute> ParseCivilMinute(std::string_view text);

// Those that end after `from` and begin before `to`, by their begin; at most `most`. Where a change to summer
// time leaves the time of the day out, it begins with the change; where one is there twice, it is the first.
std::vector<sched::MaintenanceWindow> WindowsBetween(const Maintenance& maintenance, TimePoint from,
                                                     TimePoint to, std::size_t most = 1000);

}  // namespace bsub::cluster_config
