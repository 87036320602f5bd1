#include "jobs/dependency.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/check.h"
#include "jobs/array_spec.h"
#include "jobs/dependency_names.h"
#include "jobs/text.h"

namespace bsub {
namespace {

using Kind = DependencyNode::Kind;

// How tightly an expression binds; the smaller side needs parentheses inside the larger.
enum class Binding { kOr, kAnd, kNot, kCondition };

struct Written {  // an expression's text
  std::string text;
  Binding binding = Binding::kCondition;
};

std::string_view NameOf(Condition condition) {
  switch (condition) {
    case Condition::kDone:
      return "done";
    case Condition::kEnded:
      return "ended";
    case Condition::kStarted:
      return "started";
    case Condition::kExit:
      return "exit";
    case Condition::kSequential:
      return "sequential";
  }
  return "done";
}

std::string_view SpellingOf(Compare op) {
  switch (op) {
    case Compare::kAny:
      return "";
    case Compare::kEqual:
      return "";
    case Compare::kNotEqual:
      return "!=";
    case Compare::kLess:
      return "<";
    case Compare::kLessEqual:
      return "<=";
    case Compare::kGreater:
      return ">";
    case Compare::kGreaterEqual:
      return ">=";
  }
  return "";
}

// Whether a name can be written without quotes; only digits would be an id.
bool ReadsBare(std::string_view name) {
  std::string_view stem = name;
  if (stem.ends_with('*')) stem.remove_suffix(1);
  return !AllDigits(name) && std::all_of(stem.begin(), stem.end(), IsBareNameChar);
}

std::string TargetText(const DependencyNode& node) {
  std::string out = node.name;
  if (node.job.valid()) {
    out = std::to_string(node.job.value());
  } else if (!ReadsBare(node.name)) {
    out = "\"" + node.name + "\"";
  }
  if (node.index) out += "[" + std::to_string(*node.index) + "]";
  if (node.index_wise) out += "[*]";
  return out;
}

std::string Inside(Written part, bool parentheses) {
  return parentheses ? "(" + std::move(part.text) + ")" : std::move(part.text);
}

Written Join(Written left, Written right, Kind kind) {
  const Binding binding = kind == Kind::kAnd ? Binding::kAnd : Binding::kOr;
  // Operators of one kind group to the left, so an equal one on the right keeps its parentheses.
  const bool left_parentheses = left.binding < binding, right_parentheses = right.binding <= binding;
  std::string text = Inside(std::move(left), left_parentheses);
  text += kind == Kind::kAnd ? " && " : " || ";
  text += Inside(std::move(right), right_parentheses);
  return {std::move(text), binding};
}

Status ValidateCondition(const DependencyNode& node) {
  const auto wrong = [](const std::string& what) { return InvalidArgument("dependency: " + what); };
  const std::string name(NameOf(node.condition));
  if (node.compare != Compare::kAny && node.condition != Condition::kExit) {
    return wrong(name + "() takes no exit code; only exit() does");
  }
  if (node.condition == Condition::kSequential) {
    if (node.job.valid() || !node.name.empty() || node.index || node.index_wise) {
      return wrong("sequential() takes no job");
    }
    return OkStatus();
  }
  if (!node.job.valid() && node.name.empty()) return wrong(name + "() names no job");
  if (!node.job.valid() && !IsNamePattern(node.name)) {
    return wrong("the name " + Quoted(node.name) +
                 " holds one of \" [ ] or a control character, or a '*' before its end");
  }
  if (node.name.ends_with('*') && !node.job.valid() && (node.index || node.index_wise)) {
    return wrong("the pattern " + Quoted(node.name) + " cannot take an index; name one array");
  }
  if (node.index && node.index_wise) return wrong(name + "() has both an index and [*]; use one");
  return OkStatus();
}

// How deep parentheses and '!' nest in the canonical text: what the parser would count.
struct Shape {
  std::size_t depth = 0;
  Binding binding = Binding::kCondition;
};

std::size_t DepthInside(const Shape& part, bool parentheses) { return part.depth + (parentheses ? 1 : 0); }

}  // namespace

bool Matches(Compare op, std::int32_t code, std::int32_t actual) {
  switch (op) {
    case Compare::kAny:
      return true;
    case Compare::kEqual:
      return actual == code;
    case Compare::kNotEqual:
      return actual != code;
    case Compare::kLess:
      return actual < code;
    case Compare::kLessEqual:
      return actual <= code;
    case Compare::kGreater:
      return actual > code;
    case Compare::kGreaterEqual:
      return actual >= code;
  }
  return false;
}

Dependency Both(Dependency a, Dependency b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  a.nodes.insert(a.nodes.end(), std::make_move_iterator(b.nodes.begin()),
                 std::make_move_iterator(b.nodes.end()));
  a.nodes.push_back({.kind = Kind::kAnd});
  return a;
}

std::string ToString(const DependencyNode& condition) {
  std::string out(NameOf(condition.condition));
  out += "(";
  if (condition.condition != Condition::kSequential) out += TargetText(condition);
  if (condition.compare != Compare::kAny) {
    out += ", " + std::string(SpellingOf(condition.compare)) + std::to_string(condition.exit_code);
  }
  return out + ")";
}

std::string ToString(const Dependency& dependency) {
  std::vector<Written> stack;
  const auto pop = [&] {
    BSUB_CHECK(!stack.empty()) << "an operator without operand; Validate comes first";
    Written top = std::move(stack.back());
    stack.pop_back();
    return top;
  };
  for (const DependencyNode& node : dependency.nodes) {
    if (node.kind == Kind::kCondition) {
      stack.push_back({ToString(node), Binding::kCondition});
    } else if (node.kind == Kind::kNot) {
      Written operand = pop();
      const bool parentheses = operand.binding < Binding::kNot;
      stack.push_back({"!" + Inside(std::move(operand), parentheses), Binding::kNot});
    } else {
      Written right = pop();
      Written left = pop();
      stack.push_back(Join(std::move(left), std::move(right), node.kind));
    }
  }
  return stack.empty() ? "" : std::move(stack.back().text);
}

Status Validate(const Dependency& dependency, const DependencyLimits& limits) {
  if (dependency.empty()) return OkStatus();
  if (dependency.nodes.size() > limits.max_nodes) {
    return InvalidArgument("dependency: " + std::to_string(dependency.nodes.size()) +
                           " conditions and operators; at most " + std::to_string(limits.max_nodes) +
                           " are allowed");
  }
  std::vector<Shape> stack;
  for (const DependencyNode& node : dependency.nodes) {
    if (node.kind == Kind::kCondition) {
      BSUB_RETURN_IF_ERROR(ValidateCondition(node));
      stack.push_back({});
      continue;
    }
    const std::size_t operands = node.kind == Kind::kNot ? 1 : 2;
    if (stack.size() < operands) return InvalidArgument("dependency: an operator lacks an operand");
    const Shape right = stack.back();
    stack.pop_back();
    Shape shape;
    if (node.kind == Kind::kNot) {
      shape = {1 + DepthInside(right, right.binding < Binding::kNot), Binding::kNot};
    } else {
      shape.binding = node.kind == Kind::kAnd ? Binding::kAnd : Binding::kOr;
      const std::size_t left_depth = DepthInside(stack.back(), stack.back().binding < shape.binding);
      shape.depth = std::max(left_depth, DepthInside(right, right.binding <= shape.binding));
      stack.pop_back();
    }
    if (shape.depth > limits.max_depth) {
      return InvalidArgument("dependency: nested more than " + std::to_string(limits.max_depth) + " deep");
    }
    stack.push_back(shape);
  }
  if (stack.size() != 1)
    return InvalidArgument("dependency: " + std::to_string(stack.size()) + " expressions; expected one");
  return OkStatus();
}

}  // namespace bsub
