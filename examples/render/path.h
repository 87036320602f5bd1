// Path tracing: the light that comes along a ray, by following one random path of it back to a lamp or to the
// sky (J. Kajiya, "The rendering equation", SIGGRAPH 1986). The expectation is the true value; the mean over
// samples tends to it.
#pragma once

#include <optional>

#include "examples/render/scene.h"

namespace render {

struct Hit {
  double distance = 0;
  const Sphere* sphere = nullptr;
};
// The first sphere a ray meets, or nothing.
std::optional<Hit> FirstHit(const Scene& scene, const Ray& ray);

// Red, green and blue, each 0 or more.
Vec Radiance(const Scene& scene, Ray ray, RandomStream& random);

}  // namespace render
