// Just enough of SVG for charts: shapes and text in pixels, origin at the top left.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bsub::placement {

struct Point {
  double x = 0, y = 0;
};

enum class Anchor { kStart, kMiddle, kEnd };

struct TextStyle {
  double size = 11;  // pixels
  Anchor anchor = Anchor::kStart;
  std::string colour = "#222222";
  bool bold = false;
  double turned = 0;  // degrees, clockwise, around its anchor
};

class Svg {
 public:
  Svg(double width, double height) : width_(width), height_(height) {}

  void Rectangle(Point corner, double width, double height, const std::string& fill,
                 const std::string& stroke = "none", double stroke_width = 1);
  void Line(Point from, Point to, const std::string& colour, double width = 1);
  void Path(const std::vector<Point>& points, const std::string& colour, double width = 1.5);
  void Area(const std::vector<Point>& points, const std::string& fill, double opacity);
  void Text(Point at, const std::string& text, const TextStyle& style);

  std::string Document() const;  // on a white ground

 private:
  double width_, height_;
  std::string body_;
};

}  // namespace bsub::placement
