#include "examples/render/render_loop.h"

#include <cstdio>

namespace render {

tl::expected<SavedPicture::Next, std::string> RenderAll(const Options& options, Progressive& picture,
                                                        SavedPicture& saved, bool speaks) {
  if (const auto loaded = saved.LoadInto(picture, speaks); !loaded) return tl::unexpected(loaded.error());
  auto next = SavedPicture::Next::kGoOn;
  while (picture.passes() < options.samples && next == SavedPicture::Next::kGoOn) {
    picture.AddPass();
    if (speaks && options.report > 0 && picture.passes() % options.report == 0) {
      std::printf("sample %u\n", picture.passes());
      std::fflush(stdout);
    }
    const auto after = saved.AfterPass(picture);
    if (!after) return tl::unexpected(after.error());
    next = *after;
  }
  if (const auto closed = saved.Close(); !closed) return tl::unexpected(closed.error());
  if (speaks && next == SavedPicture::Next::kStop)
    std::printf("stopped after %u samples\n", picture.passes());
  return next;
}

}  // namespace render
