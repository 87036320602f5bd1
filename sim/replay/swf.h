// The Standard Workload Format of the Parallel Workloads Archive
// (https://www.cs.huji.ac.il/labs/parallel/workload/swf.html): one job per line, 18 numbers, ';' begins a
// comment.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bsub::sim {

inline constexpr std::size_t kSwfFields = 18;

// Field 1 of the format is at index 0. -1: not known. Times are seconds.
struct SwfRecord {
  std::array<std::int64_t, kSwfFields> fields{};
  std::int64_t job() const { return fields[0]; }
  std::int64_t submit() const { return fields[1]; }
  std::int64_t run() const { return fields[3]; }
  std::int64_t allocated_processors() const { return fields[4]; }
  std::int64_t requested_processors() const { return fields[7]; }
  std::int64_t requested_time() const { return fields[8]; }
  std::int64_t user() const { return fields[11]; }
};

struct BadLine {
  std::size_t number = 0;  // from 1
  std::string what;        // "field 4 '12x': expected a whole number"; text, whatever the log is
};

struct SwfLog {
  std::vector<SwfRecord> records;
  std::int64_t max_processors = 0;  // of the header; 0: it does not say
  std::vector<BadLine> bad_lines;   // they are left out; only the first kMostBadLines are described
  std::size_t bad_line_count = 0;
};
inline constexpr std::size_t kMostBadLines = 20;

// Never fails: what is no job is among the bad lines. A fraction behind a number is cut off; some logs have
// them.
SwfLog ParseSwf(std::string_view text);

}  // namespace bsub::sim
