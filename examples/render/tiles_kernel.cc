// libtiles.so:render_tile: one tile of a film for each index of an array (tile.h numbers them).
//
// The input names the film: "width=640 height=360 frames=1 samples=16 seed=1", in any order; what is missing
// has this default. Without any input it is one picture of a million tiles, for trying how fast they are. The
// output record is the tile's pixels.
#include <bsub/kernel.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "examples/render/tile.h"

namespace render {
namespace {

struct TileJob {
  Film film;
  std::uint32_t samples = 16;
  std::vector<Scene> scenes;  // by frame
};

constexpr int kNoSuchTile = 1;

// Sets what `name` names; false if there is no such name or the value is out of its range.
bool Set(TileJob& job, std::string_view name, unsigned long long value) {
  constexpr unsigned long long kLargestSide = 32768, kMostFrames = 100'000, kMostSamples = 1'000'000;
  const auto within = [value](unsigned long long most) { return value >= 1 && value <= most; };
  const auto small = static_cast<std::uint32_t>(value);
  if (name == "seed") return job.film.seed = value, true;
  if (name == "width" && within(kLargestSide)) return job.film.width = small, true;
  if (name == "height" && within(kLargestSide)) return job.film.height = small, true;
  if (name == "frames" && within(kMostFrames)) return job.film.frames = small, true;
  if (name == "samples" && within(kMostSamples)) return job.samples = small, true;
  return false;
}

bool Read(std::string_view text, TileJob& job) {
  while (!text.empty()) {
    const std::string word(text.substr(0, text.find_first_of(" ,\n")));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (word.empty()) continue;
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals + 1 == word.size()) return false;
    char* end = nullptr;
    const unsigned long long value = std::strtoull(word.c_str() + equals + 1, &end, 10);
    if (*end != '\0' || !Set(job, std::string_view(word).substr(0, equals), value)) return false;
  }
  return true;
}

// 1,000,000 tiles in a few minutes of two cores.
void SetLargePicture(TileJob& job) {
  job.film.width = job.film.height = 1000 * kTileSide;
  job.samples = 1;
}

const char* Prepare(const void* input, std::uint64_t bytes, void** context) {
  auto job = std::make_unique<TileJob>();
  if (bytes == 0) SetLargePicture(*job);
  if (!Read({static_cast<const char*>(input), bytes}, *job)) {
    return "expected words like width=640 height=360 frames=1 samples=16 seed=1: sides of 1 to 32768 pixels, "
           "up to 100000 frames and 1000000 samples";
  }
  for (std::uint32_t frame = 0; frame < job->film.frames; ++frame)
    job->scenes.push_back(MakeScene(job->film.seed, frame, job->film.frames));
  *context = job.release();  // for as long as the process lives
  return nullptr;
}

}  // namespace
}  // namespace render

extern "C" __attribute__((visibility("default"))) std::int32_t render_tile(const bsub_kernel_call* call) {
  const auto& job = *static_cast<const render::TileJob*>(call->context);
  const auto tile = render::TileAt(job.film, call->index);
  if (!tile) return render::kNoSuchTile;
  render::RenderTile(job.scenes[tile->frame], job.film, *tile, job.samples,
                     static_cast<std::uint8_t*>(call->output));
  return 0;
}
BSUB_KERNEL(render_tile, .record_bytes = render::kTileBytes, .prepare = render::Prepare)
