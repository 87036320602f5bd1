// EC2's instance metadata service, version 2: whether this machine is to be taken away, or is likely to be.
//
// Source: EC2 User Guide, "Use IMDSv2", "Spot Instance interruption notices" and "EC2 instance rebalance
// recommendations". A token is fetched by PUT
// and sent with each question; 401 asks for a new one; 404 means that there is no notice.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/time.h"
#include "worker/interruption/http_get.h"

namespace bsub::worker {

struct InstanceAction {
  std::string action;  // "terminate", "stop", "hibernate"
  TimePoint at;        // about then
  friend bool operator==(const InstanceAction&, const InstanceAction&) = default;
};

// What the service says under spot/instance-action.
Result<InstanceAction> ParseInstanceAction(const std::string& json);

class InstanceMetadata {
 public:
  using Ask = std::function<Result<HttpAnswer>(const HttpRequest&)>;
  InstanceMetadata(HttpAddress address, Duration timeout, Ask ask = AskHttp)
      : address_(std::move(address)), timeout_(timeout), ask_(std::move(ask)) {}

  // Nothing: this machine stays, as far as the service knows.
  Result<std::optional<InstanceAction>> SpotNotice();
  // Whether the machine is at a raised risk of being taken away, which may be said long before a notice.
  Result<bool> RebalanceRecommended();

 private:
  Status FetchToken();
  Result<HttpAnswer> Get(const std::string& path);

  HttpAddress address_;
  Duration timeout_;
  Ask ask_;
  std::string token_;  // empty: none yet
};

}  // namespace bsub::worker
