#include "jobs/resources.h"

#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub {

std::string Describe(const Resources& r) {
  std::string out = FormatCpus(r.cpu_milli) + (r.cpu_milli == 1000 ? " CPU" : " CPUs");
  if (r.mem_bytes != 0) out += ", " + FormatBytes(r.mem_bytes);
  if (r.gpus != 0) out += ", " + std::to_string(r.gpus) + (r.gpus == 1 ? " GPU" : " GPUs");
  return out;
}

}  // namespace bsub
