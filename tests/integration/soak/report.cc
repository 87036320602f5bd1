#include "tests/integration/soak/report.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace bsub::soak {
namespace {

std::int64_t NowNs() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

double Quantile(const std::vector<double>& sorted, double q) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

void Latencies::Add(double ms) {
  const std::lock_guard lock(mutex_);
  values_.push_back(ms);
}

std::string Latencies::Take(std::string_view name) {
  std::vector<double> values;
  {
    const std::lock_guard lock(mutex_);
    values.swap(values_);
  }
  std::sort(values.begin(), values.end());
  char text[200];
  const int length = static_cast<int>(name.size());
  std::snprintf(text, sizeof text, R"("%.*ss": %zu, "%.*s_p50_ms": %.3f, "%.*s_p99_ms": %.3f)", length,
                name.data(), values.size(), length, name.data(), Quantile(values, 0.5), length, name.data(),
                Quantile(values, 0.99));
  return text;
}

void PrintLine(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::puts(line.c_str());
  std::fflush(stdout);
}

void PrintFault(std::string_view fault, std::string_view what) {
  std::string text;
  for (const char c : what) text += c == '"' || c == '\\' || c < ' ' ? '\'' : c;
  PrintLine(R"({"fault": ")" + std::string(fault) + R"(", "what": ")" + text + "\"}");
}

Stopwatch::Stopwatch() : start_ns_(NowNs()) {}
double Stopwatch::ms() const { return static_cast<double>(NowNs() - start_ns_) / 1e6; }

}  // namespace bsub::soak
