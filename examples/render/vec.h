// Vectors of three numbers: places, directions and colours.
#pragma once

#include <cmath>

namespace render {

struct Vec {
  double x = 0, y = 0, z = 0;
  friend bool operator==(const Vec&, const Vec&) = default;
};

inline Vec operator+(const Vec& a, const Vec& b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec operator-(const Vec& a, const Vec& b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec operator-(const Vec& a) { return {-a.x, -a.y, -a.z}; }
inline Vec operator*(const Vec& a, const Vec& b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline Vec operator*(double s, const Vec& a) { return {s * a.x, s * a.y, s * a.z}; }
inline double Dot(const Vec& a, const Vec& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec Cross(const Vec& a, const Vec& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline double Length(const Vec& a) { return std::sqrt(Dot(a, a)); }
inline Vec Unit(const Vec& a) { return 1.0 / Length(a) * a; }

struct Ray {
  Vec from;
  Vec direction;  // of length 1
};

}  // namespace render
