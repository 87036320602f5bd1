// EC2's metadata service, played by a function: tokens, 404 until there is a notice, and nonsense.
#include "worker/interruption/instance_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::worker {
namespace {

using ::testing::HasSubstr;

constexpr const char* kNotice = R"({"action": "terminate", "time": "2026-11-22T08:22:00Z"})";

// Knows one token at a time.
class FakeService {
 public:
  Result<HttpAnswer> operator()(const HttpRequest& request) {
    ++requests_;
    if (request.method == "PUT") {
      EXPECT_EQ(request.path, "/latest/api/token");
      EXPECT_EQ(request.headers.at(0).first, "X-aws-ec2-metadata-token-ttl-seconds");
      return HttpAnswer{200, token};
    }
    EXPECT_EQ(request.path, path);
    if (request.headers.at(0) != std::pair<std::string, std::string>("X-aws-ec2-metadata-token", token))
      return HttpAnswer{401, ""};
    return answer;
  }
  std::string path = "/latest/meta-data/spot/instance-action";
  std::string token = "first";
  HttpAnswer answer{404, ""};
  int requests_ = 0;
};

InstanceMetadata Client(FakeService& service) {
  return {{"169.254.169.254", 80}, std::chrono::seconds(1), [&](const HttpRequest& r) { return service(r); }};
}

TEST(InstanceMetadata, NotFoundMeansThatTheMachineStays) {
  FakeService service;
  InstanceMetadata client = Client(service);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*client.SpotNotice(), std::nullopt);
  EXPECT_EQ(service.requests_, 4) << "the token is fetched once";
}

TEST(InstanceMetadata, ANoticeSaysWhatAndWhen) {
  FakeService service;
  InstanceMetadata client = Client(service);
  service.answer = {200, kNotice};
  const auto notice = client.SpotNotice();
  ASSERT_TRUE(notice && *notice);
  EXPECT_EQ((*notice)->action, "terminate");
  EXPECT_EQ(FormatUtc((*notice)->at), "2026-11-22T08:22:00Z");
}

TEST(InstanceMetadata, ARecommendationToLeaveIsNoNotice) {
  FakeService service;
  service.path = "/latest/meta-data/events/recommendations/rebalance";
  InstanceMetadata client = Client(service);
  EXPECT_FALSE(*client.RebalanceRecommended());
  service.answer = {200, R"({"noticeTime": "2026-11-22T08:22:00Z"})"};
  EXPECT_TRUE(*client.RebalanceRecommended());
  service.answer = {200, "<html>"};
  EXPECT_THAT(client.RebalanceRecommended().error().message, HasSubstr("noticeTime"));
  service.answer = {500, ""};
  EXPECT_FALSE(client.RebalanceRecommended());
}

TEST(InstanceMetadata, ATokenThatIsOverIsReplaced) {
  FakeService service;
  InstanceMetadata client = Client(service);
  ASSERT_TRUE(client.SpotNotice());
  service.token = "second";
  service.answer = {200, kNotice};
  const auto notice = client.SpotNotice();
  ASSERT_TRUE(notice);
  EXPECT_TRUE(notice->has_value());
}

TEST(InstanceMetadata, NonsenseIsToldAndIsNoNotice) {
  FakeService service;
  InstanceMetadata client = Client(service);
  for (const char* body : {"", "no json", "{}", "[]", R"({"action": 3, "time": "x"})",
                           R"({"action": "terminate"})", R"({"action": "terminate", "time": "soon"})"}) {
    service.answer = {200, body};
    EXPECT_THAT(client.SpotNotice().error().message, HasSubstr("expected {\"action\"")) << body;
  }
  service.answer = {500, ""};
  EXPECT_THAT(client.SpotNotice().error().message, HasSubstr("with status 500"));
}

TEST(HttpAnswer, IsTakenByItsLengthOrToTheEnd) {
  const auto told = ParseHttpAnswer("HTTP/1.1 200 OK\r\ncontent-Length: 3\r\n\r\nabcdef");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->body, "abc");
  EXPECT_EQ(ParseHttpAnswer("HTTP/1.0 404 Not Found\r\n\r\nall of it")->body, "all of it");
  EXPECT_FALSE(ParseHttpAnswer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")) << "it broke off";
  for (const char* bytes : {"", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\n"})
    EXPECT_FALSE(ParseHttpAnswer(bytes)) << bytes;
}

TEST(HttpAddress, OnlyPlainAddressesAreTaken) {
  EXPECT_EQ(ParseHttpAddress("http://127.0.0.1:8099/")->port, 8099);
  EXPECT_EQ(ParseHttpAddress("http://169.254.169.254")->host, "169.254.169.254");
  for (const char* text :
       {"", "169.254.169.254", "https://x", "http://", "http://x:0", "http://x/y", "http://u@x"})
    EXPECT_THAT(ParseHttpAddress(text).error().message, HasSubstr("http://169.254.169.254")) << text;
}

}  // namespace
}  // namespace bsub::worker
