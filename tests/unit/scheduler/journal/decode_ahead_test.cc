#include "scheduler/journal/decode_ahead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace bsub::journal {
namespace {

TEST(DecodeAhead, IsTakenInOrder) {
  std::vector<int> taken;
  DecodeAhead<int> ahead([&](int n) {
    taken.push_back(n);
    return OkStatus();
  });
  for (int n = 0; n < 50; ++n) ASSERT_TRUE(ahead.Add([n] { return n; }));
  ASSERT_TRUE(ahead.Finish());
  ASSERT_EQ(taken.size(), 50u);
  for (int n = 0; n < 50; ++n) EXPECT_EQ(taken[n], n);
}

TEST(DecodeAhead, TheFirstErrorIsTheOneThatIsTold) {
  int calls = 0;
  DecodeAhead<int> ahead([&](int n) -> Status {
    ++calls;
    if (n == 3) return Error{Code::kUnimplemented, "the first"};
    return n < 3 ? OkStatus() : Status(DataLoss("a consequence"));
  });
  Status added = OkStatus();
  for (int n = 0; n < 50 && added; ++n) added = ahead.Add([n] { return n; });
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, Code::kUnimplemented);
  for (const Status& later : {ahead.Add([] { return 9; }), ahead.Finish(), ahead.Finish()}) {
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().message, "the first");
  }
  EXPECT_EQ(calls, 4);
}

}  // namespace
}  // namespace bsub::journal
