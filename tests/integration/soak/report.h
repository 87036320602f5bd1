// What the load tells the test: lines of JSON on standard output, and the latencies between two of them.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace bsub::soak {

class Latencies {
 public:
  void Add(double ms);
  // "NAMEs": 5, "NAME_p50_ms": 1.2, "NAME_p99_ms": 3.4 of what came since the last time.
  std::string Take(std::string_view name);

 private:
  std::mutex mutex_;
  std::vector<double> values_;
};

// Whole lines, from any thread.
void PrintLine(const std::string& line);
// What must not happen; the test fails by it.
void PrintFault(std::string_view fault, std::string_view what);

// A moment ago, in milliseconds.
class Stopwatch {
 public:
  Stopwatch();
  double ms() const;

 private:
  std::int64_t start_ns_;
};

}  // namespace bsub::soak
