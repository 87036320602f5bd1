#include "cli/logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/unit/cli/fake_scheduler.h"

namespace bsub::cli {
namespace {

using ::testing::SizeIs;
using LogWriter = grpc::ServerWriter<v1::LogChunk>;

v1::LogChunk Chunk(const std::string& data, const std::string& notice = "") {
  v1::LogChunk chunk;
  chunk.set_data(data);
  chunk.set_notice(notice);
  return chunk;
}

TEST(Logs, CopiesBytesAndNotices) {
  FakeScheduler scheduler;
  scheduler.logs.answer = [](const v1::LogsRequest&, LogWriter& writer, grpc::ServerContext&) {
    writer.Write(Chunk(std::string("a\0b", 3), "node n2 is gone"));
    writer.Write(Chunk("\n"));
    return grpc::Status::OK;
  };
  const CliResult result = scheduler.Cli()({"logs", "--attempt", "2", "--stderr", "-n", "20", "2[17]"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, std::string("a\0b\n", 4));
  EXPECT_EQ(result.err, "node n2 is gone\n");
  const v1::LogsRequest request = scheduler.logs.requests.back();
  EXPECT_EQ(request.target(), "2[17]");
  EXPECT_EQ(request.attempt(), 2U);
  EXPECT_TRUE(request.standard_error());
  EXPECT_EQ(request.tail_lines(), 20);
  EXPECT_FALSE(request.follow());
}

TEST(Logs, FollowingGoesOnAfterARestartWithoutRepeating) {
  FakeScheduler scheduler;
  std::atomic<int> calls = 0;
  scheduler.logs.answer = [&calls](const v1::LogsRequest& request, LogWriter& writer, grpc::ServerContext&) {
    EXPECT_TRUE(request.follow());
    if (++calls == 1) {
      writer.Write(Chunk("one\ntw"));
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "restart");
    }
    writer.Write(Chunk("one\n"));
    writer.Write(Chunk("two\nthree\n"));
    return grpc::Status::OK;
  };
  const CliResult result = scheduler.Cli()({"logs", "-f", "2"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "one\ntwo\nthree\n");
  EXPECT_THAT(scheduler.logs.requests, SizeIs(2));
}

// What the scheduler kept of an output that its node no longer tells begins somewhere in it.
TEST(Logs, FollowingGoesOnInThePartThatWasKept) {
  for (const auto& [offset, out] :
       std::vector<std::pair<std::uint64_t, std::string>>{{8, "0123456789ab"}, {20, "012345678989ab"}}) {
    FakeScheduler scheduler;
    std::atomic<int> calls = 0;
    scheduler.logs.answer = [&calls, offset = offset](const v1::LogsRequest&, LogWriter& writer,
                                                      grpc::ServerContext&) {
      if (++calls == 1) {
        writer.Write(Chunk("0123456789"));
        return grpc::Status(grpc::StatusCode::UNAVAILABLE, "restart");
      }
      v1::LogChunk kept = Chunk("89");
      kept.set_offset(offset);
      writer.Write(kept);
      writer.Write(Chunk("ab"));
      return grpc::Status::OK;
    };
    EXPECT_EQ(scheduler.Cli()({"logs", "-f", "2"}).out, out);
  }
}

// Of attempts that follow each other what was shown is counted for each.
TEST(Logs, FollowingGoesOnInTheAttemptItHadComeTo) {
  FakeScheduler scheduler;
  std::atomic<int> calls = 0;
  scheduler.logs.answer = [&calls](const v1::LogsRequest& request, LogWriter& writer, grpc::ServerContext&) {
    const auto write = [&](std::uint32_t attempt, const std::string& data) {
      v1::LogChunk chunk = Chunk(data);
      chunk.set_attempt(attempt);
      writer.Write(chunk);
    };
    if (++calls == 1) {
      EXPECT_EQ(request.from_attempt(), 0U);
      write(1, "a long first attempt\n");
      write(2, "two");
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "restart");
    }
    EXPECT_EQ(request.from_attempt(), 2U);
    write(2, "two\n");
    write(3, "three\n");
    return grpc::Status::OK;
  };
  const CliResult result = scheduler.Cli()({"logs", "-f", "2"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "a long first attempt\ntwo\nthree\n");
}

TEST(Logs, TheTailIsOfTheFirstAttemptAlsoAfterARestart) {
  FakeScheduler scheduler;
  std::atomic<int> calls = 0;
  scheduler.logs.answer = [&calls](const v1::LogsRequest& request, LogWriter& writer, grpc::ServerContext&) {
    const auto write = [&](std::uint32_t attempt, const std::string& data) {
      v1::LogChunk chunk = Chunk(data);
      chunk.set_attempt(attempt);
      writer.Write(chunk);
    };
    if (++calls == 1) {
      EXPECT_EQ(request.tail_lines(), 1);
      write(1, "end of the first\n");
      write(2, "one\ntw");
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "restart");
    }
    EXPECT_EQ(request.from_attempt(), 2U);
    EXPECT_EQ(request.tail_lines(), 0);
    write(2, "one\ntwo\n");
    return grpc::Status::OK;
  };
  const CliResult result = scheduler.Cli()({"logs", "-f", "--tail", "1", "2"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.out, "end of the first\none\ntwo\n");
}

TEST(Logs, AnUnknownJobIsTwo) {
  FakeScheduler scheduler;
  scheduler.logs.answer = [](const v1::LogsRequest&, LogWriter&, grpc::ServerContext&) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "job 9 does not exist");
  };
  EXPECT_EQ(scheduler.Cli()({"logs", "9"}).code, 2);
  EXPECT_EQ(scheduler.Cli()({"logs", "9", "--attempt", "0"}).code, 2);
}

}  // namespace
}  // namespace bsub::cli
