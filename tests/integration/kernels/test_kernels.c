// Kernels for the test of the kernel host: one that does its work, and one for each way to go wrong.
#include <bsub/kernel.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t Square(const bsub_kernel_call* call) {
  return *(uint64_t*)call->output = call->index * call->index;
}

int32_t square(const bsub_kernel_call* call) {
  Square(call);
  return 0;
}
BSUB_KERNEL(square, .record_bytes = sizeof(uint64_t))

// No output: what a call itself costs.
int32_t nothing(const bsub_kernel_call* call) {
  (void)call;
  return 0;
}
BSUB_KERNEL(nothing)

// Appends its index to the file that the input names, so that a test sees each call.
int32_t counted(const bsub_kernel_call* call) {
  char line[32];
  FILE* file = fopen((const char*)call->input, "a");
  if (file == NULL) return 1;
  snprintf(line, sizeof line, "%llu\n", (unsigned long long)call->index);
  setvbuf(file, NULL, _IOFBF, sizeof line);
  fputs(line, file);
  fclose(file);
  Square(call);
  return 0;
}
BSUB_KERNEL(counted, .record_bytes = sizeof(uint64_t))

static int Overflow(volatile char* from, int depth) {
  volatile char here[4096];
  here[0] = from[0];
  return depth < 0 ? 0 : here[0] + Overflow(here, depth + 1);
}

// Each hundredth child goes wrong in a way of its own; all others square.
int32_t wild(const bsub_kernel_call* call) {
  volatile char start[1] = {0};
  switch (call->index) {
    case 100:
      *(volatile int*)8 = 1;
      break;
    case 200:
      abort();
    case 300:
      exit(3);
    case 400:
      _exit(4);
    case 500:
      kill(getpid(), SIGKILL);
      pause();
      break;
    case 600:
      return 9;
    case 700:
      Overflow(start, 0);
      break;
    default:
      break;
  }
  Square(call);
  return 0;
}
BSUB_KERNEL(wild, .record_bytes = sizeof(uint64_t))

static const char* Refuse(const void* input, uint64_t bytes, void** context) {
  (void)context;
  return bytes == 4 && memcmp(input, "fine", 4) == 0 ? NULL : "the input is not \"fine\"";
}
int32_t choosy(const bsub_kernel_call* call) {
  (void)call;
  return 0;
}
BSUB_KERNEL(choosy, .prepare = Refuse)
