#include "examples/render/path.h"

#include <algorithm>
#include <cmath>

namespace render {
namespace {

constexpr double kClearance = 1e-6;  // so that a ray does not meet the surface it starts on, by rounding
constexpr int kLongestPath = 32;     // surfaces
constexpr int kSurePath = 3;         // surfaces before a path may be ended by chance
constexpr double kGlassIndex = 1.5;

// Uniform on the unit sphere, by rejection.
Vec AnyDirection(RandomStream& random) {
  for (;;) {
    const Vec v{2 * random.Next() - 1, 2 * random.Next() - 1, 2 * random.Next() - 1};
    const double squared = Dot(v, v);
    if (squared > 1e-12 && squared <= 1.0) return 1.0 / std::sqrt(squared) * v;
  }
}

Vec Mirrored(const Vec& direction, const Vec& normal) {
  return direction - 2.0 * Dot(direction, normal) * normal;
}

// Part of the light that glass reflects at an angle of this cosine (C. Schlick, 1994).
double Reflectance(double cosine) {
  const double r = (1 - kGlassIndex) / (1 + kGlassIndex), r0 = r * r, c = 1 - cosine;
  return r0 + (1 - r0) * (c * c) * (c * c) * c;
}

// `normal` looks against the ray; `inside`: the ray leaves the glass here.
Vec ThroughGlass(const Vec& direction, const Vec& normal, bool inside, RandomStream& random) {
  const double ratio = inside ? kGlassIndex : 1 / kGlassIndex;
  const double cosine = std::min(1.0, -Dot(direction, normal));
  const double squared = 1 - ratio * ratio * (1 - cosine * cosine);  // of the cosine behind the surface
  // The dice are thrown in any case, so that later numbers of the stream mean the same.
  const double dice = random.Next();
  if (squared < 0 || dice < Reflectance(inside ? std::sqrt(std::max(0.0, squared)) : cosine))
    return Mirrored(direction, normal);
  return Unit(ratio * direction + (ratio * cosine - std::sqrt(squared)) * normal);
}

// Where light that arrives along `ray` at a surface may have come from. Nothing: it was swallowed.
std::optional<Vec> Scattered(const Sphere& sphere, const Vec& direction, const Vec& normal, bool inside,
                             RandomStream& random) {
  switch (sphere.surface) {
    case Surface::kDiffuse: {
      const Vec v = normal + AnyDirection(random);  // cosine-weighted
      return Dot(v, v) > 1e-12 ? Unit(v) : normal;
    }
    case Surface::kMetal: {
      const Vec v = Mirrored(direction, normal) + sphere.fuzz * AnyDirection(random);
      if (Dot(v, normal) <= 0) return std::nullopt;
      return Unit(v);
    }
    case Surface::kGlass:
      return ThroughGlass(direction, normal, inside, random);
    case Surface::kLight:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Hit> FirstHit(const Scene& scene, const Ray& ray) {
  std::optional<Hit> first;
  for (const Sphere& sphere : scene.spheres) {
    const Vec to = sphere.center - ray.from;
    const double middle = Dot(to, ray.direction);  // nearest to the centre
    const Vec away = to - middle * ray.direction;
    const double squared = sphere.radius * sphere.radius - Dot(away, away);
    if (squared <= 0) continue;
    const double half = std::sqrt(squared);
    const double distance = middle - half > kClearance ? middle - half : middle + half;
    if (distance > kClearance && (!first || distance < first->distance)) first = Hit{distance, &sphere};
  }
  return first;
}

Vec Radiance(const Scene& scene, Ray ray, RandomStream& random) {
  Vec passed{1, 1, 1};
  for (int surface = 0; surface < kLongestPath; ++surface) {
    const auto hit = FirstHit(scene, ray);
    if (!hit) return passed * Sky(ray.direction);
    const Sphere& sphere = *hit->sphere;
    if (sphere.surface == Surface::kLight) return passed * sphere.colour;

    const Vec at = ray.from + hit->distance * ray.direction;
    const Vec outward = 1.0 / sphere.radius * (at - sphere.center);
    const bool inside = Dot(outward, ray.direction) > 0;
    const Vec normal = inside ? -outward : outward;
    const auto next = Scattered(sphere, ray.direction, normal, inside, random);
    if (!next) return {};
    passed = passed * sphere.colour;
    if (surface >= kSurePath) {
      // Paths that carry little are ended by chance, and those that live on carry more for it.
      const double chance = std::max({passed.x, passed.y, passed.z, 0.05});
      if (random.Next() >= chance) return {};
      passed = 1.0 / std::min(1.0, chance) * passed;
    }
    ray = {at, *next};
  }
  return {};
}

}  // namespace render
