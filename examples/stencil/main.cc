// stencil: the heat equation on a cube, with MPI ranks and TBB threads.
#include <mpi.h>
#include <tbb/global_control.h>

#include <cstdio>
#include <optional>

#include "examples/stencil/options.h"
#include "examples/stencil/result_file.h"
#include "examples/stencil/simulation.h"

namespace stencil {
namespace {

constexpr int kBadCommandLine = 2;

int Complain(int rank, int code, const std::string& message) {
  if (rank == 0) std::fprintf(stderr, "stencil: %s\n", message.c_str());
  return code;
}

int Run(const Options& options, int rank, int ranks) {
  const Int3 cells{options.size, options.size, options.size};
  const std::optional<Int3> process_grid = ProcessGrid(ranks, cells);
  if (!process_grid) {
    return Complain(rank, kBadCommandLine,
                    "--size " + std::to_string(options.size) + " cannot be divided into " +
                        std::to_string(ranks) + " blocks; use fewer ranks or a larger size");
  }
  Simulation simulation(MPI_COMM_WORLD, cells, *process_grid);
  const std::int64_t first_step = simulation.step();
  const double begin = MPI_Wtime();
  while (simulation.step() < options.steps) simulation.Advance();
  const double seconds = MPI_Wtime() - begin;

  const RunResult result{options.size, simulation.step(),       first_step,
                         ranks,        simulation.MeasureAll(), seconds};
  if (rank != 0) return 0;
  std::printf("%s\n", Sentence(result).c_str());
  if (options.result.empty()) return 0;
  const auto written = WriteResultFile(options.result, result);
  return written ? 0 : Complain(rank, 1, written.error());
}

int Main(int argc, char** argv) {
  int provided = 0, rank = 0, ranks = 1;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  int code = 0;
  if (const auto options = ParseOptions(argc, argv); !options) {
    code = Complain(rank, kBadCommandLine, options.error());
  } else if (options->help) {
    if (rank == 0) std::fputs(HelpText().c_str(), stdout);
  } else {
    std::optional<tbb::global_control> limit;
    if (options->threads > 0)
      limit.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(options->threads));
    code = Run(*options, rank, ranks);
  }
  MPI_Finalize();
  return code;
}

}  // namespace
}  // namespace stencil

int main(int argc, char** argv) { return stencil::Main(argc, argv); }
