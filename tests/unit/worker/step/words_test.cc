#include "worker/step/words.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "worker/launch/unique_fd.h"

namespace bsub::step {
namespace {

std::string Encoded(WordKind kind, const std::string& bytes) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const worker::UniqueFd from(ends[0]);
  const worker::UniqueFd to(ends[1]);
  WordSender sender;
  sender.Add(kind, bytes);
  EXPECT_TRUE(sender.Flush(from.get()));
  EXPECT_TRUE(sender.empty());
  std::string out;
  EXPECT_TRUE(ReadSome(to.get(), out));
  return out;
}

TEST(StepWords, ComeWholeHoweverTheStreamIsCut) {
  const std::string stream = Encoded(WordKind::kRun, "orted -x") + Encoded(WordKind::kInput, "") +
                             Encoded(WordKind::kOutput, std::string("a\0b", 3));
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    WordReader reader;
    std::vector<Word> words;
    for (const std::string& part : {stream.substr(0, cut), stream.substr(cut)}) {
      reader.Append(part);
      while (auto word = reader.Next()) words.push_back(*word);
    }
    ASSERT_EQ(words.size(), 3u) << cut;
    EXPECT_EQ(words[0].kind, WordKind::kRun);
    EXPECT_EQ(words[0].bytes, "orted -x");
    EXPECT_EQ(words[1].bytes, "");
    EXPECT_EQ(words[2].bytes, std::string("a\0b", 3));
    EXPECT_FALSE(reader.broken());
  }
}

TEST(StepWords, AStreamOfSomethingElseIsBroken) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n"), std::string(16, '\xff'), std::string(16, '\0')}) {
    WordReader reader;
    reader.Append(bytes);
    EXPECT_FALSE(reader.Next());
    EXPECT_TRUE(reader.broken());
  }
}

TEST(StepWords, WaitForTheOtherSideWithoutHoldingUpTheirSender) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const worker::UniqueFd from(ends[0]);
  const worker::UniqueFd to(ends[1]);
  const std::string chunk(65'536, 'x');
  WordSender sender;
  std::size_t added = 0;
  for (; !sender.full(); ++added) {
    sender.Add(WordKind::kOutput, chunk);
    ASSERT_TRUE(sender.Flush(from.get()));
  }
  EXPECT_FALSE(sender.empty()) << "more than the connection holds";
  WordReader reader;
  std::size_t heard = 0;
  while (heard < added) {
    std::string bytes;
    ASSERT_TRUE(ReadSome(to.get(), bytes));
    reader.Append(bytes);
    for (auto word = reader.Next(); word; word = reader.Next()) heard += word->bytes == chunk ? 1 : 0;
    ASSERT_FALSE(reader.broken());
    ASSERT_TRUE(sender.Flush(from.get()));
  }
  EXPECT_TRUE(sender.empty());
}

TEST(StepWords, NobodyIsThere) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const worker::UniqueFd from(ends[0]);
  close(ends[1]);
  WordSender sender;
  sender.Add(WordKind::kEnded, "0");
  EXPECT_FALSE(sender.Flush(from.get()));
  std::string bytes;
  EXPECT_FALSE(ReadSome(from.get(), bytes));
}

}  // namespace
}  // namespace bsub::step
