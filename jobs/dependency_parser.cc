// Reads dependency expressions by recursive descent; the grammar stands in dependency.h, one function per
// rule.
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "jobs/array_spec.h"
#include "jobs/dependency.h"
#include "jobs/dependency_names.h"
#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub {
namespace {

using Kind = DependencyNode::Kind;

struct Function {
  std::string_view name;
  Condition condition;
  bool index_wise = false;
};

constexpr std::array kFunctions = {
    Function{"done", Condition::kDone},
    Function{"ended", Condition::kEnded},
    Function{"started", Condition::kStarted},
    Function{"exit", Condition::kExit},
    Function{"sequential", Condition::kSequential},
    Function{"n_to_n", Condition::kDone, true},
};

struct Operator {
  std::string_view spelling;
  Compare compare;
};

// Longer spellings first.
constexpr std::array kComparisons = {
    Operator{">=", Compare::kGreaterEqual}, Operator{"<=", Compare::kLessEqual},
    Operator{"==", Compare::kEqual},        Operator{"!=", Compare::kNotEqual},
    Operator{">", Compare::kGreater},       Operator{"<", Compare::kLess},
};

constexpr std::uint64_t kLargestExitCode = 255;

class Parser {
 public:
  Parser(std::string_view text, const DependencyLimits& limits) : text_(text), rest_(text), limits_(limits) {}

  Result<Dependency> Whole() {
    SkipBlanks();
    if (rest_.empty()) return Wrong("empty; write a condition such as done(12)");
    BSUB_RETURN_IF_ERROR(Or());
    if (!rest_.empty()) return Expected("'&&', '||' or the end");
    return std::move(out_);
  }

 private:
  Status Or() {
    BSUB_RETURN_IF_ERROR(And());
    while (Take("||")) {
      BSUB_RETURN_IF_ERROR(And());
      BSUB_RETURN_IF_ERROR(Emit({.kind = Kind::kOr}));
    }
    return OkStatus();
  }

  Status And() {
    BSUB_RETURN_IF_ERROR(Unary());
    while (Take("&&")) {
      BSUB_RETURN_IF_ERROR(Unary());
      BSUB_RETURN_IF_ERROR(Emit({.kind = Kind::kAnd}));
    }
    return OkStatus();
  }

  Status Unary() {
    const bool negated = Take("!");
    if (!negated && !Take("(")) return ConditionOrBareJob();
    if (++depth_ > limits_.max_depth) {
      return Wrong("parentheses and '!' nest more than " + std::to_string(limits_.max_depth) + " deep");
    }
    BSUB_RETURN_IF_ERROR(negated ? Unary() : Or());
    --depth_;
    if (negated) return Emit({.kind = Kind::kNot});
    return Close();
  }

  Status ConditionOrBareJob() {
    std::size_t length = 0;
    while (length < rest_.size() && IsBareNameChar(rest_[length])) ++length;
    const std::string_view word = rest_.substr(0, length);
    const bool is_call = length > 0 && Trim(rest_.substr(length)).starts_with('(');
    if (is_call) return Call(word);
    DependencyNode node;
    BSUB_RETURN_IF_ERROR(Job(node, "a condition such as done(12), a job id or a job name"));
    return Emit(std::move(node));
  }

  Status Call(std::string_view word) {
    const Function* function = nullptr;
    std::vector<std::string> names;
    for (const Function& known : kFunctions) {
      if (known.name == word) function = &known;
      names.emplace_back(known.name);
    }
    if (function == nullptr) {
      return Wrong(
          "no condition is called " + Quoted(word) + DidYouMean(word, names) +
          "; known are done, ended, started, exit, sequential and n_to_n; a name with '(' needs quotes");
    }
    Take(word);
    Take("(");
    DependencyNode node;
    node.condition = function->condition;
    if (node.condition != Condition::kSequential) {
      BSUB_RETURN_IF_ERROR(Job(node, "a job id or a job name"));
    }
    if (function->index_wise) BSUB_RETURN_IF_ERROR(MakeIndexWise(node));
    if (node.condition == Condition::kExit && Take(",")) BSUB_RETURN_IF_ERROR(ExitCode(node));
    BSUB_RETURN_IF_ERROR(Close());
    return Emit(std::move(node));
  }

  Status MakeIndexWise(DependencyNode& node) {
    if (node.index) return Wrong("n_to_n() takes a whole array; leave the index out");
    if (node.name.ends_with('*')) return Wrong("n_to_n() takes one array, not a pattern");
    node.index_wise = true;
    return OkStatus();
  }

  // ID, name, "name" or 'name', with [INDEX] or [*] behind, also inside the quotes.
  Status Job(DependencyNode& node, std::string_view expected) {
    if (rest_.starts_with('"') || rest_.starts_with('\'')) return QuotedJob(node);
    std::size_t length = 0;
    while (length < rest_.size() && IsBareNameChar(rest_[length])) ++length;
    if (length == 0) return Expected(expected);
    if (rest_.substr(length).starts_with('*')) ++length;
    const std::string_view word = rest_.substr(0, length);
    if (AllDigits(word)) {
      std::string_view digits = word;
      const auto id = TakeNumber(digits, std::numeric_limits<std::uint64_t>::max());
      if (!id || *id == 0) return Wrong("the job id " + std::string(word.substr(0, 30)) + " is out of range");
      node.job = JobId(*id);
    } else {
      node.name = word;
    }
    rest_.remove_prefix(length);
    SkipBlanks();
    return Index(node);
  }

  Status QuotedJob(DependencyNode& node) {
    const std::size_t end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos)
      return Wrong("the quoted name has no closing " + std::string(1, rest_.front()));
    const std::string_view inside = rest_.substr(1, end - 1);
    const std::string_view name = inside.substr(0, inside.find('['));
    if (!IsNamePattern(name)) {
      return Wrong("the name " + Quoted(name) +
                   " is empty or holds one of \" ] or a control character; '*' may only end a name");
    }
    node.name = name;
    const std::string_view behind = rest_.substr(end + 1);
    if (inside.size() > name.size()) {
      rest_.remove_prefix(1 + name.size());
      BSUB_RETURN_IF_ERROR(Index(node));
      if (rest_.size() != behind.size() + 1) return Expected("the closing quote after ']'");
    }
    rest_ = behind;
    SkipBlanks();
    if (inside.size() > name.size()) return OkStatus();
    return Index(node);
  }

  Status Index(DependencyNode& node) {
    if (!rest_.starts_with('[')) return OkStatus();
    if (node.name.ends_with('*'))
      return Wrong("a name that ends in '*' cannot take an index; name one array");
    Take("[");
    if (Take("*")) {
      node.index_wise = true;
    } else {
      if (rest_.empty() || !IsDigit(rest_.front())) return Expected("an index or '*' after '['");
      const auto index = TakeNumber(rest_, ArrayLimits{}.max_index);
      if (!index) return Wrong("the index is too large; at most " + std::to_string(ArrayLimits{}.max_index));
      node.index = static_cast<std::uint32_t>(*index);
      SkipBlanks();
    }
    return Take("]") ? OkStatus() : Expected("']'");
  }

  Status ExitCode(DependencyNode& node) {
    node.compare = Compare::kEqual;
    for (const Operator& op : kComparisons) {
      if (!Take(op.spelling)) continue;
      node.compare = op.compare;
      break;
    }
    if (rest_.empty() || !IsDigit(rest_.front())) return Expected("an exit code such as 3 or >=3");
    const auto code = TakeNumber(rest_, kLargestExitCode);
    if (!code) return Wrong("exit codes run from 0 to 255");
    node.exit_code = static_cast<std::int32_t>(*code);
    SkipBlanks();
    return OkStatus();
  }

  Status Close() { return Take(")") ? OkStatus() : Expected("')'"); }

  Status Emit(DependencyNode node) {
    if (out_.nodes.size() >= limits_.max_nodes) {
      return Wrong("more than " + std::to_string(limits_.max_nodes) + " conditions and operators");
    }
    out_.nodes.push_back(std::move(node));
    return OkStatus();
  }

  bool Take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    SkipBlanks();
    return true;
  }

  void SkipBlanks() {
    while (!rest_.empty() && (IsBlank(rest_.front()) || rest_.front() == '\n')) rest_.remove_prefix(1);
  }

  Error Expected(std::string_view what) const {
    return Wrong("expected " + std::string(what) +
                 (rest_.empty() ? ", but the text ends" : ", not " + Quoted(rest_)));
  }

  Error Wrong(const std::string& what) const {
    return InvalidArgument("dependency " + Quoted(text_) + ": at character " +
                           std::to_string(text_.size() - rest_.size() + 1) + ": " + what);
  }

  std::string_view text_;
  std::string_view rest_;
  const DependencyLimits& limits_;
  Dependency out_;
  std::size_t depth_ = 0;
};

}  // namespace

Result<Dependency> ParseDependency(std::string_view text, const DependencyLimits& limits) {
  return Parser(text, limits).Whole();
}

}  // namespace bsub
