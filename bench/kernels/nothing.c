// A kernel that does nothing: what is left is what the host costs for each child.
#include <bsub/kernel.h>

int32_t nothing(const bsub_kernel_call* call) {
  (void)call;
  return 0;
}
BSUB_KERNEL(nothing)
