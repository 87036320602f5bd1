// Dependency expressions: LSF's algebra (bsub -w) and AWS Batch's SEQUENTIAL and N_TO_N, mixed freely.
//
//   expr := and ('||' and)*        and := unary ('&&' unary)*       unary := '!' unary | '(' expr ')' | cond
//   cond := done(J) | ended(J) | started(J) | exit(J [, [op] code]) | sequential() | n_to_n(J) | J   (bare J
//   is done(J)) J    := ID | ID[INDEX] | ID[*] | "name" | name | name[*] | name*        op := > >= < <= == !=
//
// done(A) of a whole array: every child succeeded. ended(A): every child is over. exit(A): the array is over
// and failed; exit(A, op code): it is over and a child's exit code matches. started(A): a child has started.
// ID[*] is index-wise: child i waits for the k-th child of A, k being i's position; both arrays have one
// size. n_to_n(J) is done(J[*]); sequential() makes child k wait for the success of child k-1 of its own
// array.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"

namespace bsub {

enum class Condition : std::uint8_t { kDone, kEnded, kStarted, kExit, kSequential };
enum class Compare : std::uint8_t { kAny, kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

bool Matches(Compare op, std::int32_t code, std::int32_t actual);

// Node of an expression in postfix order: operands stand before their operator.
struct DependencyNode {
  enum class Kind : std::uint8_t { kCondition, kAnd, kOr, kNot };
  Kind kind = Kind::kCondition;
  Condition condition = Condition::kDone;
  Compare compare = Compare::kAny;
  bool index_wise = false;               // J[*]
  std::int32_t exit_code = 0;            // with compare != kAny
  JobId job{};                           // resolved target; not valid while only a name is known
  std::optional<std::uint32_t> index{};  // one child
  std::string name{};                    // as written, until resolved; may end in '*'
  friend bool operator==(const DependencyNode&, const DependencyNode&) = default;
};

struct Dependency {
  std::vector<DependencyNode> nodes{};  // postfix; empty: no dependency
  bool empty() const { return nodes.empty(); }
  friend bool operator==(const Dependency&, const Dependency&) = default;
};

struct DependencyLimits {
  std::size_t max_nodes = 10'000;
  std::size_t max_depth = 200;
};

Result<Dependency> ParseDependency(std::string_view text, const DependencyLimits& limits = {});

// `a && b`; an empty side is left out.
Dependency Both(Dependency a, Dependency b);

// The condition alone, e.g. done(12[3]).
std::string ToString(const DependencyNode& condition);
// Canonical text with as few parentheses as needed; parses back to the same tree.
std::string ToString(const Dependency& dependency);

// Well-formed postfix: each operator has its operands and one value remains. Wire messages are checked with
// this.
Status Validate(const Dependency& dependency, const DependencyLimits& limits = {});

}  // namespace bsub
