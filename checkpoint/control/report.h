// The lines by which a program tells its node what became of its state: opened, loaded, committed, stopped,
// ... Format: docs/formats/control-directory.md. Depends on nothing but the C library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bsub::control {

// One line. Values are as meant; escaping is Format's and Parse's business.
struct Report {
  std::string kind;
  std::vector<std::pair<std::string, std::string>> fields;

  Report() = default;
  explicit Report(std::string_view kind_of_line) : kind(kind_of_line) {}
  Report& Add(std::string_view name, std::string_view value);
  Report& Add(std::string_view name, std::uint64_t value);
  Report& Add(std::string_view name, double seconds);  // with microseconds

  // Empty if there is no such field.
  std::string_view Text(std::string_view name) const;
  // 0 if there is no such field or it is no number; more than fits is the largest.
  std::uint64_t Number(std::string_view name) const;
  double Seconds(std::string_view name) const;
  friend bool operator==(const Report&, const Report&) = default;
};

// With its line feed, at most 4096 bytes: the longest value is cut until it fits.
std::string FormatReport(const Report& report);

// False if it is no line of a report (it then is to be passed over); `line` is without the line feed.
bool ParseReport(std::string_view line, Report& report);

// Takes every finished line off the front of `text` and appends what they say; lines that are none are passed
// over. Returns the bytes taken. A line that grows beyond 4096 bytes without an end is taken and passed over
// too.
std::size_t TakeReports(std::string_view text, std::vector<Report>& reports);

// Appends one line, with `at`, to `directory`/report, which it makes if it is missing. 0 or an errno.
int AppendReport(const std::string& directory, Report report);

}  // namespace bsub::control
