#include "jobs/dependency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace bsub {
namespace {

using testing::HasSubstr;
using Kind = DependencyNode::Kind;

std::string DependencyError(std::string_view text, const DependencyLimits& limits = {}) {
  const auto parsed = ParseDependency(text, limits);
  return parsed ? "parsed as " + ToString(*parsed) : parsed.error().message;
}

DependencyNode Done(std::uint64_t job) { return {.condition = Condition::kDone, .job = JobId(job)}; }

TEST(ParseDependency, AConditionIsOneNode) {
  const auto parsed = ParseDependency("exit(12[3], >=2)").value();
  ASSERT_EQ(parsed.nodes.size(), 1u);
  EXPECT_EQ(parsed.nodes[0], (DependencyNode{.condition = Condition::kExit,
                                             .compare = Compare::kGreaterEqual,
                                             .exit_code = 2,
                                             .job = JobId(12),
                                             .index = 3}));
}

TEST(ParseDependency, OperatorsStandBehindTheirOperands) {
  const auto parsed = ParseDependency("done(1) || done(2) && !done(3)").value();
  const Dependency expected{
      {Done(1), Done(2), Done(3), {.kind = Kind::kNot}, {.kind = Kind::kAnd}, {.kind = Kind::kOr}}};
  EXPECT_EQ(parsed, expected);
}

struct Spelling {
  std::string_view written;
  std::string_view canonical;
};

class CanonicalText : public testing::TestWithParam<Spelling> {};

TEST_P(CanonicalText, IsAsExpectedAndReadsBackTheSame) {
  const auto parsed = ParseDependency(GetParam().written);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(ToString(*parsed), GetParam().canonical);
  EXPECT_EQ(ParseDependency(GetParam().canonical).value(), *parsed);
  EXPECT_TRUE(Validate(*parsed));
}

INSTANTIATE_TEST_SUITE_P(
    Jobs, CanonicalText,
    testing::Values(Spelling{"12", "done(12)"}, Spelling{"prep", "done(prep)"},
                    Spelling{"\"12\"", "done(\"12\")"}, Spelling{"done('a b')", "done(\"a b\")"},
                    Spelling{"12[7]", "done(12[7])"}, Spelling{"ended(\"align*\")", "ended(align*)"},
                    Spelling{"ended(align*)", "ended(align*)"}, Spelling{"started(12*)", "started(12*)"},
                    Spelling{"done(12[*])", "done(12[*])"}, Spelling{"done(align[*])", "done(align[*])"},
                    Spelling{"done(\"align[*]\")", "done(align[*])"},
                    Spelling{"done(\"al ign[3]\")", "done(\"al ign\"[3])"},
                    Spelling{"n_to_n(5)", "done(5[*])"}, Spelling{"n_to_n(align)", "done(align[*])"},
                    Spelling{"sequential()", "sequential()"}, Spelling{"done(done)", "done(done)"},
                    Spelling{"done", "done(done)"}, Spelling{"rule.a/b:c-1", "done(rule.a/b:c-1)"},
                    Spelling{"\"nf-foo_(1)\"", "done(\"nf-foo_(1)\")"}));

INSTANTIATE_TEST_SUITE_P(
    ExitCodes, CanonicalText,
    testing::Values(Spelling{"exit(5)", "exit(5)"}, Spelling{"exit(5,3)", "exit(5, 3)"},
                    Spelling{"exit(5, ==3)", "exit(5, 3)"}, Spelling{"exit(5, >= 3)", "exit(5, >=3)"},
                    Spelling{"exit(5,!=0)", "exit(5, !=0)"}, Spelling{"exit(5,<4)", "exit(5, <4)"},
                    Spelling{"exit(5,<=4)", "exit(5, <=4)"}, Spelling{"exit(a,>255)", "exit(a, >255)"}));

INSTANTIATE_TEST_SUITE_P(Operators, CanonicalText,
                         testing::Values(Spelling{"1&&2||3", "done(1) && done(2) || done(3)"},
                                         Spelling{"1&&(2||3)", "done(1) && (done(2) || done(3))"},
                                         Spelling{"(1&&2)&&3", "done(1) && done(2) && done(3)"},
                                         Spelling{"1&&(2&&3)", "done(1) && (done(2) && done(3))"},
                                         Spelling{"!!1", "!!done(1)"},
                                         Spelling{"!(1||2)", "!(done(1) || done(2))"},
                                         Spelling{"((( 1 )))", "done(1)"},
                                         Spelling{"!(1)&&2", "!done(1) && done(2)"},
                                         Spelling{"\t1 \n && 2 ", "done(1) && done(2)"}));

struct Mistake {
  std::string_view written;
  std::string_view message;
};

class MistakeIsExplained : public testing::TestWithParam<Mistake> {};

TEST_P(MistakeIsExplained, WithItsColumn) {
  EXPECT_THAT(DependencyError(GetParam().written), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, MistakeIsExplained,
    testing::Values(
        Mistake{"", "at character 1: empty; write a condition such as done(12)"},
        Mistake{"done(1) &&", "at character 11: expected a condition such as done(12)"},
        Mistake{"done(1) & done(2)", "at character 9: expected '&&', '||' or the end, not '& done(2)'"},
        Mistake{"done(1) done(2)", "expected '&&', '||' or the end"},
        Mistake{"(done(1)", "at character 9: expected ')', but the text ends"},
        Mistake{"done(1))", "the end, not ')'"},
        Mistake{"doen(1)", "no condition is called 'doen'; did you mean 'done'?"},
        Mistake{"numdone(1)", "no condition is called 'numdone'"},
        Mistake{"done()", "at character 6: expected a job id or a job name"},
        Mistake{"done(0)", "the job id 0 is out of range"},
        Mistake{"done(99999999999999999999)", "is out of range"},
        Mistake{"done(1[])", "expected an index or '*' after '['"}, Mistake{"done(1[2)", "expected ']'"},
        Mistake{"done(1[2147483647])", "the index is too large; at most 2147483646"},
        Mistake{"done(\"abc)", "the quoted name has no closing \""},
        Mistake{"done(\"\")", "is empty or holds"}, Mistake{"done(\"a*b\")", "'*' may only end a name"},
        Mistake{"done(*)", "expected a job id or a job name"}, Mistake{"done(a*[1])", "cannot take an index"},
        Mistake{"done(\"a[1]b\")", "expected the closing quote after ']'"},
        Mistake{"exit(1,)", "expected an exit code such as 3 or >=3"},
        Mistake{"exit(1,=3)", "expected an exit code"},
        Mistake{"exit(1, 256)", "exit codes run from 0 to 255"},
        Mistake{"done(1, 3)", "at character 7: expected ')'"}, Mistake{"sequential(1)", "expected ')'"},
        Mistake{"n_to_n(1[2])", "leave the index out"}, Mistake{"n_to_n(a*)", "takes one array"}));

TEST(ParseDependency, ReadsTheExamplesOfTheGuide) {  // docs/dependencies.md
  for (const char* text :
       {"done(12)", "done(prep) && !exit(check)", "done(12[*])", "done(1) || done(2) && done(3)",
        "ended(1) && (exit(1, 3) || done(2))", "!exit(1)", "align[*]", "exit(align[*], 137)", "done(call)",
        "sequential() && align[*]", "\"my job (1)\"", "\"align[7]\"", "done(1) && ended(\"x*\")"}) {
    EXPECT_TRUE(ParseDependency(text)) << text;
  }
}

TEST(ParseDependency, ErrorsStayOnOneLineWhateverIsWritten) {
  const std::string error = DependencyError(std::string_view("done(1)\n\0\x01 &&", 13));
  EXPECT_EQ(error.find('\n'), std::string::npos);
  EXPECT_THAT(error, HasSubstr("\\n\\0\\x01"));
}

TEST(ParseDependency, NestingIsLimitedButChainsAreNot) {
  EXPECT_THAT(DependencyError(std::string(1'000'000, '(')), HasSubstr("nest more than 200 deep"));
  EXPECT_THAT(DependencyError(std::string(1'000'000, '!')), HasSubstr("nest more than 200 deep"));
  EXPECT_TRUE(ParseDependency(std::string(200, '(') + "1" + std::string(200, ')')));
  std::string chain = "1";
  for (int job = 2; job <= 5000; ++job) chain += "&&" + std::to_string(job);
  const auto parsed = ParseDependency(chain);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->nodes.size(), 9999u);
  EXPECT_TRUE(Validate(*parsed));
  EXPECT_EQ(ParseDependency(ToString(*parsed)).value(), *parsed);
  EXPECT_THAT(DependencyError(chain + "&&5001"), HasSubstr("more than 10000 conditions and operators"));
}

TEST(Validate, AcceptsNoDependencyAndRefusesBrokenPostfix) {
  EXPECT_TRUE(Validate(Dependency{}));
  EXPECT_FALSE(Validate(Dependency{{{.kind = Kind::kNot}}}));
  EXPECT_FALSE(Validate(Dependency{{Done(1), {.kind = Kind::kAnd}}}));
  EXPECT_FALSE(Validate(Dependency{{Done(1), Done(2)}}));
  EXPECT_TRUE(Validate(Dependency{{Done(1), Done(2), {.kind = Kind::kAnd}}}));
}

TEST(Validate, RefusesConditionsThatMakeNoSense) {
  const auto refused = [](const DependencyNode& node) { return !Validate(Dependency{{node}}); };
  EXPECT_TRUE(refused({.condition = Condition::kDone}));
  EXPECT_TRUE(refused({.condition = Condition::kDone, .compare = Compare::kEqual, .job = JobId(1)}));
  EXPECT_TRUE(refused({.condition = Condition::kSequential, .job = JobId(1)}));
  EXPECT_TRUE(refused({.index_wise = true, .job = JobId(1), .index = 2}));
  EXPECT_TRUE(refused({.name = "say \"hi\""}));
  EXPECT_TRUE(refused({.name = "a*b"}));
  EXPECT_TRUE(refused({.index_wise = true, .name = "a*"}));
  EXPECT_FALSE(refused({.index_wise = true, .name = "a b"}));
}

TEST(Validate, CountsNestingAsTheParserDoes) {
  Dependency negations{{Done(1)}};
  for (int i = 0; i < 200; ++i) negations.nodes.push_back({.kind = Kind::kNot});
  EXPECT_TRUE(Validate(negations));
  negations.nodes.push_back({.kind = Kind::kNot});
  EXPECT_FALSE(Validate(negations));
}

TEST(Both, JoinsWithAndAndLeavesEmptySidesOut) {
  const auto either = ParseDependency("1 || 2").value();
  const auto third = ParseDependency("3").value();
  EXPECT_EQ(ToString(Both(either, third)), "(done(1) || done(2)) && done(3)");
  EXPECT_EQ(Both({}, third), third);
  EXPECT_EQ(Both(third, {}), third);
  EXPECT_TRUE(Both({}, {}).empty());
}

TEST(Matches, ComparesExitCodes) {
  EXPECT_TRUE(Matches(Compare::kAny, 0, 99));
  EXPECT_TRUE(Matches(Compare::kEqual, 3, 3));
  EXPECT_TRUE(Matches(Compare::kNotEqual, 3, 4));
  EXPECT_TRUE(Matches(Compare::kLess, 3, 2));
  EXPECT_FALSE(Matches(Compare::kLess, 3, 3));
  EXPECT_TRUE(Matches(Compare::kLessEqual, 3, 3));
  EXPECT_TRUE(Matches(Compare::kGreater, 3, 4));
  EXPECT_FALSE(Matches(Compare::kGreater, 3, 3));
  EXPECT_TRUE(Matches(Compare::kGreaterEqual, 3, 3));
}

Dependency RandomTree(std::mt19937& random, int depth) {
  const auto pick = random() % (depth == 0 ? 3 : 6);
  Dependency tree;
  if (pick < 3) {
    DependencyNode node{.condition = static_cast<Condition>(random() % 4)};
    if (pick == 0) node.job = JobId(1 + random() % 100);
    if (pick == 1) node.name = random() % 2 ? "a b(c" : "7";
    if (pick == 2) node.name = random() % 2 ? "done" : "x*";
    if (!node.name.ends_with('*') && random() % 3 == 0) node.index = random() % 50;
    if (node.condition == Condition::kExit) node.compare = static_cast<Compare>(random() % 7);
    if (node.compare != Compare::kAny) node.exit_code = static_cast<std::int32_t>(random() % 256);
    tree.nodes.push_back(node);
    return tree;
  }
  tree = RandomTree(random, depth - 1);
  if (pick == 3) {
    tree.nodes.push_back({.kind = Kind::kNot});
    return tree;
  }
  const Dependency right = RandomTree(random, depth - 1);
  tree.nodes.insert(tree.nodes.end(), right.nodes.begin(), right.nodes.end());
  tree.nodes.push_back({.kind = pick == 4 ? Kind::kAnd : Kind::kOr});
  return tree;
}

TEST(ToString, EveryTreeReadsBackAsItself) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const Dependency tree = RandomTree(random, 6);
    const std::string text = ToString(tree);
    const auto again = ParseDependency(text);
    ASSERT_TRUE(again) << text << ": " << again.error().message;
    ASSERT_EQ(*again, tree) << text;
  }
}

}  // namespace
}  // namespace bsub
