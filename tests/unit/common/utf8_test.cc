#include "common/utf8.h"

#include <gtest/gtest.h>

namespace bsub {
namespace {

TEST(ToUtf8, KeepsValidText) {
  for (const std::string text : {"", "plain", "tab\tand\nline", "é", "€uro", "\xF0\x9F\x98\x80", "\x7f",
                                 "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "\xe0\xa0\x80"}) {
    EXPECT_EQ(ToUtf8(text), text);
  }
  EXPECT_EQ(ToUtf8(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

TEST(ToUtf8, SpellsOtherBytes) {
  EXPECT_EQ(ToUtf8("/tmp/nope\xe9"), "/tmp/nope\\xe9");
  EXPECT_EQ(ToUtf8("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(ToUtf8("\x80"), "\\x80");
}

TEST(ToUtf8, SpellsTheBytesOfATornCharacterAndGoesOnBehindIt) {
  EXPECT_EQ(ToUtf8("\xe2\x82"), "\\xe2\\x82");
  EXPECT_EQ(ToUtf8("\xe2\x82z"), "\\xe2\\x82z");
  EXPECT_EQ(ToUtf8("\xe2\xc3\xa9"), "\\xe2é");
}

TEST(ToUtf8, SpellsOverlongFormsSurrogatesAndWhatIsBeyondUnicode) {
  EXPECT_EQ(ToUtf8("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(ToUtf8("\xe0\x9f\xbf"), "\\xe0\\x9f\\xbf");
  EXPECT_EQ(ToUtf8("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(ToUtf8("\xf0\x8f\xbf\xbf"), "\\xf0\\x8f\\xbf\\xbf");
  EXPECT_EQ(ToUtf8("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

// What comes out is text, whatever went in: once more changes nothing.
TEST(ToUtf8, OfEveryPairOfBytesIsText) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = ToUtf8(std::string{static_cast<char>(first), static_cast<char>(second), 'x'});
      ASSERT_EQ(ToUtf8(text), text) << first << " " << second;
      ASSERT_EQ(text.back(), 'x');
    }
  }
}

TEST(CutUtf8, CutsBetweenCharacters) {
  EXPECT_EQ(CutUtf8("abc", 3), "abc");
  EXPECT_EQ(CutUtf8("abc", 2), "ab");
  EXPECT_EQ(CutUtf8("aé", 2), "a");
  EXPECT_EQ(CutUtf8("aéb", 3), "aé");
  EXPECT_EQ(CutUtf8("€", 2), "");
  EXPECT_EQ(CutUtf8("a\xF0\x9F\x98\x80", 4), "a");
  EXPECT_EQ(CutUtf8("a\xF0\x9F\x98\x80", 5), "a\xF0\x9F\x98\x80");
}

}  // namespace
}  // namespace bsub
