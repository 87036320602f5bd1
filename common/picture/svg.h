// Just enough of SVG for charts: shapes and text in pixels, origin at the top left.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bsub::picture {

struct Point {
  double x = 0, y = 0;
};

enum class Anchor : std::uint8_t { kStart, kMiddle, kEnd };

// What a picture stands on. kReaders: dark where the reader prefers it, as far as what shows it knows; then
// "currentColor" is black or white accordingly, and other colours must be legible on both.
enum class Ground : std::uint8_t { kWhite, kReaders };

struct TextStyle {
  double size = 11;  // pixels
  Anchor anchor = Anchor::kStart;
  std::string colour = "#222222";
  bool bold = false;
  double turned = 0;  // degrees, clockwise, around its anchor
};

// A horizontal stroke, of many that look the same.
struct Stroke {
  double x = 0, y = 0;  // of its left end, at half of its thickness
  double length = 0;
};

class Svg {
 public:
  Svg(double width, double height, Ground ground = Ground::kWhite)
      : width_(width), height_(height), ground_(ground) {}

  // `title` is what a browser shows where the mouse points.
  void Rectangle(Point corner, double width, double height, const std::string& fill,
                 const std::string& stroke = "none", double stroke_width = 1, const std::string& title = "");
  void Line(Point from, Point to, const std::string& colour, double width = 1, double opacity = 1);
  void Path(const std::vector<Point>& points, const std::string& colour, double width = 1.5);
  void Area(const std::vector<Point>& points, const std::string& fill, double opacity);
  // One element for all of them, some ten bytes each: what a picture of 10^5 cells is made of.
  void Strokes(const std::vector<Stroke>& strokes, const std::string& colour, double thickness);
  // Bytes that are no UTF-8 become "\xNN".
  void Text(Point at, const std::string& text, const TextStyle& style);

  std::string Document() const;

 private:
  double width_, height_;
  Ground ground_;
  std::string body_;
};

}  // namespace bsub::picture
