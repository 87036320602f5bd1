#include "examples/netbench/patterns.h"

#include <array>
#include <vector>

namespace netbench {
namespace {

// The calling rank's part in `exchanges` of them, after one that is not timed. Seconds for each.
template <typename Exchange>
double Timed(int exchanges, Exchange exchange) {
  exchange();
  const double begin = MPI_Wtime();
  for (int i = 0; i < exchanges; ++i) exchange();
  return (MPI_Wtime() - begin) / exchanges;
}

// The same for a pattern in which all take part. They begin together; the slowest counts.
template <typename Exchange>
double TimedTogether(MPI_Comm all, int exchanges, Exchange exchange) {
  exchange();
  MPI_Barrier(all);
  const double begin = MPI_Wtime();
  for (int i = 0; i < exchanges; ++i) exchange();
  const double mine = (MPI_Wtime() - begin) / exchanges;
  double slowest = mine;
  MPI_Reduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, 0, all);
  return slowest;
}

}  // namespace

double PingPong(MPI_Comm all, int first, int second, std::size_t bytes, int iterations) {
  int rank = 0;
  MPI_Comm_rank(all, &rank);
  const int count = static_cast<int>(bytes);
  double seconds = 0;
  MPI_Barrier(all);
  if (rank == first || rank == second) {
    std::vector<char> data(bytes);
    const int other = rank == first ? second : first;
    seconds = Timed(iterations, [&] {
      if (rank == first) MPI_Send(data.data(), count, MPI_BYTE, other, 0, all);
      MPI_Recv(data.data(), count, MPI_BYTE, other, 0, all, MPI_STATUS_IGNORE);
      if (rank != first) MPI_Send(data.data(), count, MPI_BYTE, other, 0, all);
    });
  }
  // Rank 0 tells the result, whoever measured it.
  if (first != 0) {
    if (rank == first) MPI_Send(&seconds, 1, MPI_DOUBLE, 0, 1, all);
    if (rank == 0) MPI_Recv(&seconds, 1, MPI_DOUBLE, first, 1, all, MPI_STATUS_IGNORE);
  }
  MPI_Barrier(all);
  return seconds / 2;
}

double Allreduce(MPI_Comm all, std::size_t bytes, int iterations) {
  const std::size_t count = bytes < sizeof(double) ? 1 : bytes / sizeof(double);
  std::vector<double> mine(count, 1), sum(count);
  return TimedTogether(all, iterations, [&] {
    MPI_Allreduce(mine.data(), sum.data(), static_cast<int>(count), MPI_DOUBLE, MPI_SUM, all);
  });
}

double Alltoall(MPI_Comm all, std::size_t bytes, int iterations) {
  int ranks = 0;
  MPI_Comm_size(all, &ranks);
  const int count = static_cast<int>(bytes);
  std::vector<char> out(bytes * static_cast<std::size_t>(ranks)), in(out.size());
  return TimedTogether(all, iterations,
                       [&] { MPI_Alltoall(out.data(), count, MPI_BYTE, in.data(), count, MPI_BYTE, all); });
}

double Halo(MPI_Comm all, std::size_t bytes, int iterations) {
  constexpr int kDimensions = 3;
  constexpr int kFaces = 2 * kDimensions;
  int ranks = 0;
  MPI_Comm_size(all, &ranks);
  std::array<int, kDimensions> extent = {0, 0, 0}, periodic = {1, 1, 1};
  MPI_Dims_create(ranks, kDimensions, extent.data());
  MPI_Comm box = MPI_COMM_NULL;
  MPI_Cart_create(all, kDimensions, extent.data(), periodic.data(), 0, &box);

  std::array<int, kFaces> neighbour = {};
  for (int d = 0; d < kDimensions; ++d) MPI_Cart_shift(box, d, 1, &neighbour[2 * d], &neighbour[2 * d + 1]);
  std::vector<std::vector<char>> out(kFaces, std::vector<char>(bytes)), in = out;
  const int count = static_cast<int>(bytes);
  const double seconds = TimedTogether(box, iterations, [&] {
    std::array<MPI_Request, 2 * kFaces> requests = {};
    int pending = 0;
    for (int face = 0; face < kFaces; ++face) {
      if (extent[face / 2] == 1) continue;  // its own neighbour
      // What leaves through one face arrives through the opposite one: they have the same tag.
      MPI_Irecv(in[face].data(), count, MPI_BYTE, neighbour[face], face ^ 1, box, &requests[pending++]);
      MPI_Isend(out[face].data(), count, MPI_BYTE, neighbour[face], face, box, &requests[pending++]);
    }
    MPI_Waitall(pending, requests.data(), MPI_STATUSES_IGNORE);
  });
  MPI_Comm_free(&box);
  return seconds;
}

}  // namespace netbench
