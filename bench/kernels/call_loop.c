// The limit of the kernel host: threads that call the same kernel of the same library and write two bytes for
// each call, and do nothing else.
//
//   bench-call-loop LIBRARY:FUNCTION CALLS THREADS      prints calls per second
#include <bsub/kernel.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

typedef struct Part {
  pthread_t thread;
  bsub_kernel_function function;
  uint64_t first, last;
  volatile uint16_t* outcomes;
} Part;

static void* Run(void* argument) {
  const Part* part = argument;
  for (uint64_t i = part->first; i < part->last; ++i) {
    const bsub_kernel_call call = {.size = sizeof call, .index = i, .input = ""};
    part->outcomes[i] = (uint16_t)(1 + part->function(&call));
  }
  return NULL;
}

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char** argv) {
  char* colon = argc == 4 ? strrchr(argv[1], ':') : NULL;
  if (colon == NULL) {
    fprintf(stderr, "usage: bench-call-loop LIBRARY:FUNCTION CALLS THREADS\n");
    return 2;
  }
  *colon = '\0';
  void* library = dlopen(argv[1], RTLD_NOW);
  void* symbol = library == NULL ? NULL : dlsym(library, colon + 1);
  bsub_kernel_function function = NULL;
  memcpy(&function, &symbol, sizeof function);
  const uint64_t calls = strtoull(argv[2], NULL, 10), threads = strtoull(argv[3], NULL, 10);
  void* memory = mmap(NULL, 2 * calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Part* parts = calloc(threads, sizeof(Part));
  if (function == NULL || memory == MAP_FAILED || parts == NULL) {
    fprintf(stderr, "bench-call-loop: no such kernel, or no memory\n");
    return 1;
  }
  const double begin = Now();
  for (uint64_t t = 0; t < threads; ++t) {
    parts[t] = (Part){.function = function,
                      .first = calls * t / threads,
                      .last = calls * (t + 1) / threads,
                      .outcomes = memory};
    pthread_create(&parts[t].thread, NULL, Run, &parts[t]);
  }
  for (uint64_t t = 0; t < threads; ++t) pthread_join(parts[t].thread, NULL);
  printf("%.0f\n", (double)calls / (Now() - begin));
  return 0;
}
