#include "cli/json.h"

#include <gtest/gtest.h>

#include "api/bsub/v1/scheduler.pb.h"

namespace bsub::cli {
namespace {

TEST(JsonText, EveryKeyIsThereAndAbsentMessagesAreNull) {
  const Json json = ToJson(v1::Job());
  EXPECT_EQ(json["id"], 0);
  EXPECT_EQ(json["state"], "");
  EXPECT_TRUE(json["exit"].is_null());
  EXPECT_TRUE(json["array"].is_null());
  EXPECT_TRUE(json["index"].is_null());
  EXPECT_TRUE(json["submittedAt"].is_null());
  EXPECT_EQ(json["attempts"], Json::array());
  EXPECT_EQ(json["tags"], Json::object());
  EXPECT_EQ(json.size(), static_cast<std::size_t>(v1::Job::descriptor()->field_count()));
}

TEST(JsonText, MomentsDurationsAndIntegers) {
  v1::Job job;
  job.set_id(9'007'199'254'740'993);  // not a double
  job.set_submitted_at_us(1'795'227'480'000'000);
  job.set_walltime_us(1'500'000);
  job.mutable_resources()->set_mem_bytes(4LL << 30);
  const Json json = ToJson(job);
  EXPECT_EQ(Compact(json["id"]), "9007199254740993");
  EXPECT_EQ(json["submittedAt"], "2026-11-21T02:18:00Z");
  EXPECT_EQ(json["walltimeSeconds"], 1.5);
  EXPECT_EQ(json["resources"]["memBytes"], 4LL << 30);
  job.set_walltime_us(3'600'000'000);
  EXPECT_EQ(Compact(ToJson(job)["walltimeSeconds"]), "3600");
}

TEST(JsonText, AnEventsMomentIsCalledAt) {
  v1::Event event;
  event.set_at_us(1'000'000);
  EXPECT_EQ(ToJson(event)["at"], "1970-01-01T00:00:01Z");
}

TEST(JsonText, PresentOptionalsAndMaps) {
  v1::Job job;
  job.set_index(0);
  (*job.mutable_tags())["b"] = "2";
  (*job.mutable_tags())["a"] = "1";
  v1::Attempt& attempt = *job.add_attempts();
  attempt.add_nodes("n1");
  attempt.mutable_exit()->set_code(3);
  attempt.mutable_usage()->set_user_us(2'500'000);
  const Json json = ToJson(job);
  EXPECT_EQ(json["index"], 0);
  EXPECT_EQ(Compact(json["tags"]), R"({"a":"1","b":"2"})");
  EXPECT_EQ(json["attempts"][0]["nodes"][0], "n1");
  EXPECT_EQ(json["attempts"][0]["exit"]["code"], 3);
  EXPECT_EQ(json["attempts"][0]["usage"]["userSeconds"], 2.5);
}

TEST(JsonText, BytesThatAreNotUtf8DoNotBreakIt) {
  v1::Job job;
  job.add_command("a");
  Json json = ToJson(job);
  json["name"] = "\xff";
  EXPECT_EQ(Json::parse(Pretty(json))["name"], "\xef\xbf\xbd");
}

}  // namespace
}  // namespace bsub::cli
