// Which of the ends of its parts is how a job on several nodes ended, by how long each of them ran.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

struct PartsEnd {
  std::string node;
  End end;
  Duration elapsed{};    // that it ran
  bool stopped = false;  // it had been told to stop
};

// The node, which is connected, reports it.
void Report(Env& env, JobId gang, const PartsEnd& part) {
  const FakeNode& on = env.node(part.node);
  Usage usage;
  usage.elapsed_us = part.elapsed.count();
  env.Handle(
      sched::TaskEnded{on.id, on.incarnation, {{gang, 0}, 1}, part.end, usage, false, {}, part.stopped});
}

const End kKilled{EndKind::kSignalled, 9, "", ""};

const End kTimedOut{EndKind::kTimedOut, 143, "", ""};

// The scheduler was down when it failed, so nobody told the others to stop; whose node is heard of first is
// chance.
void ExpectItCounts(const End& failed, const std::string& told) {
  for (const std::size_t at : {0u, 1u, 2u}) {
    for (const bool restarts : {false, true}) {
      Env env;
      env.AddNodes(3, Cpus(1));
      const JobId gang = env.Submit(Job().Nodes(3).Grace(30s));
      env.Cycle();
      for (const char* node : {"n1", "n2", "n3"}) env.Start(gang, node);
      std::vector<PartsEnd> ends = {{"n2", kTimedOut, 1h}, {"n3", kTimedOut, 1h + 1s}};
      ends.insert(ends.begin() + static_cast<std::ptrdiff_t>(at), {"n1", failed, 58min});
      for (std::size_t i = 0; i < ends.size(); ++i) {
        if (restarts && i == 1) {
          env.RestartFromState();
          for (const char* node : {"n1", "n2", "n3"}) env.Connect(node);
        }
        Report(env, gang, ends[i]);
      }
      EXPECT_EQ(env.LastEnd(gang), told + ": on node n1, index 0 of 3") << at << restarts;
    }
  }
}

TEST(GangCause, AFailureLongBeforeTheWallTimeOfTheOthers) {
  ExpectItCounts(Exit(3), "exited with code 3");
  ExpectItCounts(kKilled, "killed by signal 9 (KILL)");
}

TEST(GangCause, NoFailureWhileTheTimeOfAnotherPartRunsOut) {
  Env env;
  env.AddNodes(2, Cpus(1));
  const JobId gang = env.Submit(Job().Nodes(2).Grace(30s));
  env.Cycle();
  for (const char* node : {"n1", "n2"}) env.Start(gang, node);
  Report(env, gang, {"n1", Exit(1), 1h - 20s});  // it began 20 seconds later
  Report(env, gang, {"n2", kTimedOut, 1h + 30s});
  EXPECT_THAT(env.LastEnd(gang), HasSubstr("on node n2, index 1 of 2"));
}

// Its peers miss it and exit at once; whose node is heard of first is chance.
TEST(GangCause, APartThatIsKilledAndTheFailureOfThoseThatMissIt) {
  for (const End& killed : {kKilled, End{EndKind::kOutOfMemory, 9, "", ""}}) {
    for (const bool heard_first : {false, true}) {
      Env env;
      env.AddNodes(2, Cpus(1));
      const JobId gang = env.Submit(Job().Nodes(2).Grace(30s));
      env.Cycle();
      for (const char* node : {"n1", "n2"}) env.Start(gang, node);
      std::vector<PartsEnd> ends = {{"n1", Exit(255), 10s}, {"n2", killed, 10s}};
      if (heard_first) std::swap(ends[0], ends[1]);
      for (const PartsEnd& end : ends) Report(env, gang, end);
      EXPECT_THAT(env.LastEnd(gang), HasSubstr("on node n2, index 1 of 2")) << heard_first;
    }
  }
}

// Of its own accord or by the stop; nor one that was killed when the others had long failed.
TEST(GangCause, NotAPartThatWasToldToStopOrOutlivedTheFailure) {
  for (const PartsEnd& killed : {PartsEnd{"n2", kKilled, 9s, true}, PartsEnd{"n2", kKilled, 10min}}) {
    Env env;
    env.AddNodes(2, Cpus(1));
    const JobId gang = env.Submit(Job().Nodes(2).Grace(0s));
    env.Cycle();
    for (const char* node : {"n1", "n2"}) env.Start(gang, node);
    Report(env, gang, {"n1", Exit(3), 10s});
    Report(env, gang, killed);
    EXPECT_EQ(env.LastEnd(gang), "exited with code 3: on node n1, index 0 of 2");
  }
}

}  // namespace
}  // namespace bsub::testing
