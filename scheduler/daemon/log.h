// The daemon's log: one line of key=value words per event, to standard error.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace bsub::daemon {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning", "error"; before the first line.
void StartLog(std::string_view level);
// key=value; a value with blanks or quotes is quoted. The first is by custom event=….
using Field = std::pair<std::string_view, std::string>;
void Log(LogLevel level, std::initializer_list<Field> fields);
// A line that is already key=value words.
void LogLine(LogLevel level, const std::string& line);

// One line of fields, without time and level.
std::string FormatFields(std::initializer_list<Field> fields);

}  // namespace bsub::daemon
