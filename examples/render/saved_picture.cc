#include "examples/render/saved_picture.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace render {

bool SavedPicture::Wanted() {
  const char* directory = std::getenv("BSUB_CHECKPOINT_DIR");
  return directory != nullptr && *directory != '\0';
}

tl::expected<SavedPicture, std::string> SavedPicture::Open(const Film& film, std::uint32_t first_row,
                                                           std::uint32_t last_row,
                                                           const bsub_checkpoint_collectives* ranks) {
  SavedPicture saved;
  if (!Wanted()) return saved;
  saved.store_.emplace();
  if (const auto opened = saved.store_->Open({}, ranks); !opened) return tl::unexpected(opened.message());

  const std::uint64_t rows = last_row - first_row;
  saved.sums_.resize(std::size_t{3} * film.width * rows);
  const auto declared = saved.store_->Dataset("sums", {film.height, film.width, 3}, {first_row, 0, 0},
                                              {rows, film.width, 3}, saved.sums_.data());
  if (!declared) return tl::unexpected(declared.message());
  saved.expected_film_ = {film.frame, film.frames, film.seed};
  saved.film_ = std::make_unique<std::uint64_t[]>(saved.expected_film_.size());
  std::copy(saved.expected_film_.begin(), saved.expected_film_.end(), saved.film_.get());
  const auto value = saved.store_->Values("film", saved.expected_film_.size(), saved.film_.get());
  if (!value) return tl::unexpected(value.message());
  return saved;
}

tl::expected<void, std::string> SavedPicture::LoadInto(Progressive& picture, bool speaks) {
  if (!store_) return {};
  std::uint64_t passes = 0;
  const auto loaded = store_->Load(passes);
  if (loaded.nothing_saved()) return {};
  if (!loaded) return tl::unexpected(loaded.message());
  if (!std::equal(expected_film_.begin(), expected_film_.end(), film_.get()))
    return tl::unexpected(
        std::string("the checkpoint holds a picture of another --frame, --frames or --seed; "
                    "give another directory"));
  picture.Restore(static_cast<std::uint32_t>(passes), sums_);
  if (speaks) std::printf("resumed after %llu samples\n", static_cast<unsigned long long>(passes));
  return {};
}

tl::expected<SavedPicture::Next, std::string> SavedPicture::AfterPass(const Progressive& picture) {
  if (!store_) return Next::kGoOn;
  if (store_->ShouldCheckpoint()) {
    std::copy(picture.sums().begin(), picture.sums().end(), sums_.begin());
    const auto saved = store_->Save(picture.passes());
    if (!saved && saved.code() == BSUB_CHECKPOINT_FENCED) return tl::unexpected(saved.message());
    if (!saved)
      std::fprintf(stderr, "render: pass %u was not saved: %s\n", picture.passes(), saved.message().c_str());
  }
  // Though there be no time for a save.
  if (!store_->ShouldStop()) return Next::kGoOn;
  if (const auto told = store_->Stopped(); !told) return tl::unexpected(told.message());
  return Next::kStop;
}

tl::expected<void, std::string> SavedPicture::Close() {
  if (!store_) return {};
  const auto closed = store_->Close();
  if (!closed) return tl::unexpected(closed.message());
  return {};
}

}  // namespace render
