#include "cli/submit.h"

#include <chrono>
#include <optional>
#include <ostream>

#include "cli/client.h"
#include "cli/first_cluster.h"
#include "cli/interrupts.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/submit_directives.h"
#include "cli/submit_kernel.h"
#include "cli/submit_request.h"
#include "cli/submit_source.h"
#include "cli/submit_surroundings.h"
#include "cli/submit_trial.h"
#include "cli/supervisor/launch.h"
#include "cli/waiting.h"
#include "common/hash.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kDefaultTimeout = "10s";

// As LSF: one line that ends so, and 255; scripts and workflow engines look for both.
int NotSubmitted(Context& context, std::string message) {
  while (message.ends_with('.') || message.ends_with('\n')) message.pop_back();
  context.err << message << (message.ends_with('?') ? " " : ". ") << "Job not submitted." << std::endl;
  return kExitNotSubmitted;
}

// The request may have been obeyed although no answer came: only its token can tell.
int NotKnown(Context& context, std::string message, const std::string& token) {
  while (message.ends_with('.')) message.pop_back();
  context.err << message << ". It is not known whether the job was submitted; the same command with --token "
              << ToHex({reinterpret_cast<const std::uint8_t*>(token.data()), token.size()})
              << " submits it once in any case." << std::endl;
  return kExitUnreachable;
}

struct Submission {
  Arguments arguments;  // with those of the script's #BSUB lines
  api::SubmitRequest request;
  std::chrono::milliseconds timeout{0};
};

// A script of Slurm's runs, but with none of what its lines ask for.
void WarnOfSlurm(Context& context, const std::string& script) {
  const bool slurms = script.starts_with("#SBATCH") || script.find("\n#SBATCH") != std::string::npos;
  if (!slurms || script.find("\n#BSUB") != std::string::npos) return;
  context.err
      << "bsub-lite submit: #SBATCH lines are not read; say what they ask for with #BSUB lines or options "
         "(see bsub-lite submit --help)"
      << std::endl;
}

// An array of kernel calls is the job of the kernel host.
Result<Arguments> AsGiven(const Context& context, const Arguments& given) {
  if (!given.Has("kernel")) return given;
  BSUB_ASSIGN_OR_RETURN(const std::string programs, ProgramsDirectory());
  BSUB_ASSIGN_OR_RETURN(const std::string here, WorkingDirectory(context));
  return WithKernelHost(given, programs, here);
}

Result<Submission> Prepare(Context& context, const Arguments& given) {
  Submission submission;
  BSUB_ASSIGN_OR_RETURN(const Arguments arguments, AsGiven(context, given));
  BSUB_ASSIGN_OR_RETURN(const JobSource source, FindJobSource(context, arguments));
  submission.arguments = arguments;
  if (source.is_script()) {
    BSUB_ASSIGN_OR_RETURN(const Arguments directives, DirectiveArguments(SubmitManual(), source.script));
    submission.arguments = Merge(directives, arguments);
    WarnOfSlurm(context, source.script);
  }
  const Arguments& all = submission.arguments;
  BSUB_ASSIGN_OR_RETURN(submission.request, BuildSubmitRequest(context, all, source, TimePoint(NowMicros())));
  if (all.Has("token") && all.Get("token", "").empty())
    return InvalidArgument("--token '': expected a token; leave the option out if there is none");
  BSUB_ASSIGN_OR_RETURN(*submission.request.mutable_token(), SubmitTokenBytes(all.Get("token", "")));
  const auto timeout = ParseDuration(all.Get("timeout", kDefaultTimeout));
  if (!timeout) return InvalidArgument("--timeout: " + timeout.error().message);
  submission.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  return submission;
}

Result<api::SubmitReply> Send(Client& client, const Submission& submission) {
  api::SubmitReply reply;
  BSUB_RETURN_IF_ERROR(client.Call(&api::Scheduler::Stub::Submit, submission.request, &reply, Repeat::kYes,
                                   submission.timeout));
  return reply;
}

int Try(Context& context, Client& client, const Submission& submission) {
  api::TrySubmitRequest request;
  *request.mutable_job() = submission.request;
  api::TrySubmitReply reply;
  const Status status =
      client.Call(&api::Scheduler::Stub::TrySubmit, request, &reply, Repeat::kYes, submission.timeout);
  if (!status) return NotSubmitted(context, status.error().message);
  return PrintTrial(context, submission.arguments, reply);
}

void PrintReply(Context& context, const Arguments& arguments, const api::SubmitReply& reply) {
  if (arguments.Has("json")) {
    Json json;
    json["jobId"] = reply.job_id();
    json["queue"] = reply.queue();
    json["defaultQueue"] = reply.default_queue();
    json["repeated"] = reply.repeated();
    context.out << Compact(json) << "\n";
  } else if (arguments.Has("quiet")) {
    context.out << reply.job_id() << "\n";
  } else {
    context.out << "Job <" << reply.job_id() << "> is submitted to "
                << (reply.default_queue() ? "default queue" : "queue") << " <" << reply.queue() << ">.\n";
  }
  context.out.flush();
}

int Run(Context& context, const Arguments& arguments) {
  auto submission = Prepare(context, arguments);
  if (!submission) return NotSubmitted(context, submission.error().message);
  auto address = FindAddress(context);
  if (!address) return NotSubmitted(context, address.error().message);
  const Status started = StartFirstCluster(context, *address);
  if (!started) return NotSubmitted(context, started.error().message);
  // Who gives a time wants it to be tried for so long.
  if (!submission->arguments.Has("timeout") && IsDown(*address))
    return NotSubmitted(context, DownError(*address).message);
  std::optional<Interrupts> interrupts;  // none of gRPC's threads takes the signals then
  if (submission->arguments.Has("wait")) interrupts.emplace();
  auto client = Client::Make(std::move(*address));
  if (!client) return NotSubmitted(context, client.error().message);
  if (submission->arguments.Has("test-only")) return Try(context, *client, *submission);
  const auto reply = Send(*client, *submission);
  if (!reply && client->MayHaveArrived())
    return NotKnown(context, reply.error().message, submission->request.token());
  if (!reply) return NotSubmitted(context, reply.error().message);
  PrintReply(context, submission->arguments, *reply);
  if (!submission->arguments.Has("wait")) return kExitOk;
  WaitPlan plan;
  plan.targets = {std::to_string(reply->job_id())};
  plan.interrupts = &*interrupts;
  plan.quiet = submission->arguments.Has("quiet");
  plan.progress = context.terminal.err && !submission->request.array().empty() && !plan.quiet;
  return WaitForJobs(context, *client, plan);
}

}  // namespace

Command SubmitCommand() {
  return {.name = "submit",
          .heading = "Jobs",
          .summary = "send a job to the cluster",
          .manual = SubmitManual,
          .run = Run};
}

}  // namespace bsub::cli
