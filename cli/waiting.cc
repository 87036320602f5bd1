#include "cli/waiting.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <thread>

#include "cli/json.h"
#include "cli/message_limit.h"
#include "cli/progress.h"
#include "cli/stream.h"

namespace bsub::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick{250};  // how often the bar's clock moves and interrupts are looked for
constexpr milliseconds kPauseBeforeReopen{100};
constexpr milliseconds kAskAgain{10'000};  // whether a job that waits can run at all; then twice as late
constexpr milliseconds kPatienceForWhy{1000};
constexpr std::size_t kMostAskedFor = 10;  // jobs

milliseconds Since(Clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - start);
}

class Waiter {
 public:
  Waiter(Context& context, Client& client, const WaitPlan& plan)
      : context_(context),
        client_(client),
        plan_(plan),
        bar_(context.err, plan.progress ? context.terminal.err_columns : 0) {
    for (const std::string& target : plan.targets) request_.add_targets(target);
  }

  int Run() {
    Open();
    while (true) {
      switch (stream_->Read(&reply_, Tick())) {
        case Next::kMessage:
          last_contact_ = Clock::now();
          connected_ = true;
          bar_.Show(reply_);
          ends_.MergeFrom(reply_.exits());
          if (reply_.over()) return Over();
          break;
        case Next::kQuiet:
          bar_.Show(reply_);
          TellWhatNeverRuns();
          break;
        case Next::kEnd:
          if (const auto code = Ended(stream_->status())) return *code;
          Open();
          break;
      }
      if (const auto code = Interrupted()) return *code;
      if (const auto code = OutOfTime()) return *code;
    }
  }

 private:
  // The scheduler sends a message as soon as the stream is open: that is how we know that it is there.
  void Open() {
    connected_ = false;
    ends_.Clear();
    stream_ = std::make_unique<Stream<api::WaitReply>>(
        client_.NewContext(), [this](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
          return client_.stub().PrepareAsyncWait(context, request_, queue);
        });
  }

  milliseconds Tick() const {
    milliseconds tick = kTick;
    if (plan_.timeout) tick = std::min(tick, *plan_.timeout - Since(start_));
    return std::max(tick, milliseconds(0));
  }

  // Once of each job: nobody should wait for it in silence. It is waited for all the same, for a node may
  // come.
  void TellWhatNeverRuns() {
    const bool asked_lately = asked_why_ && Since(*asked_why_) < ask_again_;
    if (plan_.quiet || !connected_ || asked_lately || SomethingRan()) return;
    if (asked_why_) ask_again_ *= 2;
    asked_why_ = Clock::now();
    for (std::size_t i = 0; i < std::min(plan_.targets.size(), kMostAskedFor); ++i) {
      const std::string& target = plan_.targets[i];
      const std::string why = told_.contains(target) ? "" : WhyNever(target);
      if (why.empty()) continue;
      told_.insert(target);
      bar_.Clear();
      context_.err << "job " << target << ": " << why
                   << ". Still waiting, since a node may be added; `bsub-lite why " << target
                   << "` says what to do." << std::endl;
    }
  }

  bool SomethingRan() const {
    return std::ranges::any_of(reply_.counts(), [](const auto& count) {
      return count.second > 0 && (count.first == "RUNNING" || count.first == "SUCCEEDED");
    });
  }

  // Empty: it can run, or nobody knows.
  std::string WhyNever(const std::string& target) {
    api::WhyRequest request;
    request.set_target(target);
    api::WhyReply reply;
    if (!client_.Call(&api::Scheduler::Stub::Why, request, &reply, Repeat::kNo, kPatienceForWhy)) return "";
    for (const api::Reason& reason : reply.reasons()) {
      if (reason.code() == "never-fits" || reason.code() == "dependency-never") return reason.text();
    }
    return "";
  }

  std::optional<int> Ended(const grpc::Status& status) {
    // A scheduler with too much to do is there, and its jobs go on.
    const bool busy = IsBusy(status);
    const bool again = status.ok() || busy || status.error_code() == grpc::StatusCode::UNAVAILABLE;
    if (!again) {
      bar_.Clear();
      return FailWait(context_, client_.ErrorFrom(status));
    }
    if (connected_ || busy) last_contact_ = Clock::now();
    std::this_thread::sleep_for(kPauseBeforeReopen);
    return std::nullopt;
  }

  std::optional<int> Interrupted() {
    if (!plan_.interrupts || plan_.interrupts->Wait(Duration(0))) return std::nullopt;
    bar_.Clear();
    const bool one = plan_.targets.size() == 1;
    const std::string& first = plan_.targets.front();
    if (!plan_.quiet) {
      context_.err << "Interrupted; " << (one ? "job " + first + " goes on" : std::string("the jobs go on"))
                   << ". Wait for " << (one ? "it" : "them") << " again with bsub-lite wait " << first
                   << (one ? "" : " …") << ", end " << (one ? "it" : "them") << " with bsub-lite cancel "
                   << first << (one ? "" : " …") << std::endl;
    }
    return kExitInterrupted;
  }

  std::optional<int> OutOfTime() {
    if (plan_.timeout && Since(start_) >= *plan_.timeout) {
      bar_.Clear();
      if (!plan_.quiet)
        context_.err << "bsub-lite wait: job " << plan_.targets.front()
                     << (plan_.targets.size() == 1 ? " is" : " and others are")
                     << " not over after the given time" << std::endl;
      return kExitWaitTimeout;
    }
    if (!connected_ && Since(last_contact_) >= client_.address().patience) {
      bar_.Clear();
      return Fail(context_, "wait", client_.ErrorFrom(grpc::Status(grpc::StatusCode::UNAVAILABLE, "")));
    }
    return std::nullopt;
  }

  int Over() {
    bar_.Finish(reply_);
    if (plan_.json) {
      reply_.mutable_exits()->Swap(&ends_);
      context_.out << Pretty(ToJson(reply_)) << std::flush;
      return reply_.exit_code();
    }
    if (plan_.quiet || reply_.exit_code() == 0) return reply_.exit_code();
    for (int i = 0; i < ends_.size() && i < request_.targets_size(); ++i) {
      const api::Exit& exit = ends_.Get(i);
      if (exit.shell_code() != 0)
        context_.err << "job " << request_.targets(i) << ": " << exit.text() << "\n";
    }
    context_.err.flush();
    return reply_.exit_code();
  }

  Context& context_;
  Client& client_;
  const WaitPlan& plan_;
  api::WaitRequest request_;
  api::WaitReply reply_;
  google::protobuf::RepeatedPtrField<api::Exit> ends_;  // of this stream: one per target once it is over
  std::unique_ptr<Stream<api::WaitReply>> stream_;
  ProgressBar bar_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point last_contact_ = Clock::now();
  std::optional<Clock::time_point> asked_why_;
  milliseconds ask_again_ = kAskAgain;
  std::set<std::string> told_;  // targets that can never run
  bool connected_ = false;      // this stream has brought a message
};

}  // namespace

int FailWait(Context& context, const Error& error) {
  const int code = Fail(context, "wait", error);
  return code == kExitFailed ? kExitUnreachable : code;
}

int WaitForJobs(Context& context, Client& client, const WaitPlan& plan) {
  return Waiter(context, client, plan).Run();
}

}  // namespace bsub::cli
