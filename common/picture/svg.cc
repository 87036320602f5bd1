#include "common/picture/svg.h"

#include <cstdio>

#include "common/utf8.h"

namespace bsub::picture {
namespace {

std::string Pixels(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

std::string Attribute(const char* name, const std::string& value) {
  return std::string(" ") + name + "=\"" + value + "\"";
}

// Without the zeros that a file of many numbers need not hold.
std::string ShortPixels(double value) {
  std::string text = Pixels(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : ToUtf8(text)) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string PointList(const std::vector<Point>& points) {
  std::string out;
  for (const Point& point : points) out += (out.empty() ? "" : " ") + Pixels(point.x) + "," + Pixels(point.y);
  return out;
}

}  // namespace

void Svg::Rectangle(Point corner, double width, double height, const std::string& fill,
                    const std::string& stroke, double stroke_width, const std::string& title) {
  body_ += "<rect" + Attribute("x", Pixels(corner.x)) + Attribute("y", Pixels(corner.y)) +
           Attribute("width", Pixels(width)) + Attribute("height", Pixels(height)) + Attribute("fill", fill);
  if (stroke != "none")
    body_ += Attribute("stroke", stroke) + Attribute("stroke-width", Pixels(stroke_width));
  body_ += title.empty() ? "/>\n" : "><title>" + Escaped(title) + "</title></rect>\n";
}

void Svg::Line(Point from, Point to, const std::string& colour, double width, double opacity) {
  body_ += "<line" + Attribute("x1", Pixels(from.x)) + Attribute("y1", Pixels(from.y)) +
           Attribute("x2", Pixels(to.x)) + Attribute("y2", Pixels(to.y)) + Attribute("stroke", colour) +
           Attribute("stroke-width", Pixels(width));
  if (opacity < 1) body_ += Attribute("stroke-opacity", Pixels(opacity));
  body_ += "/>\n";
}

void Svg::Path(const std::vector<Point>& points, const std::string& colour, double width) {
  body_ += "<polyline" + Attribute("points", PointList(points)) + Attribute("fill", "none") +
           Attribute("stroke", colour) + Attribute("stroke-width", Pixels(width)) + "/>\n";
}

void Svg::Area(const std::vector<Point>& points, const std::string& fill, double opacity) {
  body_ += "<polygon" + Attribute("points", PointList(points)) + Attribute("fill", fill) +
           Attribute("fill-opacity", Pixels(opacity)) + "/>\n";
}

void Svg::Strokes(const std::vector<Stroke>& strokes, const std::string& colour, double thickness) {
  std::string data;
  for (const Stroke& stroke : strokes)
    data += "M" + ShortPixels(stroke.x) + " " + ShortPixels(stroke.y) + "h" + ShortPixels(stroke.length);
  body_ += "<path" + Attribute("d", data) + Attribute("fill", "none") + Attribute("stroke", colour) +
           Attribute("stroke-width", Pixels(thickness)) + "/>\n";
}

void Svg::Text(Point at, const std::string& text, const TextStyle& style) {
  body_ += "<text" + Attribute("x", Pixels(at.x)) + Attribute("y", Pixels(at.y)) +
           Attribute("font-size", Pixels(style.size)) + Attribute("fill", style.colour);
  if (style.anchor != Anchor::kStart)
    body_ += Attribute("text-anchor", style.anchor == Anchor::kMiddle ? "middle" : "end");
  if (style.bold) body_ += Attribute("font-weight", "bold");
  if (style.turned != 0)
    body_ += Attribute("transform",
                       "rotate(" + Pixels(style.turned) + " " + Pixels(at.x) + " " + Pixels(at.y) + ")");
  body_ += ">" + Escaped(text) + "</text>\n";
}

std::string Svg::Document() const {
  const std::string width = Pixels(width_), height = Pixels(height_);
  const bool readers = ground_ == Ground::kReaders;
  const std::string style = readers ? "<style>svg{color:#1f2328}.ground{fill:#ffffff}"
                                      "@media(prefers-color-scheme:dark){svg{color:#e6edf3}"
                                      ".ground{fill:#0d1117}}</style>\n"
                                    : "";
  return "<svg xmlns=\"http://www.w3.org/2000/svg\"" + Attribute("width", width) +
         Attribute("height", height) + Attribute("viewBox", "0 0 " + width + " " + height) +
         Attribute("font-family", "Helvetica, Arial, sans-serif") + ">\n" + style +
         (readers ? "<rect class=\"ground\"" : "<rect") +
         " width=\"100%\" height=\"100%\" fill=\"white\"/>\n" + body_ + "</svg>\n";
}

}  // namespace bsub::picture
