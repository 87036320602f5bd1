// The bytes of a call without gRPC. That a real gRPC server understands them is shown by every other test of
// a command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/quick/exchange.h"

namespace bsub::cli::quick {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Frame(int type, int flags, std::uint32_t stream, const std::string& body) {
  std::string out;
  for (int shift : {16, 8, 0}) out.push_back(static_cast<char>(body.size() >> shift & 0xff));
  out.push_back(static_cast<char>(type));
  out.push_back(static_cast<char>(flags));
  for (int shift : {24, 16, 8, 0}) out.push_back(static_cast<char>(stream >> shift & 0xff));
  return out + body;
}
const std::string kSettings = Frame(4, 0, 0, "");

std::string Block(const std::vector<Header>& headers) {
  std::string block;
  for (const Header& header : headers) AppendHeader(block, header.name, header.value);
  return block;
}
std::string Message(const std::string& text) {
  std::string out(5, '\0');
  out[3] = static_cast<char>(text.size() >> 8);
  out[4] = static_cast<char>(text.size() & 0xff);
  return out + text;
}
std::string GoodAnswer(const std::string& text) {
  return Frame(1, 4, 1, "\x88") + Frame(0, 0, 1, Message(text)) +
         Frame(1, 5, 1, Block({{"grpc-status", "0"}}));
}

Exchange NewExchange(std::string message = "hello") {
  return Exchange({"/p.S/M", {{"k", "v"}}, std::move(message)});
}

TEST(Headers, ReadBackAsWritten) {
  const std::vector<Header> headers = {{"grpc-status", "0"}, {"k", std::string(1000, 'v')}, {"empty", ""}};
  const auto read = ReadHeaderBlock(Block(headers));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, headers);
}

TEST(Headers, TheUsualFormsAreUnderstood) {
  // A table size of 0, :status 200 indexed, a name by its index, Huffman-coded text, literal "a: b" to be
  // kept.
  const std::string block = std::string("\x20\x88\x0f\x10\x01x", 6) + std::string("\x00\x81\x1f\x01y", 5) +
                            std::string(
                                "\x40\x01"
                                "a\x01"
                                "b",
                                5);
  const auto read = ReadHeaderBlock(block);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(*read,
              ElementsAre(Header{":status", "200"}, Header{"", "x"}, Header{"", "y"}, Header{"a", "b"}));
}

TEST(Headers, EveryCutIsNoticedOrShorter) {
  const std::string block = Block({{"grpc-status", "0"}, {"grpc-message", std::string(300, 'm')}});
  for (std::size_t size = 0; size < block.size(); ++size) {
    const auto read = ReadHeaderBlock(std::string_view(block).substr(0, size));
    EXPECT_TRUE(!read || read->size() < 2) << size;
  }
  EXPECT_FALSE(ReadHeaderBlock("\xbe")) << "an entry of a dynamic table";
  EXPECT_FALSE(ReadHeaderBlock("\x3f\xff\xff\xff\xff\xff\xff\xff")) << "an endless number";
  EXPECT_FALSE(ReadHeaderBlock(std::string("\x00\x7f\xff\xff\xff\x7f", 6))) << "a huge string";
}

TEST(Exchange, TheRequestGoesWhenTheOtherSideHasShownItself) {
  Exchange exchange = NewExchange();
  const std::string opening = exchange.TakeOutgoing();
  EXPECT_TRUE(opening.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  EXPECT_THAT(opening, ::testing::Not(HasSubstr("hello")));
  EXPECT_FALSE(exchange.sent());
  ASSERT_TRUE(exchange.Take(kSettings));
  EXPECT_TRUE(exchange.sent());
  const std::string request = exchange.TakeOutgoing();
  EXPECT_THAT(request, HasSubstr("/p.S/M"));
  EXPECT_TRUE(request.ends_with(Frame(0, 1, 1, Message("hello"))));
}

TEST(Exchange, ALongRequestIsCutIntoFrames) {
  Exchange exchange = NewExchange(std::string(40'000, 'x'));
  exchange.TakeOutgoing();
  ASSERT_TRUE(exchange.Take(kSettings));
  const std::string request = exchange.TakeOutgoing();
  EXPECT_TRUE(request.ends_with(Frame(0, 1, 1, std::string(40'005 - 2 * 16384, 'x'))));
}

TEST(Exchange, TheAnswerMayComeByteByByte) {
  Exchange exchange = NewExchange();
  for (const char byte : kSettings + Frame(6, 0, 0, "12345678") + GoodAnswer("the answer"))
    ASSERT_TRUE(exchange.Take(std::string_view(&byte, 1)));
  ASSERT_TRUE(exchange.end());
  EXPECT_TRUE(*exchange.end());
  EXPECT_EQ(exchange.message(), "the answer");
  EXPECT_TRUE(exchange.TakeOutgoing().ends_with(Frame(6, 1, 0, "12345678"))) << "a ping is answered";
}

TEST(Exchange, AnErrorHasItsCodeAndItsWords) {
  Exchange exchange = NewExchange();
  const std::string block =
      Block({{":status", "200"}, {"grpc-status", "9"}, {"grpc-message", "50%25 of %C3%A4"}});
  // In two parts, padded.
  const std::string first = std::string("\x02", 1) + block.substr(0, 5) + std::string(2, '\0');
  ASSERT_TRUE(exchange.Take(kSettings + Frame(1, 1 | 8, 1, first) + Frame(9, 4, 1, block.substr(5))));
  ASSERT_TRUE(exchange.end());
  ASSERT_FALSE(*exchange.end());
  EXPECT_EQ(exchange.end()->error(), FailedPrecondition("50% of \xC3\xA4"));
}

TEST(Exchange, WhatTellsNoEndIsNone) {
  for (const std::string& answer :
       {Frame(1, 5, 1, Block({{":status", "500"}})), Frame(1, 5, 1, Block({{"grpc-status", "17"}})),
        Frame(0, 1, 1, Message("a")), Frame(1, 5, 1, Block({{"grpc-status", "0"}})),
        Frame(0, 0, 1, Message("ab").substr(0, 6)) + Frame(1, 5, 1, Block({{"grpc-status", "0"}})),
        Frame(3, 0, 1, std::string("\0\0\0\x02", 4))}) {
    Exchange exchange = NewExchange();
    ASSERT_TRUE(exchange.Take(kSettings + answer));
    ASSERT_TRUE(exchange.end());
    ASSERT_FALSE(*exchange.end());
    EXPECT_EQ(exchange.end()->error().code, Code::kInternal) << exchange.end()->error().message;
  }
}

TEST(Exchange, AConnectionThatEndsOrRefusesIsUnavailable) {
  for (const std::string& answer :
       {Frame(7, 0, 0, std::string(8, '\0')), Frame(3, 0, 1, std::string("\0\0\0\x07", 4))}) {
    Exchange exchange = NewExchange();
    ASSERT_TRUE(exchange.Take(kSettings + answer));
    ASSERT_TRUE(exchange.end() && !*exchange.end());
    EXPECT_EQ(exchange.end()->error().code, Code::kUnavailable);
  }
}

TEST(Exchange, WhatIsNotHttpIsSaidToBe) {
  for (const std::string& bytes :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), Frame(0, 8, 1, std::string("\x09x", 2)),
        Frame(1, 4, 3, ""), Frame(1, 0x24, 1, "abc"), Frame(7, 0, 0, "abc"), Frame(3, 0, 1, "")}) {
    Exchange exchange = NewExchange();
    EXPECT_FALSE(exchange.Take(bytes));
  }
}

}  // namespace
}  // namespace bsub::cli::quick
