#include "examples/render/scene.h"

#include <algorithm>

namespace render {
namespace {

constexpr std::uint32_t kSceneStream =
    0xFFFFFFFF;  // a frame number no film has: the scene's own random numbers
constexpr int kRings = 3;
constexpr int kSmallOfARing = 9;

Surface AnySurface(double u) {
  return u < 0.6 ? Surface::kDiffuse : u < 0.85 ? Surface::kMetal : Surface::kGlass;
}

// A point of the unit circle, t from -1 to 1: the half circle from below to above, without trigonometry.
Vec OnHalfCircle(double t) {
  const double d = 1.0 + t * t;
  return {(1.0 - t * t) / d, 0, 2.0 * t / d};
}

bool Overlaps(const std::vector<Sphere>& spheres, const Sphere& one) {
  return std::any_of(spheres.begin(), spheres.end(), [&](const Sphere& other) {
    return Length(other.center - one.center) < other.radius + one.radius;
  });
}

std::vector<Sphere> MakeSpheres(std::uint64_t seed) {
  std::vector<Sphere> spheres = {
      {{0, 1, 0}, 1, Surface::kGlass, {1, 1, 1}, 0},
      {{-2.2, 1, 0.6}, 1, Surface::kDiffuse, {0.55, 0.2, 0.12}, 0},
      {{2.2, 1, -0.6}, 1, Surface::kMetal, {0.85, 0.75, 0.55}, 0.02},
      {{0, 6, -4}, 1.2, Surface::kLight, {9, 8, 6.5}, 0},
  };
  for (int ring = 0; ring < kRings; ++ring) {
    for (int i = 0; i < kSmallOfARing; ++i) {
      RandomStream random(seed, kSceneStream, static_cast<std::uint32_t>(ring),
                          static_cast<std::uint32_t>(i));
      const double radius = 0.2 + 0.15 * random.Next(), distance = 3.0 + 1.3 * ring + 0.5 * random.Next();
      Vec at = distance * OnHalfCircle(2.0 * (i + 0.7 * random.Next()) / kSmallOfARing - 1.0);
      if (random.Next() < 0.5) at.x = -at.x;  // the other half
      at.y = radius;
      const Vec colour{0.15 + 0.8 * random.Next(), 0.15 + 0.8 * random.Next(), 0.15 + 0.8 * random.Next()};
      Sphere one{at, radius, AnySurface(random.Next()), colour, 0.3 * random.Next()};
      if (one.surface == Surface::kGlass) one.colour = {1, 1, 1};
      if (!Overlaps(spheres, one)) spheres.push_back(one);
    }
  }
  // The plain: a sphere so large that it looks flat. Last, because small ones are met more often near the
  // eye.
  spheres.push_back({{0, -1000, 0}, 1000, Surface::kDiffuse, {0.42, 0.44, 0.4}, 0});
  return spheres;
}

}  // namespace

Ray Camera::Through(double x, double y, RandomStream& random) const {
  const Vec direction = Unit(forward + (zoom * x) * right + (zoom * y) * up);
  if (lens == 0) return {eye, direction};
  double u = 1, v = 1;
  while (u * u + v * v >= 1) {
    u = 2 * random.Next() - 1;
    v = 2 * random.Next() - 1;
  }
  const Vec sharp = eye + focus * direction;
  const Vec from = eye + (lens * u) * right + (lens * v) * up;
  return {from, Unit(sharp - from)};
}

Scene MakeScene(std::uint64_t seed, std::uint32_t frame, std::uint32_t frames) {
  const double t = frames > 1 ? static_cast<double>(frame) / (frames - 1) - 0.5 : 0.0;
  Scene scene;
  scene.spheres = MakeSpheres(seed);
  const Vec around = OnHalfCircle(t);
  const Vec target{0, 0.8, 0};
  Camera& camera = scene.camera;
  camera.eye = {9.5 * around.z, 2.4, 9.5 * around.x};
  camera.forward = Unit(target - camera.eye);
  camera.right = Unit(Cross(camera.forward, {0, 1, 0}));
  camera.up = Cross(camera.right, camera.forward);
  camera.zoom = 0.36;
  camera.lens = 0.05;
  camera.focus = Length(target - camera.eye);
  return scene;
}

Vec Sky(const Vec& direction) {
  const double height = 0.5 * (direction.y + 1.0);
  return (1.0 - height) * Vec{0.9, 0.9, 0.88} + height * Vec{0.35, 0.55, 0.9};
}

}  // namespace render
