#include "jobs/retry.h"

#include <optional>
#include <utility>

#include "jobs/text.h"

namespace bsub {
namespace {

// AWS Batch's limits (API reference, RetryStrategy and EvaluateOnExit).
constexpr std::int32_t kMostAttempts = 10;
constexpr std::size_t kMostRules = 5;
constexpr std::size_t kLongestPattern = 512;

bool PatternMatches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return true;
  if (!pattern.ends_with('*')) return pattern == text;
  pattern.remove_suffix(1);
  return text.starts_with(pattern);
}

// The text that onExitCode is compared with; empty where the attempt left no code.
std::string ExitCodeText(const End& end) {
  switch (end.kind) {
    case EndKind::kExited:
    case EndKind::kSignalled:
    case EndKind::kOutOfMemory:
      return std::to_string(ShellExitCode(end));
    case EndKind::kNone:
    case EndKind::kCancelled:
    case EndKind::kTimedOut:
    case EndKind::kNodeLost:
    case EndKind::kDependencyFailed:
    case EndKind::kNeverStarted:
    case EndKind::kRequeued:
      return "";
  }
  return "";
}

std::string Spelling(const EvaluateOnExit& rule) {
  std::string out;
  const auto add = [&](std::string_view key, const std::string& pattern) {
    if (pattern.empty()) return;
    if (!out.empty()) out += ",";
    out += std::string(key) + "=" + pattern;
  };
  add("status", rule.on_status_reason);
  add("reason", rule.on_reason);
  add("exit", rule.on_exit_code);
  return out;
}

Status ValidatePattern(std::string_view field, std::string_view pattern) {
  const std::string where = std::string(field) + " " + Quoted(pattern) + ": ";
  if (pattern.size() > kLongestPattern) {
    return InvalidArgument(where + "longer than " + std::to_string(kLongestPattern) + " characters");
  }
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (IsControl(pattern[i])) return InvalidArgument(where + "holds a control character");
    if (pattern[i] == '*' && i + 1 != pattern.size())
      return InvalidArgument(where + "'*' may stand only at the end");
  }
  return OkStatus();
}

Status ValidateRule(const EvaluateOnExit& rule) {
  BSUB_RETURN_IF_ERROR(ValidatePattern("onStatusReason", rule.on_status_reason));
  BSUB_RETURN_IF_ERROR(ValidatePattern("onReason", rule.on_reason));
  BSUB_RETURN_IF_ERROR(ValidatePattern("onExitCode", rule.on_exit_code));
  for (const char c : rule.on_exit_code) {
    if (!IsDigit(c) && c != '*') {
      return InvalidArgument("onExitCode " + Quoted(rule.on_exit_code) +
                             ": only digits and a final '*' are allowed");
    }
  }
  if (Spelling(rule).empty()) {
    return InvalidArgument("evaluateOnExit: a rule names no pattern; write onReason '*' to match every end");
  }
  return OkStatus();
}

std::string AttemptOf(std::int32_t attempt, const RetryStrategy& strategy) {
  return "attempt " + std::to_string(attempt) + " of " + std::to_string(strategy.attempts);
}

// The decision that needs no rule, if there is one.
std::optional<RetryDecision> Settled(const End& end) {
  switch (end.kind) {
    case EndKind::kExited:
      if (!end.Succeeded()) return std::nullopt;
      return RetryDecision{false, true, "it succeeded"};
    case EndKind::kRequeued:
      return RetryDecision{true, false, Describe(end)};
    case EndKind::kCancelled:
    case EndKind::kTimedOut:
    case EndKind::kDependencyFailed:
    case EndKind::kNone:
      return RetryDecision{false, true, Describe(end) + ": never retried"};
    case EndKind::kSignalled:
    case EndKind::kOutOfMemory:
    case EndKind::kNodeLost:
    case EndKind::kNeverStarted:
      return std::nullopt;
  }
  return std::nullopt;
}

struct Match {
  const EvaluateOnExit* rule = nullptr;
  std::string name;  // "rule 1 (exit=137)"
};

Match FirstMatch(const RetryStrategy& strategy, const End& end, std::string_view node) {
  const std::string status = AwsStatusReason(end, node), reason = AwsReason(end), code = ExitCodeText(end);
  for (std::size_t i = 0; i < strategy.evaluate_on_exit.size(); ++i) {
    const EvaluateOnExit& rule = strategy.evaluate_on_exit[i];
    const bool matches = PatternMatches(rule.on_status_reason, status) &&
                         PatternMatches(rule.on_reason, reason) && PatternMatches(rule.on_exit_code, code);
    if (matches) return {&rule, "rule " + std::to_string(i + 1) + " (" + Spelling(rule) + ")"};
  }
  return {};
}

// Splits "key=pattern,key=pattern" into `rule`.
Status ReadPatterns(std::string_view text, std::string_view patterns, EvaluateOnExit& rule) {
  const auto wrong = [&](const std::string& what) {
    return InvalidArgument("retry rule " + Quoted(text) + ": " + what);
  };
  while (true) {
    const std::string_view item = patterns.substr(0, patterns.find(','));
    const std::size_t equals = item.find('=');
    const std::string_view key = Trim(item.substr(0, equals));
    std::string* pattern = key == "exit"     ? &rule.on_exit_code
                           : key == "reason" ? &rule.on_reason
                           : key == "status" ? &rule.on_status_reason
                                             : nullptr;
    if (pattern == nullptr || equals == std::string_view::npos) {
      return wrong("expected exit=, reason= or status=, not " + Quoted(item));
    }
    if (!pattern->empty()) return wrong("names " + Quoted(key) + " twice");
    *pattern = Trim(item.substr(equals + 1));
    if (pattern->empty()) return wrong(Quoted(key) + " has no pattern; '*' matches everything");
    if (item.size() == patterns.size()) return OkStatus();
    patterns.remove_prefix(item.size() + 1);
  }
}

}  // namespace

Status Validate(const RetryStrategy& strategy) {
  if (strategy.attempts < 1 || strategy.attempts > kMostAttempts) {
    return InvalidArgument("attempts " + std::to_string(strategy.attempts) + ": must be 1 to " +
                           std::to_string(kMostAttempts) +
                           " (all attempts together, not only the repeated ones)");
  }
  if (strategy.evaluate_on_exit.size() > kMostRules) {
    return InvalidArgument("evaluateOnExit: " + std::to_string(strategy.evaluate_on_exit.size()) +
                           " rules; at most " + std::to_string(kMostRules));
  }
  for (const EvaluateOnExit& rule : strategy.evaluate_on_exit) BSUB_RETURN_IF_ERROR(ValidateRule(rule));
  return OkStatus();
}

Result<EvaluateOnExit> ParseEvaluateOnExit(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::string action = colon == std::string_view::npos ? "" : ToLower(Trim(text.substr(colon + 1)));
  if (action != "retry" && action != "exit") {
    return InvalidArgument("retry rule " + Quoted(text) +
                           ": must end in :retry or :exit, as in exit=137:retry or reason=OutOfMemory*:exit");
  }
  EvaluateOnExit rule;
  rule.action = action == "retry" ? RetryAction::kRetry : RetryAction::kExit;
  BSUB_RETURN_IF_ERROR(ReadPatterns(text, text.substr(0, colon), rule));
  BSUB_RETURN_IF_ERROR(ValidateRule(rule));
  return rule;
}

std::string AwsStatusReason(const End& end, std::string_view node) {
  switch (end.kind) {
    case EndKind::kNone:
      return "";
    case EndKind::kExited:
    case EndKind::kSignalled:
    case EndKind::kOutOfMemory:
      return "Essential container in task exited";
    case EndKind::kNodeLost:
      return "Host EC2 (instance " + std::string(node) + ") terminated.";
    case EndKind::kTimedOut:
      return "Job attempt duration exceeded timeout";
    case EndKind::kDependencyFailed:
      return "Dependent Job failed";
    case EndKind::kNeverStarted:
      return "Task failed to start";
    case EndKind::kCancelled:
    case EndKind::kRequeued:
      return end.reason.empty() ? Describe(end) : end.reason;
  }
  return "";
}

std::string AwsReason(const End& end) {
  if (end.kind == EndKind::kOutOfMemory) return "OutOfMemoryError: Container killed due to memory usage";
  if (end.kind == EndKind::kNeverStarted) return "CannotStartContainerError: " + end.reason;
  return "";
}

RetryDecision DecideRetry(const RetryStrategy& strategy, const End& end, std::string_view node,
                          std::int32_t charged_attempts) {
  if (auto settled = Settled(end)) return *std::move(settled);
  const Match match = FirstMatch(strategy, end, node);
  if (match.rule != nullptr && match.rule->action == RetryAction::kExit)
    return {false, true, match.name + " says exit"};
  if (match.rule == nullptr && end.kind == EndKind::kNodeLost)
    return {true, false, "interrupted: not counted"};
  const std::string says = match.rule == nullptr ? "" : match.name + " says retry; ";
  // Written so that a count near the type's end cannot overflow.
  if (charged_attempts >= strategy.attempts - 1) {
    return {false, true, says + AttemptOf(charged_attempts + 1, strategy) + " was the last"};
  }
  return {true, true, says + AttemptOf(charged_attempts + 1, strategy)};
}

}  // namespace bsub
