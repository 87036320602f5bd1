#include "examples/render/scene.h"

#include <gtest/gtest.h>

namespace render {
namespace {

TEST(Scene, IsTheSameEachTimeAndOnlyTheCameraMoves) {
  const Scene first = MakeScene(1, 0, 10), again = MakeScene(1, 0, 10), last = MakeScene(1, 9, 10);
  EXPECT_EQ(first.camera.eye, again.camera.eye);
  EXPECT_NE(first.camera.eye, last.camera.eye);
  ASSERT_EQ(first.spheres.size(), last.spheres.size());
  for (std::size_t i = 0; i < first.spheres.size(); ++i)
    EXPECT_EQ(first.spheres[i].center, last.spheres[i].center);
  EXPECT_NE(MakeScene(2, 0, 10).spheres[5].center, first.spheres[5].center);
}

TEST(Scene, SpheresDoNotOverlap) {
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    const auto& spheres = MakeScene(seed, 0, 1).spheres;
    EXPECT_GT(spheres.size(), 15u);
    for (std::size_t a = 0; a + 1 < spheres.size(); ++a)
      for (std::size_t b = a + 1; b + 1 < spheres.size(); ++b)
        EXPECT_GE(Length(spheres[a].center - spheres[b].center), spheres[a].radius + spheres[b].radius);
  }
}

TEST(Camera, LooksAtTheMiddleOfThePicture) {
  Camera camera = MakeScene(1, 3, 10).camera;
  camera.lens = 0;
  RandomStream random(1, 0, 0, 0);
  const Ray middle = camera.Through(0, 0, random);
  EXPECT_NEAR(Dot(middle.direction, camera.forward), 1.0, 1e-12);
  EXPECT_GT(camera.Through(0, 0.5, random).direction.y, middle.direction.y) << "y is upwards";
  EXPECT_GT(Dot(camera.Through(0.5, 0, random).direction, camera.right), 0) << "x is to the right";
  EXPECT_NEAR(Dot(camera.right, camera.up), 0.0, 1e-12);
  EXPECT_NEAR(Length(camera.up), 1.0, 1e-12);
}

TEST(Camera, ALensBlursWhatIsOutOfFocus) {
  Camera camera = MakeScene(1, 3, 10).camera;
  RandomStream random(1, 0, 0, 0);
  for (int i = 0; i < 50; ++i) {
    const Ray ray = camera.Through(0.3, 0.2, random);
    EXPECT_LE(Length(ray.from - camera.eye), camera.lens);
    EXPECT_NEAR(Length(ray.direction), 1.0, 1e-12);
  }
}

}  // namespace
}  // namespace render
