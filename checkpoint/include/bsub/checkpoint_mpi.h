/* The library's table of collectives, filled from the program's own MPI (any implementation: this is compiled
 * with the program). The communicator is duplicated, so the library's messages never meet the program's.
 *
 *   bsub_checkpoint_collectives ranks;
 *   if (bsub_checkpoint_mpi(MPI_COMM_WORLD, &ranks) != MPI_SUCCESS) ...
 *   bsub_checkpoint_open(&options, &ranks, &store);      // takes the table over; close before MPI_Finalize
 *
 * The library calls MPI only from the thread that calls the library, so MPI_THREAD_FUNNELED is enough, in
 * asynchronous saves too. */
#ifndef BSUB_CHECKPOINT_MPI_H
#define BSUB_CHECKPOINT_MPI_H

#include <bsub/checkpoint.h>
#include <mpi.h>
#include <stdlib.h>

/* MPI counts are ints: larger data goes in pieces. */
#define BSUB_CHECKPOINT_MPI_PIECE ((uint64_t)1 << 30)

/* What the functions below get as `context`. They are for the library: programs call bsub_checkpoint_mpi
 * alone. */
typedef struct bsub_checkpoint_mpi_context {
  MPI_Comm communicator;
  int rank;
  int ranks;
} bsub_checkpoint_mpi_context;

static inline int bsub_checkpoint_mpi_broadcast(void* context, void* data, uint64_t bytes, int32_t root) {
  const bsub_checkpoint_mpi_context* mpi = (const bsub_checkpoint_mpi_context*)context;
  char* at = (char*)data;
  while (bytes > 0) {
    const uint64_t piece = bytes < BSUB_CHECKPOINT_MPI_PIECE ? bytes : BSUB_CHECKPOINT_MPI_PIECE;
    const int code = MPI_Bcast(at, (int)piece, MPI_BYTE, root, mpi->communicator);
    if (code != MPI_SUCCESS) return code;
    at += piece;
    bytes -= piece;
  }
  return MPI_SUCCESS;
}

static inline int bsub_checkpoint_mpi_send(const bsub_checkpoint_mpi_context* mpi, const void* data,
                                           uint64_t bytes, int32_t root) {
  const char* at = (const char*)data;
  while (bytes > 0) {
    const uint64_t piece = bytes < BSUB_CHECKPOINT_MPI_PIECE ? bytes : BSUB_CHECKPOINT_MPI_PIECE;
    const int code = MPI_Send(at, (int)piece, MPI_BYTE, root, 0, mpi->communicator);
    if (code != MPI_SUCCESS) return code;
    at += piece;
    bytes -= piece;
  }
  return MPI_SUCCESS;
}

static inline int bsub_checkpoint_mpi_receive(const bsub_checkpoint_mpi_context* mpi, void* data,
                                              uint64_t bytes, int from) {
  char* at = (char*)data;
  while (bytes > 0) {
    const uint64_t piece = bytes < BSUB_CHECKPOINT_MPI_PIECE ? bytes : BSUB_CHECKPOINT_MPI_PIECE;
    const int code = MPI_Recv(at, (int)piece, MPI_BYTE, from, 0, mpi->communicator, MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS) return code;
    at += piece;
    bytes -= piece;
  }
  return MPI_SUCCESS;
}

static inline int bsub_checkpoint_mpi_gather(void* context, const void* data, uint64_t bytes, void* all,
                                             const uint64_t* bytes_of, int32_t root) {
  const bsub_checkpoint_mpi_context* mpi = (const bsub_checkpoint_mpi_context*)context;
  char* at = (char*)all;
  int from;
  if (mpi->rank != root) return bsub_checkpoint_mpi_send(mpi, data, bytes, root);
  for (from = 0; from < mpi->ranks; ++from) {
    if (from == root) {
      uint64_t i;
      for (i = 0; i < bytes; ++i) at[i] = ((const char*)data)[i];
    } else {
      const int code = bsub_checkpoint_mpi_receive(mpi, at, bytes_of[from], from);
      if (code != MPI_SUCCESS) return code;
    }
    at += bytes_of[from];
  }
  return MPI_SUCCESS;
}

static inline int bsub_checkpoint_mpi_maximum(void* context, int64_t* values, uint32_t count) {
  const bsub_checkpoint_mpi_context* mpi = (const bsub_checkpoint_mpi_context*)context;
  return MPI_Allreduce(MPI_IN_PLACE, values, (int)count, MPI_INT64_T, MPI_MAX, mpi->communicator);
}

static inline void bsub_checkpoint_mpi_release(void* context) {
  bsub_checkpoint_mpi_context* mpi = (bsub_checkpoint_mpi_context*)context;
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (!finalized) MPI_Comm_free(&mpi->communicator);
  free(mpi);
}

/* Collective over `communicator`, which is duplicated. Fills *table and returns MPI_SUCCESS, or leaves it as
 * it is and returns MPI's code (MPI_ERR_OTHER: no memory). What *table holds is given back by
 * bsub_checkpoint_close, or by a bsub_checkpoint_open that fails; a table that is given to neither by
 * table->release(table->context). Not by bsub_checkpoint_abandon: the duplicate then lives as long as the
 * process. */
static inline int bsub_checkpoint_mpi(MPI_Comm communicator, bsub_checkpoint_collectives* table) {
  bsub_checkpoint_mpi_context* mpi =
      (bsub_checkpoint_mpi_context*)malloc(sizeof(bsub_checkpoint_mpi_context));
  int code;
  if (mpi == NULL) return MPI_ERR_OTHER;
  code = MPI_Comm_dup(communicator, &mpi->communicator);
  if (code != MPI_SUCCESS) {
    free(mpi);
    return code;
  }
  /* A failure is reported to the library, which reports it to the program: MPI's default would abort it. */
  MPI_Comm_set_errhandler(mpi->communicator, MPI_ERRORS_RETURN);
  MPI_Comm_rank(mpi->communicator, &mpi->rank);
  MPI_Comm_size(mpi->communicator, &mpi->ranks);
  table->size = (uint32_t)sizeof(*table);
  table->rank = mpi->rank;
  table->ranks = mpi->ranks;
  table->context = mpi;
  table->broadcast = bsub_checkpoint_mpi_broadcast;
  table->gather = bsub_checkpoint_mpi_gather;
  table->maximum = bsub_checkpoint_mpi_maximum;
  table->release = bsub_checkpoint_mpi_release;
  return MPI_SUCCESS;
}

#endif
