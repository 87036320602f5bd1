// Advance reservations: who may make them, what is refused, whose jobs run in them, and that nobody else's
// overlaps one.
#include <gmock/gmock.h>

#include <random>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using sched::ReasonCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

sched::CreateReservation ReservationOf(const Env& env, std::string name, Duration in, Duration length,
                                       std::uint32_t nodes, std::vector<std::string> users = {"alice"}) {
  return {{}, {}, std::move(name), env.now() + in, length, nodes, {}, std::move(users)};
}

TEST(AdvanceReservation, OnlyAdministratorsAndOnlyWhatMakesSense) {
  Env env;
  env.AddNodes(2, Cpus(4));
  auto by_alice = ReservationOf(env, "r", 1h, 1h, 1);
  by_alice.who = Alice();
  EXPECT_THAT(Says(env.Reserve(by_alice)), HasSubstr("alice may not change reservation r"));
  EXPECT_THAT(Says(env.Reserve(ReservationOf(env, "a b", 1h, 1h, 1))), HasSubstr("'a b'"));
  EXPECT_THAT(Says(env.Reserve(ReservationOf(env, "r", 1h, 0h, 1))), HasSubstr("duration"));
  EXPECT_THAT(Says(env.Reserve(ReservationOf(env, "r", -2h, 1h, 1))), HasSubstr("would be over already"));
  EXPECT_THAT(Says(env.Reserve(ReservationOf(env, "r", 1h, 1h, 0))), HasSubstr("give either how many"));
  auto never = ReservationOf(env, "r", 1h, 1h, 1);
  never.from = TimePoint::Max();
  EXPECT_THAT(Says(env.Reserve(never)), HasSubstr("is too late"));
  auto named = ReservationOf(env, "r", 1h, 1h, 0);
  named.nodes = {"n9"};
  EXPECT_THAT(Says(env.Reserve(named)), AllOf(HasSubstr("'n9' does not exist"), HasSubstr("did you mean")));
  EXPECT_EQ(Says(env.Reserve(ReservationOf(env, "r", 1h, 1h, 1))), "ok");
  EXPECT_THAT(Says(env.Reserve(ReservationOf(env, "r", 3h, 1h, 1))), HasSubstr("it exists"));
  EXPECT_THAT(Says(env.DeleteReservation("r", Alice())), HasSubstr("may not"));
  EXPECT_EQ(Says(env.DeleteReservation("r")), "ok");
  EXPECT_THAT(Says(env.DeleteReservation("r")), HasSubstr("there is none of that name"));
}

TEST(AdvanceReservation, MoreThanThereIsIsRefusedWithWhatIsInTheWay) {
  Env env;
  env.AddNodes(3, Cpus(4));
  ASSERT_TRUE(env.Reserve(ReservationOf(env, "first", 1h, 1h, 1)));  // n1
  const JobId limited = env.Submit(Job().Cpus(4).Walltime(3h)), endless = env.Submit(Job().Cpus(4));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(limited, endless));
  env.Start(limited);
  EXPECT_THAT(
      Says(env.Reserve(ReservationOf(env, "second", 90min, 1h, 1))),
      AllOf(HasSubstr("1 node is asked for from 2026-01-01T01:30:00Z to 2026-01-01T02:30:00Z, and 0 of 3"),
            HasSubstr("n1: reservation first"), HasSubstr("n2: job 1 runs there until"),
            HasSubstr("n3: job 2 runs there without a time limit")));
  EXPECT_EQ(Says(env.Reserve(ReservationOf(env, "later", 3h, 1h, 2))), "ok") << "n1 and n2 are free then";
}

TEST(AdvanceReservation, ItsJobsRunInItAndNobodyElses) {
  Env env;
  env.AddNodes(1, Cpus(4));
  ASSERT_TRUE(env.Reserve(ReservationOf(env, "r", 1h, 2h, 1)));
  EXPECT_THAT(env.TrySubmit(Job().Reservation("r").By(Bob()).Walltime(1h)).error().message,
              HasSubstr("bob is none of its users, who are alice"));
  EXPECT_THAT(env.TrySubmit(Job().Reservation("r")).error().message,
              HasSubstr("needs a time limit (-t) of at most 2h"));
  EXPECT_THAT(env.TrySubmit(Job().Reservation("r").Nodes(2).Walltime(1h)).error().message,
              HasSubstr("it has 1"));
  EXPECT_THAT(env.TrySubmit(Job().Reservation("q").Walltime(1h)).error().message,
              HasSubstr("did you mean 'r'?"));
  const JobId own = env.Submit(Job().Reservation("r").Walltime(1h)),
              other = env.Submit(Job().Walltime(90min)), quick = env.Submit(Job().Walltime(1h));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(quick));
  EXPECT_THAT(env.Explain(own), HasSubstr("its reservation r begins at 2026-01-01T01:00:00Z, in 1h"));
  EXPECT_THAT(env.Why(other), ElementsAre(ReasonCode::kReservation));
  EXPECT_THAT(env.Explain(other),
              HasSubstr("reservation r from 2026-01-01T01:00:00Z to 2026-01-01T03:00:00Z"));
  EXPECT_EQ(env.scheduler().ForecastOf({own, std::nullopt}, env.now(), 1000)->starts_at, env.now() + 1h);
  EXPECT_EQ(env.scheduler().ForecastOf({other, std::nullopt}, env.now(), 1000)->starts_at, env.now() + 3h);
  env.Finish(quick, Exit(0));
  env.Advance(1h);
  EXPECT_TRUE(env.cycle_wanted());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(own));
  env.Finish(own, Exit(0));
  const JobId late = env.Submit(Job().Reservation("r").Walltime(2h));
  env.Advance(1min);
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), IsEmpty()) << "it would not be over in time";
  env.Advance(2h);
  EXPECT_THAT(env.state().reservations, IsEmpty()) << "it ends by itself";
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(other));
  EXPECT_THAT(env.Explain(late), HasSubstr("its reservation r is over or was deleted"));
}

TEST(AdvanceReservation, OutlivesARestart) {
  Env env;
  env.AddNodes(1, Cpus(4));
  ASSERT_TRUE(env.Reserve(ReservationOf(env, "r", 1h, 2h, 1)));
  const JobId other = env.Submit(Job().Walltime(2h));
  for (const bool from_state : {true, false}) {
    if (from_state) {
      env.RestartFromState();
    } else {
      env.Restart();
    }
    env.Connect("n1");
    env.Cycle();
    EXPECT_THAT(env.TakeLaunched(), IsEmpty());
  }
  ASSERT_TRUE(env.DeleteReservation("r"));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(other));
}

TEST(AdvanceReservation, AJobOfOneThatIsGoneIsOfNoLaterOneOfItsName) {
  enum class Restart { kNone, kFromJournal, kFromState };
  for (const Restart restart : {Restart::kNone, Restart::kFromJournal, Restart::kFromState}) {
    Env env;
    env.AddNodes(1, Cpus(4));
    const auto restart_if_asked = [&] {
      if (restart == Restart::kNone) return;
      restart == Restart::kFromState ? env.RestartFromState() : env.Restart();
      env.Connect("n1");
    };
    ASSERT_TRUE(env.Reserve(ReservationOf(env, "r", 1h, 2h, 1)));
    const JobId old = env.Submit(Job().Reservation("r").Walltime(30min));
    ASSERT_TRUE(env.DeleteReservation("r"));
    restart_if_asked();
    EXPECT_THAT(env.Explain(old), HasSubstr("its reservation r is over or was deleted"));
    ASSERT_TRUE(env.Reserve(ReservationOf(env, "r", 1h, 2h, 1))) << "the name is free again";
    EXPECT_THAT(Says(env.Reserve(ReservationOf(env, "r", 5h, 1h, 1))), HasSubstr("'r': it exists"));
    const JobId young = env.Submit(Job().Reservation("r").Walltime(30min));
    restart_if_asked();
    env.Advance(1h);
    env.Cycle();
    EXPECT_THAT(env.TakeLaunched(), ElementsAre(young));
    EXPECT_THAT(env.Why(old), ElementsAre(ReasonCode::kReservation));
    EXPECT_THAT(env.Explain(old), HasSubstr("the one that is called so now is another"));
    env.Finish(young, Exit(0));
    ASSERT_TRUE(env.DeleteReservation("r"));
    ASSERT_TRUE(env.Reserve(ReservationOf(env, "r", 0h, 2h, 1)));
    ASSERT_TRUE(env.Requeue(young));
    restart_if_asked();
    env.Cycle();
    EXPECT_THAT(env.TakeLaunched(), IsEmpty()) << "it was of the one before";
  }
}

TEST(AdvanceReservation, NamesThatBeginAlikeAreDifferent) {
  Env env;
  env.AddNodes(3, Cpus(4));
  for (const char* name : {"r-1", "r", "r1"})
    ASSERT_TRUE(env.Reserve(ReservationOf(env, name, 1h, 1h, 1))) << name;
  const std::string message = env.TrySubmit(Job().Reservation("r#7").Walltime(30min)).error().message;
  EXPECT_THAT(message, HasSubstr("'r#7': there is none of that name"));
  for (const char* name : {"r", "r1", "r-1"}) EXPECT_EQ(Says(env.DeleteReservation(name)), "ok") << name;
}

TEST(AdvanceReservation, ItsJobsShareItUnderEveryBackfill) {
  for (const sched::Backfill backfill :
       {sched::Backfill::kNone, sched::Backfill::kSpare, sched::Backfill::kEasy, sched::Backfill::kShortest,
        sched::Backfill::kConservative}) {
    Env env;
    env.AddNodes(2, Cpus(4));
    ASSERT_TRUE(env.SetQueue({.name = "q", .backfill = backfill}));
    ASSERT_TRUE(env.Reserve(ReservationOf(env, "r", 0h, 2h, 1)));
    const JobId wide = env.Submit(Job().Queue("q").Reservation("r").Cpus(3).Walltime(1h)),
                one = env.Submit(Job().Queue("q").Reservation("r").Cpus(1).Walltime(1h)),
                other = env.Submit(Job().Queue("q").Cpus(4).Walltime(1h));
    env.Cycle();
    EXPECT_THAT(env.TakeLaunched(), ElementsAre(wide, one, other)) << sched::ToString(backfill);
    for (const JobId id : {wide, one}) EXPECT_EQ(env.TaskOf(id).attempt->node, NodeId(1));
    EXPECT_EQ(env.TaskOf(other).attempt->node, NodeId(2));
  }
}

// Random work and reservations: no task is on a reserved node in its time unless it is of the reservation.
class ReservationWalk : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(ReservationWalk, NobodyElseOverlaps) {
  std::mt19937 random(GetParam());
  const auto pick = [&](std::uint32_t n) { return static_cast<int>(random() % n); };
  Env env;
  env.AddNodes(4, Cpus(4));
  const auto backfill = static_cast<sched::Backfill>(GetParam() % 5);
  ASSERT_TRUE(env.SetQueue({.name = "q", .backfill = backfill}));
  std::map<TimePoint, std::set<JobId>> ends;
  int made = 0;
  for (int step = 0; step < 80; ++step) {
    if (pick(6) == 0) {
      const bool good =
          env.Reserve(ReservationOf(env, "r" + std::to_string(made), pick(60) * 1min, (20 + pick(60)) * 1min,
                                    1 + static_cast<std::uint32_t>(pick(2))))
              .has_value();
      made += good;
    }
    for (int i = pick(3); i > 0; --i) {
      Job job = Job().Queue("q").Cpus(1 + pick(4)).Walltime((1 + pick(30)) * 1min);
      if (pick(3) == 0 && made > 0)
        job.Reservation("r" + std::to_string(pick(static_cast<std::uint32_t>(made))));
      static_cast<void>(env.TrySubmit(job));
    }
    env.Cycle();
    for (const sched::LaunchTask& launch : env.TakeLaunches()) {
      const TimePoint end = env.now() + launch.settings->walltime;
      for (const auto& [name, reservation] : env.state().reservations) {
        const bool there = std::count(reservation.nodes.begin(), reservation.nodes.end(), launch.node) > 0;
        if (launch.settings->reservation == name) {
          EXPECT_TRUE(there && reservation.from <= env.now() && end <= reservation.to);
        } else {
          EXPECT_FALSE(there && reservation.from < end) << sched::ToString(backfill) << ": overlaps " << name;
        }
      }
      ends[end].insert(launch.attempt.task.job);
    }
    env.Advance(5min);
    while (!ends.empty() && ends.begin()->first <= env.now()) {
      for (const JobId id : ends.begin()->second) env.Finish(id, Exit(0));
      ends.erase(ends.begin());
    }
  }
  EXPECT_GT(made, 2);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReservationWalk, ::testing::Range(0u, 20u));

}  // namespace
}  // namespace bsub::testing
