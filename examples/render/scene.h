// What is rendered: spheres on a plain under a bright sky, and a camera that moves on an arc from frame to
// frame.
//
// Only +, -, *, / and square roots are used, which IEEE 754 rounds alike on every machine; sin and cos of the
// C library give other last bits on other processors, and a frame may be continued on another node.
#pragma once

#include <cstdint>
#include <vector>

#include "examples/render/random.h"
#include "examples/render/vec.h"

namespace render {

enum class Surface { kDiffuse, kMetal, kGlass, kLight };

struct Sphere {
  Vec center;
  double radius = 1;
  Surface surface = Surface::kDiffuse;
  Vec colour;       // the part of the light that is reflected; of a light: what it sends out
  double fuzz = 0;  // of metal: 0 is a mirror
};

struct Camera {
  Vec eye;
  Vec right, up, forward;  // of length 1, at right angles
  double zoom = 1;         // half a picture's height at distance 1 from the eye
  double lens = 0;         // its radius; 0: everything is sharp
  double focus = 1;        // distance of what is sharp

  // Through a point of the picture: x to the right and y upwards, the picture's height from -1 to 1.
  Ray Through(double x, double y, RandomStream& random) const;
};

struct Scene {
  std::vector<Sphere> spheres;
  Camera camera;
};

// Frame 0 to frames - 1 of a film; a film of one frame shows its middle.
Scene MakeScene(std::uint64_t seed, std::uint32_t frame, std::uint32_t frames);

// Light that arrives from where nothing is.
Vec Sky(const Vec& direction);

}  // namespace render
