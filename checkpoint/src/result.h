// Outcome<T>: a value, or a Failure for the program: a status of the C ABI and one line for people. The
// library is installed alone, so it brings its own instead of the scheduler's Result.
#pragma once

#include <bsub/checkpoint.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace bsub::ckpt {

struct Failure {
  bsub_checkpoint_status status = BSUB_CHECKPOINT_INTERNAL;
  std::string message;
  bool unreadable = false;  // DAMAGED because it could not be read, which may pass: not known to be wrong
  friend bool operator==(const Failure&, const Failure&) = default;
};

template <typename T>
class [[nodiscard]] Outcome : public tl::expected<T, Failure> {
 public:
  using tl::expected<T, Failure>::expected;
  Outcome(Failure failure) : tl::expected<T, Failure>(tl::unexpect, std::move(failure)) {}
};

using Done = Outcome<void>;

inline Failure Invalid(std::string message) { return {BSUB_CHECKPOINT_INVALID, std::move(message)}; }
inline Failure Damaged(std::string message) { return {BSUB_CHECKPOINT_DAMAGED, std::move(message)}; }
inline Failure Unreadable(std::string message) { return {BSUB_CHECKPOINT_DAMAGED, std::move(message), true}; }
inline Failure InternalFailure(std::string message) { return {BSUB_CHECKPOINT_INTERNAL, std::move(message)}; }

}  // namespace bsub::ckpt

#define CKPT_RETURN_IF_FAILED(expr)                                                                         \
  do {                                                                                                      \
    if (auto ckpt_done_ = (expr); !ckpt_done_) return ::bsub::ckpt::Failure(std::move(ckpt_done_).error()); \
  } while (false)

#define CKPT_ASSIGN_OR_RETURN(lhs, expr) CKPT_ASSIGN_IMPL_(CKPT_CONCAT_(ckpt_outcome_, __LINE__), lhs, expr)
#define CKPT_CONCAT_INNER_(a, b) a##b
#define CKPT_CONCAT_(a, b) CKPT_CONCAT_INNER_(a, b)
#define CKPT_ASSIGN_IMPL_(tmp, lhs, expr)                         \
  auto tmp = (expr);                                              \
  if (!tmp) return ::bsub::ckpt::Failure(std::move(tmp).error()); \
  lhs = std::move(*tmp)
