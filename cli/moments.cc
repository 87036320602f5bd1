#include "cli/moments.h"

#include <array>
#include <chrono>
#include <ctime>

#include "common/time.h"

namespace bsub::cli {

std::string LocalTime(std::int64_t at_us) {
  if (at_us == 0) return "-";
  const std::time_t seconds = at_us / 1'000'000;
  std::tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return "-";
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return text.data();
}

std::string Elapsed(std::int64_t us) { return us == 0 ? "-" : FormatDuration(Duration(us)); }

std::int64_t NowMicros() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace bsub::cli
