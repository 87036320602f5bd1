#include "scheduler/rpc/event_translation.h"

#include <gtest/gtest.h>

namespace bsub::rpc {
namespace {

using namespace sched;

JournalEntry Entry(EntryBody body) { return {Sequence(9), TimePoint(1'000'000), std::move(body)}; }

JobSubmitted Submitted(bool array) {
  auto settings = std::make_shared<JobSettings>();
  settings->queue = "q";
  settings->owner.name = "ada";
  JobSubmitted e;
  e.id = JobId(2);
  e.spec.name = "sim";
  e.spec.settings = settings;
  if (array) e.spec.array = *ParseArraySpec("10-30:10");
  return e;
}

TEST(NameBook, TellsIndexesOfWhatItHasSeen) {
  NameBook names;
  EXPECT_EQ(names.Task({JobId(2), 1}), "2");
  names.Learn(Entry(Submitted(true)));
  EXPECT_EQ(names.Task({JobId(2), 1}), "2[20]");
  EXPECT_EQ(names.Range(JobId(2), {0, 2}), "2[10-30]");
  names.Learn(Entry(JobsForgotten{{JobId(2)}}));
  EXPECT_EQ(names.Task({JobId(2), 1}), "2");
}

TEST(TranslateEvent, EndedAttempt) {
  NameBook names;
  names.Learn(Entry(Submitted(true)));
  NodeRegistered node;
  node.node = NodeId(1);
  node.description.name = "n1";
  names.Learn(Entry(node));
  AttemptEnded ended;
  ended.attempt = {{JobId(2), 0}, 3};
  ended.end = {.kind = EndKind::kExited, .code = 4, .by = "", .reason = ""};
  ended.then = AfterAttempt::kRetry;
  ended.node = NodeId(1);
  const v1::Event event = TranslateEvent(Entry(ended), names);
  EXPECT_EQ(event.kind(), "AttemptEnded");
  EXPECT_EQ(event.job(), "2[10]");
  EXPECT_EQ(event.node(), "n1");
  EXPECT_EQ(event.text(), "attempt 3 exited with code 4; it is tried again");
  EXPECT_EQ(event.details().at("then"), "retry");
}

TEST(TranslateEvent, OneIsNotMany) {
  NameBook names;
  JobSubmitted array = Submitted(true);
  EXPECT_EQ(TranslateEvent(Entry(array), names).text(),
            "sim was submitted to queue q by ada with 3 children");
  array.spec.array = *ParseArraySpec("7-7");
  EXPECT_EQ(TranslateEvent(Entry(array), names).text(), "sim was submitted to queue q by ada with 1 child");
  EXPECT_EQ(TranslateEvent(Entry(JobsForgotten{{JobId(2)}}), names).text(),
            "1 job that ended long ago lives on in the history only");
}

}  // namespace
}  // namespace bsub::rpc
