// bsub-lite-rsh: see launch_agent.h.
#include <cstdio>
#include <cstdlib>

#include "worker/step/launch_agent.h"

int main(int argc, char** argv) {
  constexpr int kMisused = 255;
  const auto call = bsub::step::ParseAgentCall({argv + 1, argv + argc});
  const auto gang = bsub::step::GangFromEnvironment(std::getenv);
  if (!call || !gang) {
    std::fprintf(stderr, "bsub-lite-rsh: %s\n", (call ? gang.error() : call.error()).message.c_str());
    return kMisused;
  }
  return bsub::step::RunLaunchAgent(*gang, *call);
}
