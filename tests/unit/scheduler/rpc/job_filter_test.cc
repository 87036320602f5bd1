#include "scheduler/rpc/job_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::rpc {
namespace {

using ::testing::HasSubstr;

PastJob Past() {
  auto settings = std::make_shared<JobSettings>();
  settings->owner = {.uid = 1000, .gid = 1, .groups = {}, .name = "ada"};
  settings->queue = "high";
  settings->project = "p";
  settings->tags = {{"k", "v"}};
  auto submitted = std::make_shared<sched::JobSubmitted>();
  submitted->id = JobId(4);
  submitted->spec.name = "align-7";
  submitted->spec.settings = settings;
  return {
      .id = JobId(4), .submitted = submitted, .submitted_at = TimePoint(100), .finished_at = TimePoint(200)};
}

bool Matches(const v1::JobFilter& filter) {
  const auto made = JobFilter::Make(filter, Principal{.uid = 1000, .gid = 1, .groups = {}, .name = "ada"});
  EXPECT_TRUE(made);
  return made && made->Matches(Past());
}

TEST(MatchesGlob, StarsAndQuestionMarks) {
  EXPECT_TRUE(MatchesGlob("", ""));
  EXPECT_TRUE(MatchesGlob("*", "anything"));
  EXPECT_TRUE(MatchesGlob("a*c*e", "abcde"));
  EXPECT_TRUE(MatchesGlob("a?c", "abc"));
  EXPECT_TRUE(MatchesGlob("*ab", "aab"));
  EXPECT_FALSE(MatchesGlob("a?c", "ac"));
  EXPECT_FALSE(MatchesGlob("a*d", "abc"));
  EXPECT_FALSE(MatchesGlob("", "a"));
}

TEST(JobFilter, EachFieldCounts) {
  v1::JobFilter all;
  EXPECT_TRUE(Matches(all));
  all.set_owner("ada");
  all.set_queue("high");
  all.set_name("align-*");
  all.set_project("p");
  all.set_submitted_after_at_us(99);
  all.set_submitted_before_at_us(101);
  (*all.mutable_tags())["k"] = "v";
  all.add_states("finished");
  EXPECT_TRUE(Matches(all));

  v1::JobFilter uid, queue, tag, late, state, held;
  uid.set_owner("1000");
  queue.set_queue("low");
  (*tag.mutable_tags())["k"] = "w";
  late.set_submitted_after_at_us(100);
  state.add_states("FAILED");
  held.set_held(true);
  EXPECT_TRUE(Matches(uid));
  for (const v1::JobFilter& filter : {queue, tag, late, state, held})
    EXPECT_FALSE(Matches(filter)) << filter.ShortDebugString();
}

TEST(JobFilter, OthersAreNamedByNameByUidAndByEverybody) {
  const Principal ada{.uid = 1000, .gid = 1, .groups = {}, .name = "ada"};
  const auto others = [&](const std::string& owner) {
    v1::JobFilter filter;
    filter.set_owner(owner);
    return JobFilter::Make(filter, ada)->NamesOthersThan(ada);
  };
  EXPECT_FALSE(others(""));
  EXPECT_FALSE(others("ada"));
  EXPECT_FALSE(others("1000"));
  EXPECT_TRUE(others("*"));
  EXPECT_TRUE(others("bob"));
  EXPECT_TRUE(others("1001"));
  v1::JobFilter everybody;
  everybody.set_owner("*");
  EXPECT_TRUE(Matches(everybody));
}

// Elsewhere a client does not know whom its token stands for.
TEST(JobFilter, TheCallerCanBeMeantWithoutANumber) {
  v1::JobFilter mine;
  mine.set_owner("@me");
  EXPECT_TRUE(Matches(mine)) << "ada asks";
  const Principal bob{.uid = 1001, .gid = 1, .groups = {}, .name = "bob"};
  const auto his = JobFilter::Make(mine, bob);
  EXPECT_FALSE(his->Matches(Past()));
  EXPECT_FALSE(his->NamesOthersThan(bob));
}

TEST(JobFilter, UnknownStateNamesTheNearest) {
  v1::JobFilter filter;
  filter.add_states("RUNING");
  EXPECT_THAT(JobFilter::Make(filter, Principal{}).error().message,
              HasSubstr("'RUNING' is not a job state; did you mean 'RUNNING'?"));
}

}  // namespace
}  // namespace bsub::rpc
