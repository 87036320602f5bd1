#include "cli/message_limit.h"

#include <cstdint>
#include <cstdio>

#include "jobs/units.h"

namespace bsub::cli {

std::optional<std::string> ExplainTooLarge(const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED) return std::nullopt;
  char way[9] = "";
  unsigned long long size = 0, limit = 0;
  if (std::sscanf(status.error_message().c_str(), "%8s message larger than max (%llu vs. %llu)", way, &size,
                  &limit) != 3)
    return std::nullopt;
  const auto bytes = [](unsigned long long n) { return FormatBytes(static_cast<std::int64_t>(n)); };
  const bool request = std::string(way) == "Received";
  return (request ? "the request takes " : "the answer takes ") + bytes(size) +
         ", the cluster's limit for one message is " + bytes(limit) + " (rpc.max_message_bytes); " +
         (request ? "pass large inputs in files" : "ask for less at a time");
}

bool IsBusy(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED && !ExplainTooLarge(status);
}

}  // namespace bsub::cli
