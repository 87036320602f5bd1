#include "worker/spawner/cpu_binder.h"

#include <gmock/gmock.h>

namespace bsub::spawner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

worker::AttemptKey Task(std::uint64_t job) { return {JobId(job), 0, 1}; }

TEST(CpuBinder, GivesEachTaskWholeCpusOfItsOwn) {
  CpuBinder binder({2, 3, 5, 7});
  EXPECT_THAT(binder.Take(Task(1), 2000), ElementsAre(2, 3));
  EXPECT_THAT(binder.Take(Task(2), 1000), ElementsAre(5));
  binder.Give(Task(1));
  EXPECT_THAT(binder.Take(Task(3), 3000), ElementsAre(2, 3, 7));
}

TEST(CpuBinder, BindsNobodyByHalves) {
  CpuBinder binder({0, 1});
  EXPECT_THAT(binder.Take(Task(1), 500), IsEmpty());
  EXPECT_THAT(binder.Take(Task(2), 1500), IsEmpty());
  EXPECT_THAT(binder.Take(Task(3), 3000), IsEmpty()) << "more than there are";
  EXPECT_THAT(binder.Take(Task(4), 2000), ElementsAre(0, 1));
  EXPECT_THAT(binder.Take(Task(5), 1000), IsEmpty()) << "all are taken";
  EXPECT_THAT(binder.Take(Task(4), 2000), IsEmpty()) << "it has its own";
  binder.Give(Task(5));
  binder.Give(Task(4));
  EXPECT_THAT(binder.Take(Task(5), 1000), ElementsAre(0));
}

TEST(CpuBinder, WithoutCpusBindsNobody) { EXPECT_THAT(CpuBinder({}).Take(Task(1), 1000), IsEmpty()); }

TEST(OwnCpus, AreSome) { EXPECT_FALSE(OwnCpus().empty()); }

}  // namespace
}  // namespace bsub::spawner
