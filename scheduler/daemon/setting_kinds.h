// Kinds of settings: how a value of each is read, checked and shown. For settings_table.cc.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/daemon/settings.h"

namespace bsub::daemon {

// Where a setting's value is.
template <typename T>
using Access = T& (*)(DaemonSettings&);

template <typename T>
const T& Look(const DaemonSettings& settings, Access<T> at) {
  return at(const_cast<DaemonSettings&>(settings));
}

// A number that reads back exactly, in the largest unit that does.
std::string BytesText(std::int64_t bytes);

template <typename T>
Setting Number(std::string name, std::string help, Access<T> at, std::int64_t min = 0,
               std::int64_t max = std::numeric_limits<std::int64_t>::max()) {
  if (sizeof(T) < 8) max = std::min(max, static_cast<std::int64_t>(std::numeric_limits<T>::max()));
  return {std::move(name), std::move(help),
          [at, min, max](DaemonSettings& settings, const std::string& value) -> Status {
            BSUB_ASSIGN_OR_RETURN(const std::int64_t number, ParseInteger(value, min, max));
            at(settings) = static_cast<T>(number);
            return OkStatus();
          },
          [at](const DaemonSettings& settings) { return std::to_string(Look(settings, at)); }};
}

template <typename T>
Setting Bytes(std::string name, std::string help, Access<T> at,
              std::int64_t max = std::numeric_limits<std::int64_t>::max()) {
  return {std::move(name), std::move(help),
          [at, max](DaemonSettings& settings, const std::string& value) -> Status {
            BSUB_ASSIGN_OR_RETURN(const std::int64_t bytes, ParseBytes(value));
            if (bytes <= 0) return InvalidArgument("expected more than 0 bytes");
            if (bytes > max) return InvalidArgument(Quoted(value) + ": expected at most " + BytesText(max));
            at(settings) = static_cast<T>(bytes);
            return OkStatus();
          },
          [at](const DaemonSettings& settings) {
            return BytesText(static_cast<std::int64_t>(Look(settings, at)));
          }};
}

// From `min` to `max`; may be shorter than a second: "250ms".
Setting Time(std::string name, std::string help, Access<Duration> at, Duration min = Duration(0),
             Duration max = Duration::max());
// A file's mode.
Setting Octal(std::string name, std::string help, Access<std::uint32_t> at);
Setting Words(std::string name, std::string help, Access<std::vector<std::string>> at);
Setting Program(std::string name, std::string help, Access<std::string> at);

}  // namespace bsub::daemon
