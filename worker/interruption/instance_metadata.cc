#include "worker/interruption/instance_metadata.h"

#include <nlohmann/json.hpp>

#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::worker {
namespace {

constexpr int kOk = 200;
constexpr int kUnauthorized = 401;
constexpr int kNotFound = 404;
constexpr const char* kTokenSeconds = "21600";  // the longest that EC2 gives

Error Unexpected(const std::string& path, int status) {
  return Unavailable("the metadata service answered " + path + " with status " + std::to_string(status));
}

}  // namespace

Result<InstanceAction> ParseInstanceAction(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto word = [&](const char* key) {
    const bool there = json.is_object() && json.contains(key) && json[key].is_string();
    return there ? json[key].get<std::string>() : std::string();
  };
  const std::string action = word("action");
  const auto at = ParseBeginTime(word("time"), TimePoint());
  if (!action.empty() && at && at->set()) return InstanceAction{action, *at};
  return InvalidArgument("spot/instance-action: " + Quoted(text) +
                         ": expected {\"action\": \"terminate\", \"time\": \"2026-11-21T10:00:00Z\"}");
}

Status InstanceMetadata::FetchToken() {
  const HttpRequest request{address_.host,
                            address_.port,
                            "PUT",
                            "/latest/api/token",
                            {{"X-aws-ec2-metadata-token-ttl-seconds", kTokenSeconds}},
                            timeout_};
  BSUB_ASSIGN_OR_RETURN(HttpAnswer answer, ask_(request));
  if (answer.status != kOk) return Unexpected(request.path, answer.status);
  token_ = Trim(answer.body);
  return OkStatus();
}

Result<HttpAnswer> InstanceMetadata::Get(const std::string& path) {
  if (token_.empty()) BSUB_RETURN_IF_ERROR(FetchToken());
  HttpRequest request{address_.host,
                      address_.port,
                      "GET",
                      "/latest/meta-data/" + path,
                      {{"X-aws-ec2-metadata-token", token_}},
                      timeout_};
  BSUB_ASSIGN_OR_RETURN(HttpAnswer answer, ask_(request));
  if (answer.status != kUnauthorized) return answer;
  BSUB_RETURN_IF_ERROR(FetchToken());  // the old one is over
  request.headers.front().second = token_;
  return ask_(request);
}

Result<std::optional<InstanceAction>> InstanceMetadata::SpotNotice() {
  const std::string path = "spot/instance-action";
  BSUB_ASSIGN_OR_RETURN(const HttpAnswer answer, Get(path));
  if (answer.status == kNotFound) return std::optional<InstanceAction>();
  if (answer.status != kOk) return Unexpected(path, answer.status);
  BSUB_ASSIGN_OR_RETURN(InstanceAction action, ParseInstanceAction(answer.body));
  return std::optional(std::move(action));
}

Result<bool> InstanceMetadata::RebalanceRecommended() {
  const std::string path = "events/recommendations/rebalance";
  BSUB_ASSIGN_OR_RETURN(const HttpAnswer answer, Get(path));
  if (answer.status == kNotFound) return false;
  if (answer.status != kOk) return Unexpected(path, answer.status);
  const auto json = nlohmann::json::parse(answer.body, nullptr, false);
  if (json.is_object() && json.contains("noticeTime")) return true;
  return InvalidArgument(path + ": " + Quoted(answer.body) +
                         ": expected {\"noticeTime\": \"2026-11-21T10:00:00Z\"}");
}

}  // namespace bsub::worker
