// render-mpi: one picture by path tracing, its rows divided among MPI ranks, with TBB threads in each.
#include <bsub/checkpoint_mpi.h>
#include <mpi.h>
#include <tbb/global_control.h>

#include <cinttypes>
#include <cstdio>
#include <optional>

#include "examples/render/options.h"
#include "examples/render/png_file.h"
#include "examples/render/progressive.h"
#include "examples/render/render_loop.h"

namespace render {
namespace {

constexpr int kBadCommandLine = 2;

int ComplainAs(int rank, int code, const std::string& message) {
  if (rank == 0) std::fprintf(stderr, "render-mpi: %s\n", message.c_str());
  return code;
}

// The first row of a rank; of `ranks` itself: the height.
std::uint32_t FirstRow(const Film& film, int rank, int ranks) {
  return static_cast<std::uint32_t>(std::uint64_t{film.height} * static_cast<std::uint32_t>(rank) /
                                    static_cast<std::uint32_t>(ranks));
}

// The whole picture on rank 0, nothing elsewhere.
std::vector<std::uint8_t> Gather(const Film& film, const std::vector<std::uint8_t>& mine, int rank,
                                 int ranks) {
  std::vector<int> counts, places;
  for (int r = 0; r < ranks; ++r) {
    const std::uint32_t first = FirstRow(film, r, ranks), last = FirstRow(film, r + 1, ranks);
    counts.push_back(static_cast<int>(3 * film.width * (last - first)));
    places.push_back(static_cast<int>(3 * film.width * first));
  }
  std::vector<std::uint8_t> whole(rank == 0 ? static_cast<std::size_t>(3 * film.pixels()) : 0);
  MPI_Gatherv(mine.data(), static_cast<int>(mine.size()), MPI_BYTE, whole.data(), counts.data(),
              places.data(), MPI_BYTE, 0, MPI_COMM_WORLD);
  return whole;
}

int RunRank(const Options& options, int rank, int ranks) {
  const Film& film = options.film;
  if (film.pixels() > INT32_MAX / 3)
    return ComplainAs(rank, kBadCommandLine,
                      "width times height is too large to be gathered: at most 715 million pixels");
  const std::uint32_t first_row = FirstRow(film, rank, ranks), last_row = FirstRow(film, rank + 1, ranks);
  Progressive rows(film, first_row, last_row);
  bsub_checkpoint_collectives collectives;
  if (SavedPicture::Wanted() && bsub_checkpoint_mpi(MPI_COMM_WORLD, &collectives) != MPI_SUCCESS)
    return ComplainAs(rank, 1, "MPI refused to duplicate the communicator for the checkpoints");
  auto saved = SavedPicture::Open(film, first_row, last_row, &collectives);
  if (!saved) return ComplainAs(rank, 1, saved.error());
  const auto ended = RenderAll(options, rows, *saved, rank == 0);
  if (!ended) return ComplainAs(rank, 1, ended.error());
  if (*ended == SavedPicture::Next::kStop) return 0;
  const std::vector<std::uint8_t> bytes = Gather(film, BytesOf(rows.sums(), options.samples), rank, ranks);
  if (rank != 0) return 0;
  if (const auto written = WritePng(options.output, film.width, film.height, bytes); !written)
    return ComplainAs(rank, 1, written.error());
  std::printf("%s: %ux%u, %u samples, %d rank%s, fingerprint %016" PRIx64 "\n", options.output.c_str(),
              film.width, film.height, options.samples, ranks, ranks == 1 ? "" : "s", Fingerprint(bytes));
  return 0;
}

int MainOfRank(int argc, char** argv) {
  int provided = 0, rank = 0, ranks = 1;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  int code = 0;
  if (const auto options = ParseOptions(argc, argv); !options) {
    code = ComplainAs(rank, kBadCommandLine, options.error());
  } else if (options->help) {
    if (rank == 0) std::fputs(HelpText("mpirun -n RANKS render-mpi").c_str(), stdout);
  } else {
    std::optional<tbb::global_control> limit;
    if (options->threads > 0)
      limit.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(options->threads));
    code = RunRank(*options, rank, ranks);
  }
  MPI_Finalize();
  return code;
}

}  // namespace
}  // namespace render

int main(int argc, char** argv) { return render::MainOfRank(argc, argv); }
