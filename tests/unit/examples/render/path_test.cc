#include "examples/render/path.h"

#include <gtest/gtest.h>

namespace render {
namespace {

Scene With(std::vector<Sphere> spheres) { return {std::move(spheres), {}}; }

TEST(FirstHit, IsTheNearestInFront) {
  const Scene scene = With({{{0, 0, 10}, 1, Surface::kDiffuse, {}, 0},
                            {{0, 0, 5}, 1, Surface::kDiffuse, {}, 0},
                            {{0, 0, -3}, 1, Surface::kDiffuse, {}, 0}});
  const auto hit = FirstHit(scene, {{0, 0, 0}, {0, 0, 1}});
  ASSERT_TRUE(hit);
  EXPECT_EQ(hit->sphere, &scene.spheres[1]);
  EXPECT_DOUBLE_EQ(hit->distance, 4);
  EXPECT_FALSE(FirstHit(scene, {{0, 0, 0}, {0, 1, 0}}));
  // From within, the far side; from a surface outwards, not the surface itself.
  EXPECT_DOUBLE_EQ(FirstHit(scene, {{0, 0, 5}, {0, 0, 1}})->distance, 1);
  EXPECT_EQ(FirstHit(scene, {{0, 0, 6}, {0, 0, 1}})->sphere, &scene.spheres[0]);
}

// Inside a closed white furnace each path must bring back exactly the furnace's light, on whatever surface it
// bounces: what is lost or gained by chance must cancel on average.
TEST(Radiance, LosesNothingInAWhiteFurnace) {
  for (const Surface surface : {Surface::kDiffuse, Surface::kMetal, Surface::kGlass}) {
    const Scene scene =
        With({{{0, 0, 0}, 1, surface, {1, 1, 1}, 0}, {{0, 0, 0}, 50, Surface::kLight, {1, 1, 1}, 0}});
    double sum = 0;
    constexpr int kPaths = 500;
    for (std::uint32_t i = 0; i < kPaths; ++i) {
      RandomStream random(1, 0, i, 0);
      sum += Radiance(scene, {{0, 0.2, -5}, {0, 0, 1}}, random).y;
    }
    EXPECT_NEAR(sum / kPaths, 1.0, 1e-9) << static_cast<int>(surface);
  }
}

// A grey diffuse ball in the furnace reflects its albedo: it is convex, so each path meets it once.
TEST(Radiance, OfADiffuseBallIsItsAlbedo) {
  const Scene scene = With(
      {{{0, 0, 0}, 1, Surface::kDiffuse, {0.25, 0.5, 1}, 0}, {{0, 0, 0}, 50, Surface::kLight, {1, 1, 1}, 0}});
  RandomStream random(1, 0, 0, 0);
  EXPECT_EQ(Radiance(scene, {{0, 0.2, -5}, {0, 0, 1}}, random), (Vec{0.25, 0.5, 1}));
}

// Ending paths by chance changes no mean: inside a grey shell with a lamp in it, the light is that of the
// geometric series.
TEST(Radiance, EndingPathsByChanceKeepsTheMean) {
  const Scene shell = With({{{0, 0, 0}, 1, Surface::kDiffuse, {0.5, 0.5, 0.5}, 0}});
  double sum = 0;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    RandomStream random(1, 0, i, 0);
    sum += Radiance(shell, {{0, 0, 0}, {0, 0, 1}}, random).x;
  }
  EXPECT_EQ(sum, 0.0) << "no lamp and no way out: no light from nowhere";
}

TEST(Radiance, OfNothingIsTheSky) {
  RandomStream random(1, 0, 0, 0);
  EXPECT_EQ(Radiance(With({}), {{0, 0, 0}, {0, 1, 0}}, random), Sky({0, 1, 0}));
}

}  // namespace
}  // namespace render
