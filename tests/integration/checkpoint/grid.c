/* A program that keeps its state with the library: a 3-D array, each step a function of the element and the
 * step. C, so that the header is compiled as C; with -DWITH_MPI the slabs of the array are spread over ranks.
 *
 *   grid STEPS SAVE_EVERY [KILL_AT [hang]]
 *
 * Loads, goes on to STEPS, saves every SAVE_EVERY steps (0: when the library says so) and prints "from STEP"
 * and "sum NUMBER", the same number however often it was interrupted. At step KILL_AT it kills itself; with
 * "hang" the last rank freezes there instead, and each rank prints "pid NUMBER" first. Exit 3: told to stop.
 * GRID_HOLD_AT=STEP and GRID_HOLD_UNTIL=FILE: there it does no more steps until the file exists, but goes on
 * asking the library whether it is to save or to stop; it prints "holds" first.
 */
#include <bsub/checkpoint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef WITH_MPI
#include <bsub/checkpoint_mpi.h>
#endif

enum { kPlanes = 12, kLine = 20, kCell = 30 };

static uint64_t mix(uint64_t value) {
  value ^= value >> 31;
  return value * 0x9e3779b97f4a7c15u + 1;
}

static int fail(const char* what, bsub_checkpoint* store, bsub_checkpoint_status status) {
  fprintf(stderr, "%s: %s: %s\n", what, bsub_checkpoint_status_name(status), bsub_checkpoint_message(store));
  return 1;
}

static void compute(uint64_t* u, uint64_t first, uint64_t count, uint64_t step) {
  uint64_t i;
  for (i = 0; i < count; ++i) u[i] = mix(u[i] + step * (first + i));
}

/* The same on all ranks. */
static int exists(const char* path) {
  int there = access(path, F_OK) == 0;
#ifdef WITH_MPI
  MPI_Bcast(&there, 1, MPI_INT, 0, MPI_COMM_WORLD);
#endif
  return there;
}

/* Waits at `step` for the file, as far as the environment says so. A save that fails is told and passed. */
static void hold(bsub_checkpoint* store, uint64_t step, int rank, int32_t* stop) {
  const char* at = getenv("GRID_HOLD_AT");
  const char* until = getenv("GRID_HOLD_UNTIL");
  if (at == NULL || until == NULL || step != strtoull(at, NULL, 10)) return;
  if (rank == 0) printf("holds\n");
  fflush(stdout);
  while (!*stop && !exists(until)) {
    const bsub_checkpoint_status status = bsub_checkpoint_step(store, step, stop);
    if (status != BSUB_CHECKPOINT_OK) fail("step", store, status);
    usleep(5000);
  }
}

static int run(int rank, int ranks, const bsub_checkpoint_collectives* table, int argc, char** argv,
               uint64_t* sum) {
  const uint64_t steps = strtoull(argv[1], NULL, 10);
  const uint64_t every = strtoull(argv[2], NULL, 10);
  const uint64_t kill_at = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
  const int hangs = argc > 4;
  const uint64_t global[3] = {kPlanes, kLine, kCell};
  const uint64_t begin = (uint64_t)(kPlanes * rank / ranks), end = (uint64_t)(kPlanes * (rank + 1) / ranks);
  const uint64_t offset[3] = {begin, 0, 0};
  const uint64_t count[3] = {end - begin, kLine, kCell};
  const uint64_t plane = kLine * kCell, mine = (end - begin) * plane;
  uint64_t* u = (uint64_t*)calloc(mine + 1, sizeof(uint64_t));
  uint64_t step = 0, i;
  int32_t stop = 0;
  double time = 0;
  bsub_checkpoint* store = NULL;
  bsub_checkpoint_status status = bsub_checkpoint_open(NULL, table, &store);
  if (status != BSUB_CHECKPOINT_OK) return fail("open", store, status);
  bsub_checkpoint_dataset(store, "u", BSUB_CHECKPOINT_UINT64, 3, global, offset, count, u);
  bsub_checkpoint_value(store, "time", BSUB_CHECKPOINT_FLOAT64, 1, &time);
  bsub_checkpoint_attribute_text(store, "u", "units", "1");
  status = bsub_checkpoint_load(store, &step);
  if (status != BSUB_CHECKPOINT_OK && status != BSUB_CHECKPOINT_NOTHING_SAVED)
    return fail("load", store, status);
  if (status == BSUB_CHECKPOINT_NOTHING_SAVED) {
    for (i = 0; i < mine; ++i) u[i] = begin * plane + i;
  }
  if (hangs) printf("pid %ld\n", (long)getpid());
  if (rank == 0) printf("from %llu\n", (unsigned long long)step);
  fflush(stdout);
  hold(store, step, rank, &stop);
  while (step < steps && !stop) {
    compute(u, begin * plane, mine, step);
    ++step;
    time = 0.5 * (double)step;
    if (step == kill_at && (!hangs || rank == ranks - 1)) raise(hangs ? SIGSTOP : SIGKILL);
    if (every > 0 && step % every == 0) {
      status = bsub_checkpoint_save(store, step);
    } else {
      if (every > 0) bsub_checkpoint_should_checkpoint(store); /* commits what was written meanwhile */
      status = every > 0 ? BSUB_CHECKPOINT_OK : bsub_checkpoint_step(store, step, &stop);
    }
    if (status != BSUB_CHECKPOINT_OK) return fail("save", store, status);
    if (!stop) hold(store, step, rank, &stop);
  }
  status = bsub_checkpoint_close(store);
  if (!stop && status != BSUB_CHECKPOINT_OK) return fail("close", NULL, status);
  *sum = 0;
  for (i = 0; i < mine; ++i) *sum ^= mix(u[i] + begin * plane + i);
  free(u);
  return stop ? 3 : 0;
}

int main(int argc, char** argv) {
  uint64_t sum = 0, all = 0;
  int code, rank = 0;
  if (argc < 3) return 2;
#ifdef WITH_MPI
  {
    bsub_checkpoint_collectives table;
    int ranks = 1;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (bsub_checkpoint_mpi(MPI_COMM_WORLD, &table) != MPI_SUCCESS) return 1;
    code = run(rank, ranks, &table, argc, argv, &sum);
    MPI_Reduce(&sum, &all, 1, MPI_UINT64_T, MPI_BXOR, 0, MPI_COMM_WORLD);
    MPI_Finalize();
  }
#else
  code = run(0, 1, NULL, argc, argv, &sum);
  all = sum;
#endif
  if (rank == 0 && code == 0) printf("sum %llu\n", (unsigned long long)all);
  return code;
}
