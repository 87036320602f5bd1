#include "common/picture/chart_scale.h"

#include <algorithm>
#include <cstdio>

namespace bsub::picture {

std::vector<Mark> DecadeMarks(double low, double high) {
  std::vector<Mark> marks;
  const bool dense = high / low < 200;
  for (double decade = std::pow(10, std::floor(std::log10(low))); decade <= high; decade *= 10) {
    for (const double times : {1.0, 2.0, 5.0}) {
      const double value = decade * times;
      if ((times == 1.0 || dense) && value >= low && value <= high)
        marks.push_back({value, ShortNumber(value)});
    }
  }
  return marks;
}

std::vector<Mark> ByteMarks(double low, double high) {
  std::vector<Mark> marks;
  const char* const units[] = {"", "Ki", "Mi", "Gi"};
  double size = 1;
  for (int i = 0; size <= high; ++i, size *= 32) {
    if (size < low) continue;
    const int power = 5 * i;  // of two
    if (power / 10 > 3) break;
    marks.push_back({size, std::to_string(1 << (power % 10)) + units[power / 10]});
  }
  return marks;
}

std::vector<Mark> EvenMarks(double low, double high, int most) {
  const double least = (high - low) / most;
  double step = std::pow(10, std::floor(std::log10(least)));
  for (const double times : {2.0, 2.5, 2.0}) {  // 1, 2, 5, 10 times the power of ten
    if (step >= least) break;
    step *= times;
  }
  std::vector<Mark> marks;
  const double rounding = step * 1e-9;
  for (double i = std::ceil((low - rounding) / step); i * step <= high + rounding; ++i) {
    const double value = i * step + 0.0;  // and not -0
    marks.push_back({value, ShortNumber(value)});
  }
  return marks;
}

std::string ShortNumber(double value) {
  char text[32];
  if (value > 0 && value < 0.01) {
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
  }
  const int places = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  std::snprintf(text, sizeof text, "%.*f", places, value);
  std::string out = text;
  if (out.find('.') == std::string::npos) return out;
  while (out.back() == '0') out.pop_back();
  if (out.back() == '.') out.pop_back();
  return out;
}

Range RangeOf(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto [low, high] = std::ranges::minmax(values);
  constexpr double kRoom = 1.15;  // so that no mark is on the frame
  return {low / kRoom, high * kRoom};
}

}  // namespace bsub::picture
