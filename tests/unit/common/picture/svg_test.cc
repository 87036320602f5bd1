#include "common/picture/svg.h"

#include <gmock/gmock.h>

namespace bsub::picture {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Svg, TextIsEscapedAndUtf8) {
  Svg svg(10, 10);
  svg.Text({1, 2}, "a<b>&\xff", {});
  svg.Rectangle({0, 0}, 1, 1, "red", "none", 1, "job <7>");
  EXPECT_THAT(svg.Document(), HasSubstr(">a&lt;b&gt;&amp;\\xff</text>"));
  EXPECT_THAT(svg.Document(), HasSubstr("<title>job &lt;7&gt;</title></rect>"));
}

TEST(Svg, ManyStrokesAreOneElement) {
  Svg svg(10, 10);
  svg.Strokes({{.x = 1, .y = 2.5, .length = 3}, {.x = 100, .y = 0, .length = 0.25}}, "blue", 2);
  EXPECT_THAT(svg.Document(), HasSubstr("d=\"M1 2.5h3M100 0h0.25\""));
}

TEST(Svg, StandsOnTheReadersGroundIfItShall) {
  EXPECT_THAT(Svg(1, 1, Ground::kReaders).Document(), HasSubstr("prefers-color-scheme:dark"));
  EXPECT_THAT(Svg(1, 1).Document(), Not(HasSubstr("prefers-color-scheme")));
}

}  // namespace
}  // namespace bsub::picture
