#include "examples/stencil/halo.h"

namespace stencil {
namespace {

// One layer of a field across `dimension`, `layer` counted with ghosts: 0 is the low ghost.
MPI_Datatype LayerType(const Int3& extent, std::size_t dimension, std::int64_t layer) {
  std::array<int, 3> whole{}, part{}, start{};
  for (std::size_t d = 0; d < 3; ++d) {
    whole[d] = static_cast<int>(extent[d] + 2);
    part[d] = static_cast<int>(extent[d]);
    start[d] = 1;
  }
  part[dimension] = 1;
  start[dimension] = static_cast<int>(layer);
  MPI_Datatype type = MPI_DATATYPE_NULL;
  MPI_Type_create_subarray(3, whole.data(), part.data(), start.data(), MPI_ORDER_C, MPI_DOUBLE, &type);
  MPI_Type_commit(&type);
  return type;
}

// What travels towards low and what travels towards high of a dimension must not be mixed up when both ends
// are one rank's.
int TagOf(std::size_t dimension, bool towards_high) {
  return static_cast<int>(2 * dimension) + (towards_high ? 1 : 0);
}

}  // namespace

Halo::Halo(MPI_Comm comm, const Int3& process_grid, Field& field) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  for (std::size_t d = 0; d < 3; ++d) {
    for (const Side side : {Side::kLow, Side::kHigh}) {
      const auto neighbour = NeighbourOf(rank, process_grid, static_cast<int>(d), side);
      if (!neighbour) continue;
      const bool high = side == Side::kHigh;
      const std::int64_t cells = field.extent()[d];
      const int peer = static_cast<int>(*neighbour);
      MPI_Datatype face = LayerType(field.extent(), d, high ? cells : 1);
      MPI_Datatype ghost = LayerType(field.extent(), d, high ? cells + 1 : 0);
      MPI_Request request = MPI_REQUEST_NULL;
      MPI_Recv_init(field.data(), 1, ghost, peer, TagOf(d, !high), comm, &request);
      requests_.push_back(request);
      MPI_Send_init(field.data(), 1, face, peer, TagOf(d, high), comm, &request);
      requests_.push_back(request);
      MPI_Type_free(&face);  // the requests keep them
      MPI_Type_free(&ghost);
    }
  }
}

Halo::~Halo() {
  for (MPI_Request& request : requests_) MPI_Request_free(&request);
}

void Halo::Begin() {
  if (requests_.empty()) return;  // a single rank; OpenMPI refuses an empty list
  MPI_Startall(static_cast<int>(requests_.size()), requests_.data());
}

void Halo::Finish() {
  if (requests_.empty()) return;
  MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
}

std::array<std::array<bool, 2>, 3> NeighboursOf(std::int64_t rank, const Int3& process_grid) {
  std::array<std::array<bool, 2>, 3> found{};
  for (int d = 0; d < 3; ++d) {
    found[static_cast<std::size_t>(d)] = {NeighbourOf(rank, process_grid, d, Side::kLow).has_value(),
                                          NeighbourOf(rank, process_grid, d, Side::kHigh).has_value()};
  }
  return found;
}

}  // namespace stencil
