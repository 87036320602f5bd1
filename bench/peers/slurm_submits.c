/* Submits by Slurm's own C library, one answer awaited after the other, by several processes at once: the
 * library keeps one connection per call, and this is what it does best. Compiled by bench/compare-slurm with
 * libslurm-dev.
 *
 *   slurm-submits JOBS PROCESSES DIRECTORY
 *
 * prints {"acknowledged":…,"seconds":…,"per_second":…,"last_id":…}
 */
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ENVIRONMENT_BYTES = 4096 };

struct totals {
  int acknowledged;
  unsigned last_id;
};

/* A held job of /bin/true with an environment of 4 KiB, its output thrown away. */
static int submit_one(const char* directory, char* fill, unsigned* id) {
  char script[] = "#!/bin/sh\n/bin/true\n", name[] = "job", null[] = "/dev/null";
  char* environment[] = {fill};
  job_desc_msg_t job;
  submit_response_msg_t* reply = NULL;
  slurm_init_job_desc_msg(&job);
  job.name = name;
  job.script = script;
  job.work_dir = (char*)directory;
  job.std_out = null;
  job.std_err = null;
  job.environment = environment;
  job.env_size = 1;
  job.user_id = getuid();
  job.group_id = getgid();
  job.min_nodes = 1;
  job.priority = 0; /* held */
  if (slurm_submit_batch_job(&job, &reply) != SLURM_SUCCESS) {
    fprintf(stderr, "slurm-submits: %s\n", slurm_strerror(slurm_get_errno()));
    return 0;
  }
  *id = reply->job_id;
  slurm_free_submit_response_response_msg(reply);
  return 1;
}

static int submit_share(const char* directory, int jobs, struct totals* totals) {
  char fill[ENVIRONMENT_BYTES];
  memset(fill, 'x', sizeof fill);
  memcpy(fill, "FILL=", 5);
  fill[sizeof fill - 1] = 0;
  for (int i = 0; i < jobs; ++i) {
    unsigned id = 0;
    if (!submit_one(directory, fill, &id)) return 1;
    ++totals->acknowledged;
    if (id > totals->last_id) totals->last_id = id;
  }
  return 0;
}

int main(int argc, char** argv) {
  const int jobs = argc == 4 ? atoi(argv[1]) : 0, processes = argc == 4 ? atoi(argv[2]) : 0;
  struct timespec from, to;
  int acknowledged = 0, failed = 0;
  unsigned last_id = 0;
  if (jobs < 1 || processes < 1) {
    fprintf(stderr, "usage: slurm-submits JOBS PROCESSES DIRECTORY\n");
    return 2;
  }
  struct totals* shares = mmap(NULL, sizeof *shares * (size_t)processes, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shares == MAP_FAILED) return 1;
  slurm_init(NULL);
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (int p = 0; p < processes; ++p) {
    const int share = jobs / processes + (p < jobs % processes);
    if (fork() == 0) _exit(submit_share(argv[3], share, &shares[p]));
  }
  for (int status; wait(&status) > 0;) failed |= status != 0;
  clock_gettime(CLOCK_MONOTONIC, &to);
  for (int p = 0; p < processes; ++p) {
    acknowledged += shares[p].acknowledged;
    if (shares[p].last_id > last_id) last_id = shares[p].last_id;
  }
  const double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
  printf("{\"acknowledged\": %d, \"seconds\": %.3f, \"per_second\": %.0f, \"last_id\": %u}\n", acknowledged,
         seconds, acknowledged / seconds, last_id);
  return failed ? 1 : 0;
}
