// The bytes of a call without gRPC. That a real gRPC server understands them is shown by every other test of
// a command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/quick/exchange.h"
#include "tests/unit/cli/http2_frames.h"

namespace bsub::cli::quick {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

const std::string kServed = Frame(kSettings, 0, 0, "");  // a peer's first frame

struct Outgoing {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::string body;
};

std::vector<Outgoing> FramesOf(std::string_view bytes) {
  constexpr std::size_t kFrameHeader = 9;
  std::vector<Outgoing> frames;
  while (bytes.size() >= kFrameHeader) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    const std::size_t size = static_cast<std::size_t>(at(0)) << 16 | at(1) << 8 | at(2);
    frames.push_back({at(3), at(4), std::string(bytes.substr(kFrameHeader, size))});
    bytes.remove_prefix(std::min(bytes.size(), kFrameHeader + size));
  }
  EXPECT_EQ(bytes.size(), 0u) << "a frame is cut";
  return frames;
}

std::vector<std::pair<std::string, std::string>> HeadersIn(const std::string& block) {
  nghttp2_hd_inflater* inflater = nullptr;
  EXPECT_EQ(nghttp2_hd_inflate_new(&inflater), 0);
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view rest = block;
  for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
    nghttp2_nv field{};
    const ssize_t read = nghttp2_hd_inflate_hd2(
        inflater, &field, &flags, reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size(), 1);
    if (read < 0) {
      ADD_FAILURE() << nghttp2_strerror(static_cast<int>(read));
      break;
    }
    rest.remove_prefix(static_cast<std::size_t>(read));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
    headers.emplace_back(std::string(reinterpret_cast<char*>(field.name), field.namelen),
                         std::string(reinterpret_cast<char*>(field.value), field.valuelen));
  }
  nghttp2_hd_inflate_del(inflater);
  return headers;
}

Call NewCall(std::string message = "hello") { return {"/p.S/M", {{"k", "v"}}, std::move(message)}; }

// How a call ends, of which `answer` is all that came after the request was sent.
struct Ended {
  explicit Ended(const std::string& answer) : exchange(NewCall()) {
    EXPECT_TRUE(exchange.Take(kServed));
    taken = exchange.Take(answer);
  }
  // Its error, or a code that no call ends with.
  Error error() const {
    if (!exchange.end() || *exchange.end()) return {static_cast<Code>(0), "no error"};
    return exchange.end()->error();
  }

  Exchange exchange;
  Status taken;
};

TEST(Exchange, TheRequestGoesWhenTheOtherSideHasShownItself) {
  Exchange exchange(NewCall());
  const std::string opening = exchange.TakeOutgoing();
  EXPECT_TRUE(opening.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  EXPECT_THAT(opening, Not(HasSubstr("hello")));
  EXPECT_FALSE(exchange.sent());
  ASSERT_TRUE(exchange.Take(kServed));
  EXPECT_TRUE(exchange.sent());
  const std::string request = exchange.TakeOutgoing();
  EXPECT_TRUE(request.ends_with(Frame(kData, kEndStream, 1, Message("hello"))));
  const auto frames = FramesOf(request);
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].type, kSettings);
  EXPECT_EQ(frames[0].flags, kAck);
  ASSERT_EQ(frames[1].type, kHeaders);
  EXPECT_THAT(HeadersIn(frames[1].body),
              ElementsAre(Pair(":method", "POST"), Pair(":scheme", "http"), Pair(":path", "/p.S/M"),
                          Pair(":authority", "localhost"), Pair("te", "trailers"),
                          Pair("content-type", "application/grpc"), Pair("k", "v")));
}

TEST(Exchange, TheRequestGoesOnce) {
  Exchange exchange(NewCall());
  ASSERT_TRUE(exchange.Take(kServed));
  exchange.TakeOutgoing();
  ASSERT_TRUE(exchange.Take(kServed));
  EXPECT_EQ(exchange.TakeOutgoing(), Frame(kSettings, kAck, 0, ""));
}

TEST(Exchange, ALongRequestIsCutIntoFrames) {
  Exchange exchange(NewCall(std::string(40'000, 'x')));
  exchange.TakeOutgoing();
  ASSERT_TRUE(exchange.Take(kServed));
  const std::string request = exchange.TakeOutgoing();
  EXPECT_TRUE(request.ends_with(Frame(kData, kEndStream, 1, std::string(40'005 - 2 * 16384, 'x'))));
}

TEST(Exchange, TheLongestRequestFitsIntoTheFirstWindow) {
  Exchange exchange(NewCall(std::string(kMostRequestBytes, 'x')));
  ASSERT_TRUE(exchange.Take(kServed));
  EXPECT_EQ(FramesOf(exchange.TakeOutgoing().substr(24)).back().flags, kEndStream);
}

TEST(Exchange, TheRequestWaitsForTheOthersWindow) {
  Exchange exchange(NewCall());
  constexpr std::uint64_t kInitialWindow = 4;
  ASSERT_TRUE(exchange.Take(Frame(kSettings, 0, 0, BigEndian(kInitialWindow, 2) + BigEndian(6, 4))));
  EXPECT_TRUE(exchange.TakeOutgoing().ends_with(Frame(kData, 0, 1, Message("hello").substr(0, 6))));
  ASSERT_TRUE(exchange.Take(Frame(kWindowUpdate, 0, 1, BigEndian(100, 4))));
  EXPECT_EQ(exchange.TakeOutgoing(), Frame(kData, kEndStream, 1, Message("hello").substr(6)));
}

TEST(Exchange, TheAnswerMayComeByteByByte) {
  Exchange exchange(NewCall());
  for (const char byte : kServed + Frame(kPing, 0, 0, "12345678") + GoodAnswer("the answer"))
    ASSERT_TRUE(exchange.Take(std::string_view(&byte, 1)));
  ASSERT_TRUE(exchange.end());
  EXPECT_TRUE(*exchange.end());
  EXPECT_EQ(exchange.message(), "the answer");
  EXPECT_TRUE(exchange.TakeOutgoing().ends_with(Frame(kPing, kAck, 0, "12345678"))) << "a ping is answered";
}

TEST(Exchange, TheAnswerMayComeInFramesOfAByte) {
  std::string answer = AnswerHeaders();
  for (const char byte : Message("the answer")) answer += Frame(kData, 0, 1, std::string(1, byte));
  const Ended ended(answer + Trailers({{"grpc-status", "0"}}));
  ASSERT_TRUE(ended.exchange.end() && *ended.exchange.end());
  EXPECT_EQ(ended.exchange.message(), "the answer");
}

TEST(Exchange, ALongAnswerWaitsForNoWindow) {
  Exchange exchange(NewCall());
  ASSERT_TRUE(exchange.Take(kServed + Frame(kSettings, kAck, 0, "")));
  exchange.TakeOutgoing();
  const std::string text(4 << 20, 'x');
  const std::string body = Message(text);
  ASSERT_TRUE(exchange.Take(AnswerHeaders()));
  for (std::size_t at = 0; at < body.size(); at += 16384)
    ASSERT_TRUE(exchange.Take(Frame(kData, 0, 1, body.substr(at, 16384))));
  ASSERT_TRUE(exchange.Take(Trailers({{"grpc-status", "0"}})));
  ASSERT_TRUE(exchange.end() && *exchange.end());
  EXPECT_EQ(exchange.message(), text);
  EXPECT_EQ(exchange.TakeOutgoing(), "");
}

TEST(Exchange, AnAnswerThatIsTooLongIsRefusedByWhatItTells) {
  const Ended ended(AnswerHeaders() + Frame(kData, 0, 1, BigEndian(std::uint64_t{600} << 20, 5) + "begin"));
  EXPECT_EQ(ended.error().code, Code::kDataLoss);
  EXPECT_THAT(ended.error().message, HasSubstr("629145600 bytes"));
}

TEST(Exchange, AnErrorHasItsCodeAndItsWords) {
  const std::string block =
      Block({{":status", "200"}, {"grpc-status", "9"}, {"grpc-message", "50%25 of %C3%A4"}});
  // In two parts, padded.
  const std::string first = BigEndian(2, 1) + block.substr(0, 5) + std::string(2, '\0');
  const Ended ended(Frame(kHeaders, kEndStream | kPadded, 1, first) +
                    Frame(kContinuation, kEndHeaders, 1, block.substr(5)));
  EXPECT_EQ(ended.error(), FailedPrecondition("50% of \xC3\xA4"));
}

TEST(Exchange, WordsKeepTheirBlanks) {
  const Ended ended(
      Trailers({{":status", "200"}, {"grpc-status", "9"}, {"grpc-message", " ends with a blank "}}));
  EXPECT_EQ(ended.error(), FailedPrecondition(" ends with a blank "));
}

TEST(Exchange, EveryFormOfHeadersIsUnderstood) {
  // A table size of 0 and then of 4096, :status 200 by its index, a literal to be kept, Huffman-coded text
  // (the first example of RFC 7541's C.4).
  const std::string block = "\x20\x3f\xe1\x1f\x88\x40" + BigEndian(11, 1) + "grpc-status" + "\x01" + "5" +
                            BigEndian(0, 1) + "\x0c" + "grpc-message" +
                            "\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff";
  const Ended ended(Frame(kHeaders, kEndHeaders | kEndStream, 1, block));
  EXPECT_EQ(ended.error(), NotFound("www.example.com"));
}

TEST(Exchange, HeadersThatAreCutEndNoCallWell) {
  const std::string block = Block({{"grpc-status", "0"}, {"grpc-message", "fine"}});
  for (std::size_t size = 0; size < block.size(); ++size) {
    const Ended ended(AnswerHeaders() + Frame(kData, 0, 1, Message("a")) +
                      Frame(kHeaders, kEndHeaders | kEndStream, 1, block.substr(0, size)));
    const bool without_words = size == Block({{"grpc-status", "0"}}).size();
    EXPECT_EQ(ended.taken && ended.exchange.end() && *ended.exchange.end(), without_words) << size;
  }
  for (const std::string& broken : {std::string("\xbe"),  // an entry of a table that has none
                                    std::string("\x3f\xff\xff\xff\xff\xff\xff\xff"),  // an endless number
                                    std::string("\x00\x7f\xff\xff\xff\x7f", 6)}) {    // a huge string
    EXPECT_FALSE(Ended(Frame(kHeaders, kEndHeaders | kEndStream, 1, broken)).taken);
  }
}

TEST(Exchange, WhatTellsNoEndIsNone) {
  const std::string well = Trailers({{"grpc-status", "0"}});
  std::string compressed = Message("ab");
  compressed[0] = 1;
  for (const std::string& answer :
       {Trailers({{":status", "500"}}), Trailers({{":status", "200"}, {"grpc-status", "17"}}),
        Trailers({{"grpc-status", "0"}}),  // no HTTP status
        AnswerHeaders() + Frame(kData, kEndStream, 1, Message("a")), AnswerHeaders() + well,
        AnswerHeaders() + Frame(kData, 0, 1, Message("ab").substr(0, 6)) + well,
        AnswerHeaders() + Frame(kData, 0, 1, Message("ab") + "c") + well,
        AnswerHeaders() + Frame(kData, 0, 1, compressed) + well,
        Frame(kReset, 0, 1, BigEndian(NGHTTP2_INTERNAL_ERROR, 4))}) {
    const Ended ended(answer);
    EXPECT_TRUE(ended.taken);
    EXPECT_EQ(ended.error().code, Code::kInternal) << ended.error().message;
  }
}

TEST(Exchange, AConnectionThatEndsOrRefusesIsUnavailable) {
  for (const std::string& answer : {Frame(kGoAway, 0, 0, std::string(8, '\0')),
                                    Frame(kReset, 0, 1, BigEndian(NGHTTP2_REFUSED_STREAM, 4))}) {
    const Ended ended(answer);
    EXPECT_TRUE(ended.taken);
    EXPECT_EQ(ended.error().code, Code::kUnavailable) << ended.error().message;
    EXPECT_TRUE(ended.exchange.sent());
  }
}

const std::string kLastGoAway = Frame(kGoAway, 0, 0, BigEndian(0x7fffffff, 4) + BigEndian(0, 4));

TEST(Exchange, AConnectionThatIsClosingAlreadyGetsNoRequest) {
  Exchange exchange(NewCall());
  ASSERT_TRUE(exchange.Take(kServed + kLastGoAway));
  ASSERT_TRUE(exchange.end() && !*exchange.end());
  EXPECT_EQ(exchange.end()->error().code, Code::kUnavailable) << exchange.end()->error().message;
  EXPECT_FALSE(exchange.sent());
  EXPECT_THAT(exchange.TakeOutgoing(), Not(HasSubstr("hello")));
}

TEST(Exchange, AConnectionThatIsClosingStillAnswers) {
  const Ended ended(kLastGoAway + GoodAnswer("the answer"));
  ASSERT_TRUE(ended.exchange.end() && *ended.exchange.end());
  EXPECT_EQ(ended.exchange.message(), "the answer");
}

TEST(Exchange, WhatComesAfterTheEndChangesNothing) {
  Ended ended(GoodAnswer("the answer") + "HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_TRUE(ended.taken);
  EXPECT_TRUE(ended.exchange.Take("HTTP/1.1 400 Bad Request\r\n\r\n"));
  ASSERT_TRUE(ended.exchange.end() && *ended.exchange.end());
  EXPECT_EQ(ended.exchange.message(), "the answer");
}

TEST(Exchange, WhatIsNotHttpIsSaidToBe) {
  Exchange exchange(NewCall());
  EXPECT_FALSE(exchange.Take("HTTP/1.1 400 Bad Request\r\n\r\n"));
  for (const std::string& bytes :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), Frame(kData, kEndStream, 1, Message("a")),
        AnswerHeaders() + Frame(kData, kPadded, 1, "\x09x"), Frame(kHeaders, kEndHeaders, 3, "\x88"),
        Frame(kHeaders, kEndHeaders | kPriority, 1, "abc"), Frame(kGoAway, 0, 0, "abc"),
        Frame(kReset, 0, 1, "")}) {
    const Ended ended(bytes);
    ASSERT_FALSE(ended.taken);
    EXPECT_EQ(ended.taken.error().code, Code::kDataLoss);
  }
}

}  // namespace
}  // namespace bsub::cli::quick
