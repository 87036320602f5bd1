#include "worker/spawner/ended_groups.h"

#include <gmock/gmock.h>

#include <map>

namespace bsub::spawner {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Each group is busy for so many tries.
class BusyTree final : public CgroupTree {
 public:
  explicit BusyTree(std::map<std::string, int> busy) : busy_(std::move(busy)) {}
  bool LimitsMemory() const override { return true; }
  std::string Describe() const override { return "busy"; }
  Status Create(const std::string&, std::int64_t) override { return OkStatus(); }
  std::string JoinFile(const std::string&) const override { return ""; }
  void KillAll(const std::string&) override {}
  std::vector<pid_t> Members(const std::string&) const override { return {}; }
  bool HitMemoryLimit(const std::string&) const override { return false; }
  Status Remove(const std::string& name) override {
    if (busy_[name]-- > 0) return Unavailable("busy");
    removed.push_back(name);
    return OkStatus();
  }
  std::vector<std::string> List() const override { return {}; }
  Status RemoveTree() override { return OkStatus(); }

  std::vector<std::string> removed = {};

 private:
  std::map<std::string, int> busy_;
};

TEST(EndedGroups, GoAtOnceWhenTheyCan) {
  BusyTree tree({});
  EndedGroups groups(tree, 50);
  groups.Remove("a", 1'000);
  EXPECT_THAT(tree.removed, ElementsAre("a"));
  EXPECT_EQ(groups.NextTry(), 0);
}

TEST(EndedGroups, ABusyOneGoesWithoutAnotherTasksEnd) {
  BusyTree tree({{"a", 2}});
  EndedGroups groups(tree, 50);
  groups.Remove("a", 1'000);
  EXPECT_EQ(groups.NextTry(), 1'050);
  groups.TryAgain(1'049);
  groups.TryAgain(1'050);
  EXPECT_THAT(tree.removed, IsEmpty());
  EXPECT_EQ(groups.NextTry(), 1'150) << "the pause doubles";
  groups.Remove("b", 1'100);
  EXPECT_EQ(groups.NextTry(), 1'150);
  groups.TryAgain(1'150);
  EXPECT_THAT(tree.removed, ElementsAre("b", "a"));
  EXPECT_EQ(groups.NextTry(), 0);
}

TEST(EndedGroups, OneThatIsUsedAgainStays) {
  BusyTree tree({{"a", 1}});
  EndedGroups groups(tree, 50);
  groups.Remove("a", 1'000);
  groups.Keep("a");
  EXPECT_EQ(groups.NextTry(), 0);
  EXPECT_THAT(tree.removed, IsEmpty());
}

TEST(EndedGroups, OneThatStaysBusyIsTriedOnAndKeepsNobodyFromEnding) {
  BusyTree tree({{"a", 100}});
  EndedGroups groups(tree, 50);
  groups.Remove("a", 1'000);
  EXPECT_TRUE(groups.ExpectsSoon());
  std::int64_t now = 1'000, pause = 0;
  for (int tries = 1; groups.NextTry() != 0; ++tries) {
    ASSERT_LE(tries, 100);
    EXPECT_EQ(groups.ExpectsSoon(), tries < 5) << tries;
    pause = groups.NextTry() - now;
    now = groups.NextTry();
    groups.TryAgain(now);
  }
  EXPECT_EQ(pause, 32 * 50) << "the longest";
  EXPECT_THAT(tree.removed, ElementsAre("a"));
}

}  // namespace
}  // namespace bsub::spawner
