/* An MPI program for tests. ranks MODE [RANK [N]]:
 *   sum           every rank adds its number and says where it is
 *   exit R N      rank R exits with code N, the others wait for ever
 *   crash R N     rank R ends by signal N
 *   early R       rank R exits with code 7 before MPI_Init
 *   hang R        rank R never enters MPI_Init
 *   wait          all wait for ever; each writes "rank.R" with its pid first
 *   share         as sum, with a window in memory that the ranks of a node share
 *   window        as wait, with such a window
 *   signal        as wait, and says which signals it gets
 *   burn N        as sum, after N milliseconds of processor time in each rank
 */
#include <mpi.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t seen = 0;
static void see(int number) { seen = number; }

static const char* var(const char* name) {
  const char* value = getenv(name);
  return value ? value : "-";
}

/* Before MPI_Init only mpirun's variables tell. */
static int early_rank(void) {
  const char* rank = getenv("OMPI_COMM_WORLD_RANK");
  if (!rank) rank = getenv("PMI_RANK");
  return rank ? atoi(rank) : -1;
}

/* Where it may run, as the kernel says it: "0-1,4". */
static const char* own_cpus(void) {
  static char list[256] = "-";
  char line[512];
  FILE* file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file)) sscanf(line, "Cpus_allowed_list: %255s", list);
  if (file) fclose(file);
  return list;
}

static void write_pid(int rank) {
  char name[64], final[64];
  snprintf(name, sizeof name, "rank.%d.new", rank);
  snprintf(final, sizeof final, "rank.%d", rank);
  FILE* file = fopen(name, "w");
  if (!file) exit(99);
  fprintf(file, "%d\n", (int)getpid());
  fclose(file);
  rename(name, final);
}

static void share_memory(int size) {
  MPI_Comm node;
  MPI_Win window;
  char* memory;
  int here = 0;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &here);
  if (here * atoi(var("BSUB_NODES")) != size) exit(98);
  MPI_Win_allocate_shared(1 << 20, 1, MPI_INFO_NULL, node, &memory, &window);
  memory[0] = 1;
  MPI_Barrier(MPI_COMM_WORLD);
}

static void wait_for_ever(int rank) {
  for (;;) {
    poll(NULL, 0, 100); /* not pause(): a signal may have come just before */
    if (seen) {
      char name[64];
      snprintf(name, sizeof name, "signal.%d.%d", rank, (int)seen);
      seen = 0;
      FILE* file = fopen(name, "a");
      if (file) fputs("x", file), fclose(file);
    }
  }
}

static void burn(int milliseconds) {
  while (clock() < milliseconds * (CLOCKS_PER_SEC / 1000)) continue;
}

int main(int argc, char** argv) {
  const char* mode = argc > 1 ? argv[1] : "sum";
  const int which = argc > 2 ? atoi(argv[2]) : -1;
  const int number = argc > 3 ? atoi(argv[3]) : 0;
  if (early_rank() == which && !strcmp(mode, "early")) return 7;
  if (early_rank() == which && !strcmp(mode, "hang")) write_pid(which), wait_for_ever(which);

  int rank = 0, size = 0, sum = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (!strcmp(mode, "exit")) {
    if (rank == which) exit(number);
    wait_for_ever(rank);
  }
  if (!strcmp(mode, "crash")) {
    if (rank == which) raise(number);
    wait_for_ever(rank);
  }
  if (!strcmp(mode, "wait")) write_pid(rank), wait_for_ever(rank);
  if (!strcmp(mode, "share")) share_memory(size);
  if (!strcmp(mode, "window")) share_memory(size), write_pid(rank), wait_for_ever(rank);
  if (!strcmp(mode, "signal")) {
    signal(SIGUSR1, see);
    signal(SIGUSR2, see);
    write_pid(rank);
    wait_for_ever(rank);
  }
  if (!strcmp(mode, "burn")) burn(which);
  printf("rank %d of %d on %s index %s sum %d threads %s tmp %s cpus %s\n", rank, size, var("BSUB_NODE"),
         var("BSUB_NODE_INDEX"), sum, var("OMP_NUM_THREADS"), var("TMPDIR"), own_cpus());
  MPI_Finalize();
  return 0;
}
