// Retry strategy as in AWS Batch: attempts counts all attempts; evaluateOnExit rules are tried in order, the
// first whose patterns all match decides, and no match means retry. Source: AWS Batch user guide, "Automated
// job retries", and the API's RetryStrategy / EvaluateOnExit.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "jobs/end.h"

namespace bsub {

enum class RetryAction : std::uint8_t { kRetry, kExit };

struct EvaluateOnExit {
  // Globs: '*' may stand only at the end. Empty: not looked at.
  std::string on_status_reason{};
  std::string on_reason{};
  std::string on_exit_code{};
  RetryAction action = RetryAction::kExit;
  friend auto operator<=>(const EvaluateOnExit&, const EvaluateOnExit&) = default;
};

struct RetryStrategy {
  std::int32_t attempts = 1;                       // 1..10
  std::vector<EvaluateOnExit> evaluate_on_exit{};  // at most 5
  friend auto operator<=>(const RetryStrategy&, const RetryStrategy&) = default;
};

Status Validate(const RetryStrategy& strategy);

// "exit=137:retry", "reason=OutOfMemory*:exit", "status=Host EC2*:retry", several keys joined by ','.
Result<EvaluateOnExit> ParseEvaluateOnExit(std::string_view text);

// AWS's strings for an end: clients and their rules match on them.
std::string AwsStatusReason(const End& end, std::string_view node);
std::string AwsReason(const End& end);

struct RetryDecision {
  bool retry = false;
  bool charged = true;  // counts against `attempts`; an interruption does only if a rule matches it
  std::string why{};    // one line: "attempt 2 of 3", "rule 1 (exit=137) says exit"
};

// Never retried: success, cancelled, timed out, dependency failed. Always retried and never charged:
// kRequeued. A lost node is retried uncharged unless a rule matches; then it is an ordinary attempt.
// `charged_attempts`: attempts already charged, this one not included.
RetryDecision DecideRetry(const RetryStrategy& strategy, const End& end, std::string_view node,
                          std::int32_t charged_attempts);

}  // namespace bsub
