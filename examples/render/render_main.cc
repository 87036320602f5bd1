// render: one picture by path tracing, with TBB threads.
#include <tbb/global_control.h>

#include <cinttypes>
#include <cstdio>
#include <optional>

#include "examples/render/options.h"
#include "examples/render/png_file.h"
#include "examples/render/progressive.h"

namespace render {
namespace {

int Complain(int code, const std::string& message) {
  std::fprintf(stderr, "render: %s\n", message.c_str());
  return code;
}

int Run(const Options& options) {
  const Film& film = options.film;
  Progressive picture(film, 0, film.height);
  while (picture.passes() < options.samples) picture.AddPass();
  const std::vector<std::uint8_t> bytes = BytesOf(picture.sums(), options.samples);
  if (const auto written = WritePng(options.output, film.width, film.height, bytes); !written)
    return Complain(1, written.error());
  std::printf("%s: %ux%u, %u samples, fingerprint %016" PRIx64 "\n", options.output.c_str(), film.width,
              film.height, options.samples, Fingerprint(bytes));
  return 0;
}

int Main(int argc, char** argv) {
  const auto options = ParseOptions(argc, argv);
  if (!options) return Complain(2, options.error());
  if (options->help) {
    std::fputs(HelpText("render").c_str(), stdout);
    return 0;
  }
  std::optional<tbb::global_control> limit;
  if (options->threads > 0)
    limit.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(options->threads));
  return Run(*options);
}

}  // namespace
}  // namespace render

int main(int argc, char** argv) { return render::Main(argc, argv); }
