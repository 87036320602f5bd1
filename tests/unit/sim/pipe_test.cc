#include "sim/pipe.h"

#include <gmock/gmock.h>

namespace bsub::sim {
namespace {

using ::testing::ElementsAre;

struct Fixture {
  EventQueue events{TimePoint(1)};
  Random random;
  std::vector<int> got;
  std::shared_ptr<Pipe<int>> pipe;
  explicit Fixture(std::uint64_t seed) : random(seed) {
    const Pipe<int>::Latency latency{Duration(10), Duration(1000), 300};
    pipe = std::make_shared<Pipe<int>>(events, random, latency, [this](int m) { got.push_back(m); });
  }
};

TEST(Pipe, KeepsTheOrderHoweverLateTheMessagesAre) {
  Fixture f(1);
  for (int i = 0; i < 5; ++i) f.pipe->Send(i);
  while (f.events.RunOne()) {
  }
  EXPECT_THAT(f.got, ElementsAre(0, 1, 2, 3, 4));
}

TEST(Pipe, ABreakLosesASuffixAndAllThatIsSentLater) {
  bool lost_some = false, kept_some = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Fixture f(seed);
    for (int i = 0; i < 4; ++i) f.pipe->Send(i);
    const std::uint64_t lost = f.pipe->Break();
    EXPECT_FALSE(f.pipe->Send(9));
    while (f.events.RunOne()) {
    }
    ASSERT_EQ(f.got.size() + lost, 4u);
    for (std::size_t i = 0; i < f.got.size(); ++i) EXPECT_EQ(f.got[i], static_cast<int>(i));
    lost_some |= lost > 0, kept_some |= !f.got.empty();
  }
  EXPECT_TRUE(lost_some && kept_some);
}

}  // namespace
}  // namespace bsub::sim
