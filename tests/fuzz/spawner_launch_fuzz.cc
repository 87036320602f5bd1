// A launch as an agent may hand it to a spawner without a key: planned, or refused with one line.
#include <unistd.h>

#include <cstdint>

#include "common/check.h"
#include "worker/spawner/launch_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bsub::v1::Launch launch;
  if (!launch.ParseFromArray(data, static_cast<int>(size))) return 0;
  bsub::v1::spawner::StartTask start;
  *start.mutable_attempt() = launch.attempt();
  launch.SerializeToString(start.mutable_launch());
  bsub::spawner::LaunchRules rules;
  rules.own_uid = geteuid();
  rules.state_path = "/state";
  rules.marker_prefix = "fuzz:";
  rules.own_home = "/home/of";
  const auto plan = bsub::spawner::PlanLaunch(start, rules);
  if (!plan) {
    BSUB_CHECK(plan.error().message.find('\n') == std::string::npos) << plan.error().message;
    return 0;
  }
  BSUB_CHECK(!plan->child.argv.empty());
  BSUB_CHECK(!plan->child.change_user || plan->child.uid == rules.own_uid) << plan->child.uid;
  for (const std::string& word : plan->child.argv) BSUB_CHECK(word.find('\0') == std::string::npos);
  return 0;
}
