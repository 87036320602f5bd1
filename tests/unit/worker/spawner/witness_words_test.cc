#include "worker/spawner/witness_words.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <thread>

#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

class WitnessWords : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    spawner_.Reset(ends[0]);
    witness_.Reset(ends[1]);
  }
  std::string Received() const {
    std::string bytes(65536, '\0');
    bytes.resize(static_cast<std::size_t>(recv(spawner_.get(), bytes.data(), bytes.size(), 0)));
    return bytes;
  }
  UniqueFd spawner_;
  UniqueFd witness_;
};

TEST_F(WitnessWords, AreHeardAsTheyWereSaidHoweverTheyArrive) {
  Say(witness_.get(), {.kind = WordKind::kStarted, .pid = 77});
  Say(witness_.get(), {.kind = WordKind::kNotStarted, .cause = v1::spawner::NODE_FAULT, .reason = "no room"});
  const SeenExit exit{0x0300, 1, 2, 3, 4, 5, 6};
  Say(witness_.get(), {.kind = WordKind::kEnded, .exit = exit, .killed = true, .err_full = true});
  const std::string bytes = Received();
  WordReader reader;
  std::vector<Word> words;
  for (const char byte : bytes) {
    reader.Append({&byte, 1});
    auto word = reader.Next();
    ASSERT_TRUE(word);
    if (*word) words.push_back(**word);
  }
  ASSERT_EQ(words.size(), 3u);
  EXPECT_EQ(words[0].kind, WordKind::kStarted);
  EXPECT_EQ(words[0].pid, 77);
  EXPECT_EQ(words[1].cause, v1::spawner::NODE_FAULT);
  EXPECT_EQ(words[1].reason, "no room");
  EXPECT_EQ(words[2].exit, exit);
  EXPECT_TRUE(words[2].killed);
  EXPECT_FALSE(words[2].out_full);
  EXPECT_TRUE(words[2].err_full);
}

TEST_F(WitnessWords, AReasonWithoutEndIsCut) {
  Say(witness_.get(), {.kind = WordKind::kNotStarted, .reason = std::string(1 << 20, 'x')});
  WordReader reader;
  reader.Append(Received());
  const auto word = reader.Next();
  ASSERT_TRUE(word && *word);
  EXPECT_EQ((**word).reason.find_first_not_of('x'), std::string::npos);
}

TEST_F(WitnessWords, WhatIsNoneIsAnError) {
  WordReader reader;
  reader.Append(std::string(16, '\xff'));
  EXPECT_FALSE(reader.Next());
}

TEST_F(WitnessWords, AnOrderMayBeLargerThanASocketTakes) {
  const std::string order(3 << 20, 'o');
  std::thread sender([&] { EXPECT_TRUE(SendOrder(spawner_.get(), order, BootTimeUs() + 60'000'000)); });
  std::string received;
  EXPECT_TRUE(ReceiveOrder(witness_.get(), received));
  sender.join();
  EXPECT_EQ(received, order);
}

TEST_F(WitnessWords, AnOrderThatNobodyTakesIsGivenUp) {
  EXPECT_FALSE(SendOrder(spawner_.get(), std::string(3 << 20, 'o'), BootTimeUs()));
  EXPECT_EQ(errno, ETIMEDOUT);
}

TEST_F(WitnessWords, ACLosedSocketIsSeen) {
  EXPECT_FALSE(IsHungUp(witness_.get()));
  spawner_.Reset();
  EXPECT_TRUE(IsHungUp(witness_.get()));
  std::string order;
  EXPECT_FALSE(ReceiveOrder(witness_.get(), order));
}

}  // namespace
}  // namespace bsub::spawner
