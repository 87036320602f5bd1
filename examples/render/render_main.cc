// render: one picture by path tracing, with TBB threads; goes on from the job's checkpoints.
#include <tbb/global_control.h>

#include <cinttypes>
#include <cstdio>
#include <optional>

#include "examples/render/options.h"
#include "examples/render/png_file.h"
#include "examples/render/progressive.h"
#include "examples/render/render_loop.h"
#include "examples/render/stored_tiles.h"

namespace render {
namespace {

int Complain(int code, const std::string& message) {
  std::fprintf(stderr, "render: %s\n", message.c_str());
  return code;
}

int Write(const Options& options, const std::vector<std::uint8_t>& bytes, const std::string& how) {
  const Film& film = options.film;
  if (const auto written = WritePng(options.output, film.width, film.height, bytes); !written)
    return Complain(1, written.error());
  std::printf("%s: %ux%u, %s, fingerprint %016" PRIx64 "\n", options.output.c_str(), film.width, film.height,
              how.c_str(), Fingerprint(bytes));
  return 0;
}

int Assemble(const Options& options) {
  const auto picture = PictureFromTiles(options.tiles, options.film);
  return picture ? Write(options, *picture, "from tiles") : Complain(1, picture.error());
}

int Run(const Options& options) {
  const Film& film = options.film;
  Progressive picture(film, 0, film.height);
  auto saved = SavedPicture::Open(film, 0, film.height, nullptr);
  if (!saved) return Complain(1, saved.error());
  const auto ended = RenderAll(options, picture, *saved, true);
  if (!ended) return Complain(1, ended.error());
  if (*ended == SavedPicture::Next::kStop) return 0;
  return Write(options, BytesOf(picture.sums(), options.samples),
               std::to_string(options.samples) + " samples");
}

int Main(int argc, char** argv) {
  const auto options = ParseOptions(argc, argv);
  if (!options) return Complain(2, options.error());
  if (options->help) {
    std::fputs(HelpText("render").c_str(), stdout);
    return 0;
  }
  if (!options->tiles.empty()) return Assemble(*options);
  std::optional<tbb::global_control> limit;
  if (options->threads > 0)
    limit.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(options->threads));
  return Run(*options);
}

}  // namespace
}  // namespace render

int main(int argc, char** argv) { return render::Main(argc, argv); }
