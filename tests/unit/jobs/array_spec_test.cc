#include "jobs/array_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace bsub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::uint32_t> Members(const ArraySpec& spec) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < spec.size(); ++i) out.push_back(spec.IndexOf(i));
  return out;
}

std::string Canonical(std::string_view text) {
  const auto spec = ParseArraySpec(text);
  return spec ? spec->ToString() : "error: " + spec.error().message;
}

std::string ArrayError(std::string_view text, const ArrayLimits& limits = {}) {
  const auto spec = ParseArraySpec(text, limits);
  return spec ? "parsed as " + spec->ToString() : spec.error().message;
}

TEST(ParseArraySpec, ReadsRangesStepsListsAndALimit) {
  EXPECT_THAT(Members(ParseArraySpec("1-5").value()), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(Members(ParseArraySpec("1,4,7-9").value()), ElementsAre(1, 4, 7, 8, 9));
  EXPECT_THAT(Members(ParseArraySpec("0-9:3").value()), ElementsAre(0, 3, 6, 9));
  EXPECT_THAT(Members(ParseArraySpec("100").value()), ElementsAre(100));
  const ArraySpec limited = ParseArraySpec("1-1000:2%50").value();
  EXPECT_EQ(limited.size(), 500u);
  EXPECT_EQ(limited.concurrency(), 50u);
}

TEST(ParseArraySpec, TheLastIndexIsMovedToAMember) {
  EXPECT_EQ(Canonical("0-10:3"), "0-9:3");
  EXPECT_EQ(Canonical("5-9:100"), "5");
}

TEST(ParseArraySpec, OneSetHasOneSpelling) {
  EXPECT_EQ(Canonical("3,1,2"), "1-3");
  EXPECT_EQ(Canonical("1-5,3,4-8"), "1-8");
  EXPECT_EQ(Canonical("1-3,4-6"), "1-6");
  EXPECT_EQ(Canonical("1,3,5,7"), "1-7:2");
  EXPECT_EQ(Canonical("1-5:2,7-11:2"), "1-11:2");
  EXPECT_EQ(Canonical("0-8:2,1-9:2"), "0-9");
  EXPECT_EQ(Canonical("1,3"), "1,3");
  EXPECT_EQ(Canonical("1-9:4,5"), "1-9:4");
  EXPECT_EQ(Canonical(" 7 "), "7");
  EXPECT_EQ(Canonical("1-4%2"), "1-4%2");
}

TEST(ParseArraySpec, OverlappingStridesAreMerged) {
  EXPECT_THAT(Members(ParseArraySpec("0-12:4,0-12:3").value()), ElementsAre(0, 3, 4, 6, 8, 9, 12));
  EXPECT_EQ(ParseArraySpec("0-999998:2,1-999999:2").value(), SizedArray(1'000'000));
}

// A stride must not be continued over a gap just because its phase fits.
TEST(ParseArraySpec, EqualPhaseDoesNotBridgeAGap) {
  EXPECT_THAT(Members(ParseArraySpec("0-50:7,10-16:3,40-46:3").value()),
              ElementsAre(0, 7, 10, 13, 14, 16, 21, 28, 35, 40, 42, 43, 46, 49));
}

TEST(ParseArraySpec, AMillionChildrenAreAFewNumbers) {
  const ArraySpec spec = ParseArraySpec("1-2000000:2").value();
  EXPECT_EQ(spec.size(), 1'000'000u);
  EXPECT_EQ(spec.ranges().size(), 1u);
  EXPECT_EQ(spec.IndexOf(999'999), 1'999'999u);
}

TEST(ParseArraySpec, ErrorsNameThePlaceAndTheRemedy) {
  EXPECT_THAT(ArrayError(""), HasSubstr("empty"));
  EXPECT_THAT(ArrayError("5-1"), HasSubstr("the range 5-1 runs backwards"));
  EXPECT_THAT(ArrayError("1-9:0"), HasSubstr("a step must be at least 1"));
  EXPECT_THAT(ArrayError("1-9%0"), HasSubstr("must be at least 1"));
  EXPECT_THAT(ArrayError("1-9x"), HasSubstr("at character 4: unexpected 'x'"));
  EXPECT_THAT(ArrayError("1,,2"), HasSubstr("at character 3: expected an index"));
  EXPECT_THAT(ArrayError("1-"), HasSubstr("expected an index after '-' but the text ends"));
  EXPECT_THAT(ArrayError("-5"), HasSubstr("at character 1"));
  EXPECT_THAT(ArrayError("1-3%"), HasSubstr("a limit of children at a time"));
  EXPECT_THAT(ArrayError("1-3%5%6"), HasSubstr("unexpected '%6'"));
  EXPECT_THAT(ArrayError("2147483648"), HasSubstr("2147483648 is too large; at most 2147483646"));
  EXPECT_THAT(ArrayError("99999999999999999999999"), HasSubstr("is too large"));
  EXPECT_THAT(ArrayError("1-1000001"), HasSubstr("1000001 children; at most 1000000"));
  EXPECT_THAT(ArrayError("1-600000,700001-1300000"), HasSubstr("1200000 children"));
}

TEST(ParseArraySpec, HugeRangesAreRefusedWithoutBeingWrittenOut) {
  EXPECT_THAT(ArrayError("0-2147483646"), HasSubstr("2147483647 children"));
  EXPECT_THAT(ArrayError("0-2147483646:2,0-2147483646:3"), HasSubstr("children; at most"));
  std::string many;
  for (int step = 2; step < 2000; ++step)
    many += (step == 2 ? "0-999999:" : ",0-999999:") + std::to_string(step);
  EXPECT_THAT(ArrayError(many), HasSubstr("write them without overlap"));
}

TEST(ParseArraySpec, LimitsAreSettings) {
  EXPECT_THAT(ArrayError("1-11", {.max_children = 10}), HasSubstr("at most 10"));
  EXPECT_THAT(ArrayError("0-100:10", {.max_index = 99}), HasSubstr("at most 99"));
}

TEST(ArraySpec, IndexAndOrdinalAreInverse) {
  const ArraySpec spec = ParseArraySpec("2,10-20:5,100-102").value();
  EXPECT_THAT(Members(spec), ElementsAre(2, 10, 15, 20, 100, 101, 102));
  for (std::uint32_t i = 0; i < spec.size(); ++i) EXPECT_EQ(spec.OrdinalOf(spec.IndexOf(i)), i);
  for (const std::uint32_t stranger : {0u, 3u, 11u, 21u, 99u, 103u, 4'000'000'000u}) {
    EXPECT_EQ(spec.OrdinalOf(stranger), std::nullopt) << stranger;
  }
}

TEST(ArraySpecDeathTest, ChecksItsRanges) {
  EXPECT_DEATH(ArraySpec({{0, 5, 1}, {5, 6, 1}}, 0), "ranges overlap at 5");
  EXPECT_DEATH(ArraySpec({{0, 5, 0}}, 0), "0-5");
}

TEST(MakeArraySpec, JudgesRangesFromOutside) {
  EXPECT_EQ(MakeArraySpec({{5, 9, 2}, {1, 3, 1}}, 4).value().ToString(), "1-3,5-9:2%4");
  EXPECT_FALSE(MakeArraySpec({}, 0));
  EXPECT_FALSE(MakeArraySpec({{5, 1, 1}}, 0));
  EXPECT_FALSE(MakeArraySpec({{0, 5, 0}}, 0));
  EXPECT_FALSE(MakeArraySpec({{0, 4'000'000'000, 1'000'000'000}}, 0));
}

TEST(SizedArray, CountsFromZeroAsAwsDoes) {
  EXPECT_EQ(SizedArray(3).ToString(), "0-2");
  EXPECT_EQ(SizedArray(1).ToString(), "0");
  EXPECT_EQ(SizedArray(0).size(), 0u);
}

// Random lists against a plain set: same members, and the spelling reads back as the same value.
TEST(ParseArraySpec, AgreesWithASetOfNumbers) {
  std::mt19937 random(20261121);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (int round = 0; round < 2000; ++round) {
    std::set<std::uint32_t> expected;
    std::string text;
    for (std::uint32_t item = 0, items = 1 + below(5); item < items; ++item) {
      const std::uint32_t first = below(40), last = first + below(30), step = 1 + below(6);
      text += (item == 0 ? "" : ",") + std::to_string(first) + "-" + std::to_string(last) + ":" +
              std::to_string(step);
      for (std::uint32_t i = first; i <= last; i += step) expected.insert(i);
    }
    const auto spec = ParseArraySpec(text);
    ASSERT_TRUE(spec) << text << ": " << spec.error().message;
    ASSERT_THAT(Members(*spec), testing::ElementsAreArray(expected)) << text;
    ASSERT_EQ(ParseArraySpec(spec->ToString()).value(), *spec) << text << " -> " << spec->ToString();
  }
}

TEST(ParseJobTarget, ReadsOurOwnSlurmsAndAwsSpelling) {
  EXPECT_EQ(ParseJobTarget("12").value(), (JobTarget{.job = 12, .index = std::nullopt}));
  for (const char* text : {"12[17]", "12_17", "12:17"}) {
    EXPECT_EQ(ParseJobTarget(text).value(), (JobTarget{.job = 12, .index = 17})) << text;
  }
  EXPECT_EQ(ParseJobTarget("18446744073709551615").value().job, 18446744073709551615ULL);
  EXPECT_EQ(ToString(ParseJobTarget("12_17").value()), "12[17]");
}

TEST(ParseJobTarget, RefusesAnythingElse) {
  for (const char* text : {"", "x", "0", "-1", "12[", "12[]", "12[17", "12[17]x", "12_", "12 17", "12[17]]",
                           "12[-1]", "18446744073709551616", "12[4294967296]", "12__1"}) {
    const auto target = ParseJobTarget(text);
    ASSERT_FALSE(target) << text;
    EXPECT_THAT(target.error().message, HasSubstr("write an id such as 12")) << text;
  }
}

}  // namespace
}  // namespace bsub
