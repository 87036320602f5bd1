// From values to pixels, and the marks on an axis.
#pragma once

#include <cmath>
#include <string>
#include <vector>

namespace bsub::picture {

// Logarithmic; `low` < `high`, both positive.
struct LogScale {
  double low = 1, high = 10;
  double from = 0, to = 1;  // pixels of low and high
  double At(double value) const {
    return from + (to - from) * (std::log(value) - std::log(low)) / (std::log(high) - std::log(low));
  }
};

struct LinearScale {
  double low = 0, high = 1;  // low < high
  double from = 0, to = 1;   // pixels of low and high
  double At(double value) const { return from + (to - from) * (value - low) / (high - low); }
};

struct Mark {
  double value = 0;
  std::string label;
};

// 1, 10, 100, …, and 2 and 5 between them where the range is short.
std::vector<Mark> DecadeMarks(double low, double high);
// 1, 32, 1Ki, 32Ki, 1Mi, …
std::vector<Mark> ByteMarks(double low, double high);

// 0, 20, 40, …: multiples of 1, 2 or 5 times a power of ten, at most `most` of them.
std::vector<Mark> EvenMarks(double low, double high, int most);

std::string ShortNumber(double value);  // three significant digits: "0.125", "14", "1200", "1e-05"

// A widened range that holds all values, for a scale; (1, 10) for none.
struct Range {
  double low = 1, high = 10;
};
Range RangeOf(const std::vector<double>& values);

}  // namespace bsub::picture
