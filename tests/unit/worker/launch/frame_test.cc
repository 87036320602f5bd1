#include "worker/launch/frame.h"

#include <gtest/gtest.h>

namespace bsub::worker {
namespace {

TEST(Frame, ComesBackWholeHoweverItIsCut) {
  std::string stream;
  AppendFrame(stream, "one");
  AppendFrame(stream, "");
  AppendFrame(stream, std::string(1000, 'x'));
  for (std::size_t step = 1; step < stream.size(); step = step * 2 + 1) {
    FrameReader reader(1000);
    std::vector<std::string> payloads;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      reader.Append(std::string_view(stream).substr(at, step));
      for (;;) {
        const auto payload = reader.Next();
        ASSERT_TRUE(payload.has_value());
        if (!*payload) break;
        payloads.emplace_back(**payload);
      }
    }
    ASSERT_EQ(payloads.size(), 3u) << step;
    EXPECT_EQ(payloads[0], "one");
    EXPECT_EQ(payloads[1], "");
    EXPECT_EQ(payloads[2], std::string(1000, 'x'));
  }
}

TEST(Frame, RefusesWhatIsLongerThanAllowedBeforeItIsThere) {
  FrameReader reader(10);
  reader.Append(std::string_view("\x0b\0\0\0", 4));
  const auto payload = reader.Next();
  ASSERT_FALSE(payload.has_value());
  EXPECT_EQ(payload.error().code, Code::kResourceExhausted);
  EXPECT_NE(payload.error().message.find("11 bytes exceeds the limit of 10"), std::string::npos);
}

}  // namespace
}  // namespace bsub::worker
