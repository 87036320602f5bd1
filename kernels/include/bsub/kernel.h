/* Array kernels: children of an array job that are calls of a function in a shared object, for tasks too
 * small for a process of their own.
 *
 *   #include <bsub/kernel.h>
 *   int32_t square(const bsub_kernel_call* call) {
 *     *(uint64_t*)call->output = call->index * call->index;
 *     return 0;
 *   }
 *   BSUB_KERNEL(square, .record_bytes = sizeof(uint64_t))
 *
 *   cc -shared -fPIC square.c -o libsquare.so
 *   bsub-lite submit --array 0-999999 --kernel ./libsquare.so:square --checkpoint-dir DIR
 *
 * What a kernel must know:
 * - It is called by several threads at once, each with another index, in no particular order.
 * - It may be called again for an index whose call was broken off (a crash, a node that was taken away) or
 *   whose result was not yet saved: a kernel must be idempotent, that is, have no effect but its output
 *   record, or one that may happen twice.
 * - A call whose thread crashes (SIGSEGV, SIGABRT, ...) or ends the process fails that child alone; the
 *   process is started anew for the others. Do not install handlers for these signals.
 * - What it prints goes to the job's output. */
#ifndef BSUB_KERNEL_H
#define BSUB_KERNEL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when kernels that were compiled with an older header cannot be called any more; they are refused. */
#define BSUB_KERNEL_VERSION 1
/* A kernel whose records are larger is refused, and the job fails. */
#define BSUB_KERNEL_MAX_RECORD_BYTES (1 << 20)

/* One child. Members may be added at the end; `size` says how many there are. */
typedef struct bsub_kernel_call {
  uint32_t size; /* sizeof(bsub_kernel_call) of the host */
  uint32_t reserved;
  uint64_t index;    /* of the child: one of those that --array names */
  const void* input; /* of the whole array, --kernel-input or ""; a zero byte follows its input_bytes. Not
                        written to; it stays as long as the process */
  uint64_t input_bytes;
  void* output;  /* this child's record_bytes, zero at first, aligned to 8 if they are a multiple of 8 */
  void* context; /* what prepare has set up, the same for all threads of the process; NULL without it */
} bsub_kernel_call;

/* 0: the child has succeeded. 1 to 255: it has failed with this exit code. Others count as 255. */
typedef int32_t (*bsub_kernel_function)(const bsub_kernel_call* call);

/* What BSUB_KERNEL writes down of a kernel. */
typedef struct bsub_kernel_description {
  uint32_t size;         /* sizeof(bsub_kernel_description) */
  uint32_t version;      /* BSUB_KERNEL_VERSION */
  uint64_t record_bytes; /* of each output record, 0 to BSUB_KERNEL_MAX_RECORD_BYTES */
  /* Called once in each process before the first call, and before there are threads. May be NULL. Returns
   * NULL, or what is wrong with the input in one line (kept by the kernel): the whole array then fails with
   * it. *context, NULL at first, is handed to each call; nobody gives it back before the process ends. */
  const char* (*prepare)(const void* input, uint64_t input_bytes, void** context);
} bsub_kernel_description;

/* Describes kernel NAME: the object NAME_kernel. The members after `version` may be given, by name. */
#define BSUB_KERNEL_VISIBLE __attribute__((visibility("default")))
#ifdef __cplusplus
#define BSUB_KERNEL(name, ...)                                                               \
  extern "C" {                                                                               \
  extern BSUB_KERNEL_VISIBLE const bsub_kernel_description name##_kernel;                    \
  const bsub_kernel_description name##_kernel = {                                            \
      .size = sizeof(bsub_kernel_description), .version = BSUB_KERNEL_VERSION, __VA_ARGS__}; \
  }
#else
#define BSUB_KERNEL(name, ...)                                        \
  BSUB_KERNEL_VISIBLE const bsub_kernel_description name##_kernel = { \
      .size = sizeof(bsub_kernel_description), .version = BSUB_KERNEL_VERSION, __VA_ARGS__};
#endif

#ifdef __cplusplus
}
#endif

#endif
