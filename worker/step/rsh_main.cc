// bsub-lite-rsh: see launch_agent.h.
#include <cstdio>
#include <cstdlib>

#include "worker/step/launch_agent.h"

int main(int argc, char** argv) {
  constexpr int kFailed = 255;  // as ssh(1)
  const auto call = bsub::step::ParseAgentCall({argv + 1, argv + argc});
  const auto gang = bsub::step::GangFromEnvironment(std::getenv);
  if (!call || !gang) {
    std::fprintf(stderr, "bsub-lite-rsh: %s\n", (call ? gang.error() : call.error()).message.c_str());
    return kFailed;
  }
  const auto mpirun = bsub::step::FindCaller(*gang);
  if (!mpirun) {
    std::fprintf(stderr, "bsub-lite-rsh: %s\n", mpirun.error().message.c_str());
    return kFailed;
  }
  return bsub::step::RunLaunchAgent(*gang, *call, *mpirun);
}
