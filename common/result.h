// Result<T>: a value, or an Error a person can act on. Every fallible call of the project returns one.
//
// Codes are one-to-one with gRPC's status codes (https://grpc.github.io/grpc/core/md_doc_statuscodes.html),
// so the wire adapter is a table. Messages are one line, plain language: they name the field, the value and
// what was expected, and say what to do next where that helps.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace bsub {

enum class Code {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

std::string_view ToString(Code code);

struct Error {
  Code code = Code::kUnknown;
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error) : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}
};

// Success or an Error, with nothing to carry.
using Status = Result<void>;

inline Status OkStatus() { return {}; }

inline Error InvalidArgument(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }
inline Error NotFound(std::string message) { return {Code::kNotFound, std::move(message)}; }
inline Error AlreadyExists(std::string message) { return {Code::kAlreadyExists, std::move(message)}; }
inline Error PermissionDenied(std::string message) { return {Code::kPermissionDenied, std::move(message)}; }
inline Error FailedPrecondition(std::string message) {
  return {Code::kFailedPrecondition, std::move(message)};
}
inline Error ResourceExhausted(std::string message) { return {Code::kResourceExhausted, std::move(message)}; }
inline Error Unavailable(std::string message) { return {Code::kUnavailable, std::move(message)}; }
inline Error DataLoss(std::string message) { return {Code::kDataLoss, std::move(message)}; }
inline Error Internal(std::string message) { return {Code::kInternal, std::move(message)}; }

}  // namespace bsub

// Returns the error of `expr` from the calling function, if it has one.
#define BSUB_RETURN_IF_ERROR(expr)                                                                        \
  do {                                                                                                    \
    if (auto bsub_status_ = (expr); !bsub_status_) return ::bsub::Error(std::move(bsub_status_).error()); \
  } while (false)

// BSUB_ASSIGN_OR_RETURN(auto x, F()): x = the value of F(), or return F()'s error.
#define BSUB_ASSIGN_OR_RETURN(lhs, expr) BSUB_ASSIGN_IMPL_(BSUB_CONCAT_(bsub_result_, __LINE__), lhs, expr)
#define BSUB_CONCAT_INNER_(a, b) a##b
#define BSUB_CONCAT_(a, b) BSUB_CONCAT_INNER_(a, b)
#define BSUB_ASSIGN_IMPL_(tmp, lhs, expr)                 \
  auto tmp = (expr);                                      \
  if (!tmp) return ::bsub::Error(std::move(tmp).error()); \
  lhs = std::move(*tmp)
