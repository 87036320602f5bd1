#include "cli/wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/unit/cli/fake_scheduler.h"

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using WaitWriter = grpc::ServerWriter<v1::WaitReply>;

v1::WaitReply Running() {
  v1::WaitReply reply;
  reply.set_total(1);
  (*reply.mutable_counts())["RUNNING"] = 1;
  return reply;
}

v1::WaitReply Waiting() {
  v1::WaitReply reply;
  reply.set_total(1);
  (*reply.mutable_counts())["RUNNABLE"] = 1;
  return reply;
}

v1::WaitReply Over(int code, const std::string& text = "") {
  v1::WaitReply reply;
  reply.set_over(true);
  reply.set_total(1);
  reply.set_exit_code(code);
  v1::Exit& exit = *reply.add_exits();
  exit.set_shell_code(code);
  exit.set_text(text);
  return reply;
}

// Keeps the stream open until the client gives up or the server stops.
void HoldOpen(grpc::ServerContext& context) {
  while (!context.IsCancelled()) std::this_thread::yield();
}

TEST(Wait, ReturnsWhatTheSchedulerSays) {
  FakeScheduler scheduler;
  for (const int code : {0, 1, 7, 125, 137}) {
    scheduler.wait.answer = [code](const v1::WaitRequest&, WaitWriter& writer, grpc::ServerContext&) {
      writer.Write(Running());
      writer.Write(Over(code, "ended"));
      return grpc::Status::OK;
    };
    const CliResult result = scheduler.Cli()({"wait", "5"});
    EXPECT_EQ(result.code, code);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, code == 0 ? "" : "job 5: ended\n");
    EXPECT_EQ(scheduler.Cli()({"wait", "--quiet", "5"}).err, "");
  }
}

TEST(Wait, OneThatCanNeverRunIsToldOnceAndWaitedFor) {
  FakeScheduler scheduler;
  std::atomic<bool> asked = false;
  scheduler.why.answer = [&asked](const v1::WhyRequest& request, v1::WhyReply& reply) {
    EXPECT_EQ(request.target(), "5");
    reply.add_reasons()->set_code("never-fits");
    reply.mutable_reasons(0)->set_text("it can never run here: it asks for 64 CPUs");
    asked = true;
    return grpc::Status::OK;
  };
  scheduler.wait.answer = [&asked](const v1::WaitRequest&, WaitWriter& writer, grpc::ServerContext& context) {
    writer.Write(Waiting());
    while (!asked && !context.IsCancelled()) std::this_thread::yield();
    writer.Write(Over(0));
    return grpc::Status::OK;
  };
  const CliResult result = scheduler.Cli()({"wait", "5"});
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.err,
            "job 5: it can never run here: it asks for 64 CPUs. Still waiting, since a node may be added; "
            "`bsub-lite why 5` says what to do.\n");
}

TEST(Wait, PrintsHowTheyEndedAsJson) {
  FakeScheduler scheduler;
  scheduler.wait.answer = [](const v1::WaitRequest&, WaitWriter& writer, grpc::ServerContext&) {
    writer.Write(Over(7, "exited with code 7"));
    return grpc::Status::OK;
  };
  const CliResult result = scheduler.Cli()({"wait", "--json", "5"});
  EXPECT_EQ(result.code, 7);
  EXPECT_EQ(result.err, "");
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json["exitCode"], 7);
  EXPECT_EQ(json["exits"][0]["text"], "exited with code 7");
}

TEST(Wait, TakesEverySpellingOfATarget) {
  FakeScheduler scheduler;
  scheduler.wait.answer = [](const v1::WaitRequest&, WaitWriter& writer, grpc::ServerContext&) {
    writer.Write(Over(0));
    return grpc::Status::OK;
  };
  EXPECT_EQ(scheduler.Cli()({"wait", "5", "6[7]", "8_9"}).code, 0);
  EXPECT_THAT(scheduler.wait.requests.at(0).targets(), ElementsAre("5", "6[7]", "8[9]"));
}

TEST(Wait, AnUnknownJobIsTwo) {
  FakeScheduler scheduler;
  scheduler.wait.answer = [](const v1::WaitRequest&, WaitWriter&, grpc::ServerContext&) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "job 99 does not exist");
  };
  const CliResult result = scheduler.Cli()({"wait", "99"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.err, "bsub-lite wait: job 99 does not exist\n");
  EXPECT_EQ(scheduler.Cli()({"wait", "x"}).code, 2);
  EXPECT_EQ(scheduler.Cli()({"wait"}).code, 2);
}

TEST(Wait, ASchedulerThatIsBusyIsAskedAgain) {
  FakeScheduler scheduler;
  std::atomic<int> calls = 0;
  scheduler.wait.answer = [&calls](const v1::WaitRequest&, WaitWriter& writer, grpc::ServerContext&) {
    if (++calls == 1) return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too much to do");
    writer.Write(Over(7));
    return grpc::Status::OK;
  };
  EXPECT_EQ(scheduler.Cli()({"wait", "5"}).code, 7);
}

// The same code, but it would be the same again.
TEST(Wait, AnAnswerThatIsTooLargeIsAnError) {
  FakeScheduler scheduler;
  scheduler.wait.answer = [](const v1::WaitRequest&, WaitWriter&, grpc::ServerContext&) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                        "Sent message larger than max (120016536 vs. 67108864)");
  };
  const CliResult result = scheduler.Cli()({"wait", "--timeout", "20s", "5"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("rpc.max_message_bytes"));
  EXPECT_THAT(result.err, HasSubstr("ask for less at a time"));
}

TEST(Wait, TheEndsMayComeInPieces) {
  FakeScheduler scheduler;
  scheduler.wait.answer = [](const v1::WaitRequest&, WaitWriter& writer, grpc::ServerContext&) {
    for (const int code : {0, 4}) {
      v1::WaitReply piece = Over(code, "code " + std::to_string(code));
      piece.set_over(false);
      writer.Write(piece);
    }
    v1::WaitReply last = Over(1);
    last.clear_exits();
    writer.Write(last);
    return grpc::Status::OK;
  };
  const CliResult result = scheduler.Cli()({"wait", "5", "6"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err, "job 6: code 4\n");
}

// 1 is what a job that failed gives.
TEST(Wait, AnErrorThatIsNoJobsIsThree) {
  FakeScheduler scheduler;
  for (const auto code :
       {grpc::StatusCode::INTERNAL, grpc::StatusCode::DATA_LOSS, grpc::StatusCode::PERMISSION_DENIED}) {
    scheduler.wait.answer = [code](const v1::WaitRequest&, WaitWriter&, grpc::ServerContext&) {
      return grpc::Status(code, "the history is damaged");
    };
    EXPECT_EQ(scheduler.Cli()({"wait", "5"}).code, 3);
  }
}

TEST(Wait, ItsOwnTimeoutIs124) {
  FakeScheduler scheduler;
  scheduler.wait.answer = [](const v1::WaitRequest&, WaitWriter& writer, grpc::ServerContext& context) {
    writer.Write(Running());
    HoldOpen(context);
    return grpc::Status::OK;
  };
  EXPECT_EQ(scheduler.Cli()({"wait", "--timeout", "200ms", "5"}).code, 124);
}

TEST(Wait, SurvivesARestartOfTheScheduler) {
  FakeScheduler scheduler;
  std::atomic<int> calls = 0;
  scheduler.wait.answer = [&calls](const v1::WaitRequest&, WaitWriter& writer, grpc::ServerContext& context) {
    writer.Write(++calls < 3 ? Running() : Over(4));
    if (calls < 3) HoldOpen(context);
    return grpc::Status::OK;
  };
  std::thread restarts([&] {
    for (int i = 1; i < 3; ++i) {
      while (calls < i) std::this_thread::yield();
      scheduler.Stop();
      scheduler.Start();
    }
  });
  EXPECT_EQ(scheduler.Cli()({"wait", "5"}).code, 4);
  restarts.join();
  EXPECT_EQ(calls, 3);
}

TEST(Wait, AnUnreachableSchedulerIsThree) {
  FakeScheduler scheduler;
  scheduler.Stop();
  CliRun run = scheduler.Cli();
  run.environment.insert(run.environment.begin(), "BSUB_LITE_PATIENCE=300ms");
  const CliResult result = run({"wait", "5"});
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, HasSubstr("cannot be reached; start it with bsub-lite up"));
}

TEST(Wait, DrawsABarOnlyOnATerminal) {
  FakeScheduler scheduler;
  scheduler.wait.answer = [](const v1::WaitRequest&, WaitWriter& writer, grpc::ServerContext&) {
    writer.Write(Running());
    writer.Write(Over(0));
    return grpc::Status::OK;
  };
  CliRun run = scheduler.Cli();
  EXPECT_EQ(run({"wait", "--progress", "5"}).err, "");
  run.terminal.err = true;
  run.terminal.err_columns = 80;
  EXPECT_THAT(run({"wait", "--progress", "5"}).err, HasSubstr("0/1 done"));
  EXPECT_EQ(run({"wait", "5"}).err, "");
}

}  // namespace
}  // namespace bsub::cli
