// stencil: the heat equation on a cube, with MPI ranks and TBB threads; resumes from the job's checkpoints.
#include <mpi.h>
#include <tbb/global_control.h>

#include <cstdio>
#include <optional>

#include "examples/stencil/options.h"
#include "examples/stencil/result_file.h"
#include "examples/stencil/saved_state.h"
#include "examples/stencil/simulation.h"

namespace stencil {
namespace {

constexpr int kBadCommandLine = 2;

int Complain(int rank, int code, const std::string& message) {
  if (rank == 0) std::fprintf(stderr, "stencil: %s\n", message.c_str());
  return code;
}

// Steps until the end, or until the job is told to stop; nothing if it has to end with an error, which was
// told.
std::optional<SavedState::Next> Compute(const Options& options, int rank, Simulation& simulation,
                                        SavedState& saved) {
  while (simulation.step() < options.steps) {
    simulation.Advance();
    if (options.report > 0 && simulation.step() % options.report == 0 && rank == 0) {
      std::printf("step %lld\n", static_cast<long long>(simulation.step()));
      std::fflush(stdout);
    }
    const auto next = saved.AfterStep(simulation);
    if (!next) {
      Complain(rank, 1, next.error());
      return std::nullopt;
    }
    if (*next == SavedState::Next::kStop) return SavedState::Next::kStop;
  }
  return SavedState::Next::kGoOn;
}

int Tell(const Options& options, const RunResult& result) {
  std::printf("%s\n", Sentence(result).c_str());
  if (options.result.empty()) return 0;
  const auto written = WriteResultFile(options.result, result);
  return written ? 0 : Complain(0, 1, written.error());
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
  auto saved = SavedState::Open(MPI_COMM_WORLD, cells, simulation.block());
  if (!saved) return Complain(rank, 1, saved.error());
  if (const auto loaded = saved->LoadInto(simulation); !loaded) return Complain(rank, 1, loaded.error());

  const std::int64_t first_step = simulation.step();
  const double begin = MPI_Wtime();
  const auto ended = Compute(options, rank, simulation, *saved);
  const double seconds = MPI_Wtime() - begin;
  const auto closed = saved->Close();
  if (!ended) return 1;
  if (!closed) Complain(rank, 0, closed.error());
  if (*ended == SavedState::Next::kStop) {
    if (rank == 0) std::printf("stopped at step %lld\n", static_cast<long long>(simulation.step()));
    return 0;
  }
  const RunResult result{options.size, simulation.step(),       first_step,
                         ranks,        simulation.MeasureAll(), seconds};
  return rank == 0 ? Tell(options, result) : 0;
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
