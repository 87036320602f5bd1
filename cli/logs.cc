#include "cli/logs.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string_view>
#include <thread>

#include "cli/connect.h"
#include "cli/stream.h"
#include "cli/targets.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::chrono::milliseconds kPauseBeforeReopen{200};

Manual LogsManual() {
  return {
      .name = "logs",
      .summary = "show the output of a job",
      .synopsis = {"[-f] [--stderr] [--attempt N | --all-attempts] [--tail N] JOB"},
      .paragraphs = {"Prints what the job wrote to standard output, also while it runs and without a shared "
                     "file system. If the node is gone, the last part that the scheduler kept is shown, and "
                     "a line on standard error says so."},
      .options =
          {{.name = "follow",
            .letter = 'f',
            .text =
                "Go on until the job is over, over all its attempts; a node out of contact is waited for."},
           {.name = "stderr", .text = "Standard error instead, if it was kept apart (-e)."},
           {.name = "attempt", .value = "N", .text = "Of the Nth attempt.", .fallback = "the newest"},
           {.name = "all-attempts",
            .text = "Of all attempts, one behind the other; a line on standard error before each says where "
                    "it ran."},
           {.name = "tail",
            .letter = 'n',
            .value = "N",
            .text = "Only the last N lines; with --follow, of the first attempt shown.",
            .fallback = "all"}},
      .examples = {{"logs -f 2", "Watch a job."},
                   {"logs --tail 20 '2[17]'", "The end of one child's output."}},
      .min_words = 1,
      .max_words = 1,
      .complete_words = "job"};
}

Result<api::LogsRequest> BuildRequest(const Arguments& arguments) {
  api::LogsRequest request;
  BSUB_ASSIGN_OR_RETURN(const std::vector<std::string> targets, ParseTargets(arguments.words()));
  request.set_target(targets.front());
  request.set_follow(arguments.Has("follow"));
  request.set_standard_error(arguments.Has("stderr"));
  if (const auto text = arguments.Get("attempt")) {
    const auto number = ParseInteger(*text, 1, 1'000'000);
    if (!number) return InvalidArgument("--attempt: " + number.error().message);
    request.set_attempt(static_cast<std::uint32_t>(*number));
  }
  if (arguments.Has("all-attempts") && arguments.Has("attempt"))
    return InvalidArgument("--all-attempts and --attempt: give one of them");
  if (arguments.Has("all-attempts") && request.follow()) request.set_from_attempt(1);
  if (const auto text = arguments.Get("tail")) {
    const auto number = ParseInteger(*text, 1, 1'000'000'000);
    if (!number) return InvalidArgument("--tail: " + number.error().message);
    request.set_tail_lines(*number);
  }
  return request;
}

// Writes what comes and survives restarts of the scheduler: the attempt is then asked for from its beginning,
// and what was already written of it is left out. With --tail the beginning of the first attempt is not
// known: its last lines come again.
class Copier {
 public:
  Copier(Context& context, Client& client, api::LogsRequest request)
      : context_(context), client_(client), request_(std::move(request)) {}

  Status Run() {
    while (true) {
      const grpc::Status status = CopyOnce();
      if (status.ok()) return OkStatus();
      const bool again = status.error_code() == grpc::StatusCode::UNAVAILABLE;
      if (!request_.follow() || !again) return client_.ErrorFrom(status);
      if (request_.attempt() == 0) request_.set_from_attempt(attempt_);
      if (later_) request_.set_tail_lines(0);
      if (request_.tail_lines() != 0) shown_ = 0;
      next_ = 0;
      std::this_thread::sleep_for(kPauseBeforeReopen);
    }
  }

 private:
  // A followed job may be silent for hours; only a scheduler that is not there is given up.
  grpc::Status CopyOnce() {
    Stream<api::LogChunk> stream(client_.NewContext(),
                                 [this](grpc::ClientContext* call, grpc::CompletionQueue* queue) {
                                   return client_.stub().PrepareAsyncLogs(call, request_, queue);
                                 });
    api::LogChunk chunk;
    while (true) {
      switch (stream.Read(&chunk, client_.address().patience)) {
        case Next::kMessage:
          Write(chunk);
          break;
        case Next::kQuiet:
          if (request_.follow() && client_.Connected()) break;
          return {grpc::StatusCode::DEADLINE_EXCEEDED, ""};
        case Next::kEnd:
          return stream.status();
      }
    }
  }

  void Write(const api::LogChunk& chunk) {
    if (chunk.attempt() != attempt_ && !chunk.data().empty()) {
      later_ = attempt_ != 0;
      attempt_ = chunk.attempt();
      shown_ = next_ = 0;
    }
    if (!chunk.notice().empty()) context_.err << chunk.notice() << std::endl;
    std::string_view data = chunk.data();
    const std::uint64_t begin = chunk.has_offset() ? chunk.offset() : next_;
    next_ = begin + data.size();
    data.remove_prefix(std::min<std::uint64_t>(shown_ - std::min(begin, shown_), data.size()));
    context_.out.write(data.data(), static_cast<std::streamsize>(data.size()));
    context_.out.flush();
    shown_ = std::max(shown_, next_);
  }

  Context& context_;
  Client& client_;
  api::LogsRequest request_;
  std::uint32_t attempt_ = 0;  // the one that is shown
  bool later_ = false;         // another one was shown before it
  std::uint64_t shown_ = 0;    // up to this byte of it; what is not behind it is left out
  std::uint64_t next_ = 0;     // where a chunk begins that does not tell
};

std::string WhereItRan(const api::Attempt& attempt) {
  std::string text = "== attempt " + std::to_string(attempt.number()) + " on ";
  for (int i = 0; i < attempt.nodes_size(); ++i) text += (i == 0 ? "" : ", ") + attempt.nodes(i);
  return text + (attempt.has_exit() ? ": " + attempt.exit().text() : "");
}

// One after the other, as many as there are now.
Status CopyAllAttempts(Context& context, Client& client, api::LogsRequest request) {
  api::GetJobRequest wanted;
  wanted.set_target(request.target());
  api::Job job;
  BSUB_RETURN_IF_ERROR(client.Call(&api::Scheduler::Stub::GetJob, wanted, &job));
  if (job.attempts().empty()) return FailedPrecondition("job " + job.display_id() + " has not run yet");
  for (const api::Attempt& attempt : job.attempts()) {
    context.err << WhereItRan(attempt) << std::endl;
    request.set_attempt(attempt.number());
    const Status copied = Copier(context, client, request).Run();
    if (!copied) context.err << copied.error().message << std::endl;  // of one; the others may be there
  }
  return OkStatus();
}

int Run(Context& context, const Arguments& arguments) {
  const auto request = BuildRequest(arguments);
  if (!request) return Fail(context, "logs", request.error());
  auto client = Connect(context);
  if (!client) return Fail(context, "logs", client.error());
  const bool one_by_one = arguments.Has("all-attempts") && !request->follow();
  const Status status =
      one_by_one ? CopyAllAttempts(context, *client, *request) : Copier(context, *client, *request).Run();
  return status ? kExitOk : Fail(context, "logs", status.error());
}

}  // namespace

Command LogsCommand() {
  return {.name = "logs",
          .heading = "Jobs",
          .summary = "show the output of a job",
          .manual = LogsManual,
          .run = Run};
}

}  // namespace bsub::cli
