#include "cli/up.h"

#include <poll.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <ostream>
#include <utility>

#include "cli/address.h"
#include "cli/client.h"
#include "cli/first_queues.h"
#include "cli/supervisor/cluster_change.h"
#include "cli/supervisor/files.h"
#include "cli/supervisor/launch.h"
#include "cli/up_config.h"
#include "cli/up_lock.h"
#include "cli/up_wait.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kDefaultTimeout = "60s";
constexpr std::string_view kDefaultMostLocalNodes = "64";
constexpr int kCleanUpMs = 30'000;  // for a cluster that did not become ready

Manual UpManual() {
  return {
      .name = "up",
      .summary = "start the cluster of this machine",
      .synopsis = {"[--nodes N] [--slots S] [--memory SIZE] [--config FILE [--max-local-nodes N]]"},
      .paragraphs =
          {"Starts a scheduler and N worker nodes that share this machine, and returns when jobs can run. "
           "All state is "
           "below BSUB_LITE_HOME (default ~/.bsub-lite). A supervisor restarts what ends unexpectedly.",
           "Where a cluster is up already, up changes nothing; if it is asked for other numbers, it says so "
           "and exits "
           "with 2. After down, up goes on with the same cluster; it may then be given more nodes, or other "
           "sizes of "
           "nodes.",
           "FILE may hold the scheduler's settings only, or be a cluster configuration "
           "(docs/cluster-configuration.md): then the nodes it names are started, as large as it says; "
           "--nodes N "
           "starts the first N of them, --slots and --memory say another size."},
      .options = {{.name = "nodes", .value = "N", .text = "Worker nodes.", .fallback = "1"},
                  {.name = "slots",
                   .value = "S",
                   .text = "CPUs each node believes it has.",
                   .fallback = "those of the machine"},
                  {.name = "memory",
                   .value = "SIZE",
                   .text = "Memory each node believes it has: 4G, 512M.",
                   .fallback = "an equal part of the machine's"},
                  {.name = "config",
                   .value = "FILE",
                   .text = "Cluster configuration, or settings of the scheduler.",
                   .complete = "file"},
                  {.name = "max-local-nodes",
                   .value = "N",
                   .text = "So many nodes of a cluster configuration may be started on this machine.",
                   .fallback = kDefaultMostLocalNodes},
                  {.name = "timeout",
                   .value = "TIME",
                   .text = "How long to wait until it is ready.",
                   .fallback = kDefaultTimeout}},
      .examples = {{"up", "One node with all CPUs of this machine."},
                   {"up --config cluster-configs/efa-cluster.yaml", "The nodes of that cluster, here."},
                   {"up --nodes 2 --slots 8", "Two nodes that each take up to 8 CPUs' worth of jobs."}},
      .exits = {{"2", "Wrong usage, or a cluster of other numbers is there."}},
      .max_words = 0,
  };
}

Result<std::uint32_t> MostLocalNodes(const Arguments& arguments) {
  const auto most = ParseInteger(arguments.Get("max-local-nodes", kDefaultMostLocalNodes), 1, kMaxLocalNodes);
  if (!most) return InvalidArgument("--max-local-nodes: " + most.error().message);
  return static_cast<std::uint32_t>(*most);
}

struct UpJob {
  UpRequest request;
  Duration timeout{};
};

Result<UpJob> ReadArguments(const Arguments& arguments) {
  UpJob job;
  const auto named = [](const char* option, const Error& error) {
    return InvalidArgument("--" + std::string(option) + ": " + error.message);
  };
  if (const auto text = arguments.Get("nodes")) {
    const auto nodes = ParseInteger(*text, 1, kMaxLocalNodes);
    if (!nodes) return named("nodes", nodes.error());
    job.request.nodes = static_cast<std::uint32_t>(*nodes);
  }
  if (const auto text = arguments.Get("slots")) {
    const auto cpus = ParseCpus(*text);
    if (!cpus) return named("slots", cpus.error());
    job.request.cpu_milli = *cpus;
  }
  if (const auto text = arguments.Get("memory")) {
    const auto bytes = ParseBytes(*text);
    if (!bytes) return named("memory", bytes.error());
    if (*bytes <= 0) return InvalidArgument("--memory " + Quoted(*text) + ": a node needs some memory");
    job.request.mem_bytes = *bytes;
  }
  if (const auto path = arguments.Get("config")) {
    std::error_code error;
    const auto absolute = std::filesystem::canonical(*path, error);
    if (error) return InvalidArgument("--config " + Quoted(*path) + ": " + error.message());
    job.request.config = absolute.string();
    BSUB_ASSIGN_OR_RETURN(const std::uint32_t most, MostLocalNodes(arguments));
    BSUB_RETURN_IF_ERROR(TakeConfiguredNodes(most, job.request));
  }
  const auto timeout = ParseDuration(arguments.Get("timeout", kDefaultTimeout));
  if (!timeout) return named("timeout", timeout.error());
  job.timeout = *timeout;
  return job;
}

struct UpOutcome {
  ClusterFile cluster;
  ReadyCluster ready;
  bool was_up = false;
};

// The cluster whose daemons live although its supervisor does not, or whose supervisor does.
bool IsRunning(const HomeLayout& layout, const std::optional<ClusterFile>& existing, bool supervised) {
  return supervised || (existing && !LivingDaemons(layout, *existing).empty());
}

// A new cluster gets its first queues, also if `up` is killed before it has made them; any other keeps those
// it has.
Status MarkIfNew(const HomeLayout& layout, const std::optional<ClusterFile>& existing) {
  std::error_code error;
  if (existing || std::filesystem::exists(layout.JournalDir(), error)) return OkStatus();
  return WriteFileWhole(layout.FirstQueuesMark(), "", Durable::kYes);
}

Result<UpOutcome> BringUp(const std::string& home, const UpJob& job, Context& context) {
  const HomeLayout layout{home};
  ClusterFile wanted;
  wanted.nodes = job.request.nodes.value_or(1);
  wanted.named = job.request.named;
  BSUB_RETURN_IF_ERROR(CheckHomeLength(layout, wanted));
  BSUB_RETURN_IF_ERROR(MakeDirectory(home));
  BSUB_RETURN_IF_ERROR(CheckHomeMode(layout));
  BSUB_ASSIGN_OR_RETURN(const LockFile lock, TakeUpLock(layout, context, job.timeout));
  BSUB_ASSIGN_OR_RETURN(auto existing, LoadClusterFile(layout.ClusterFile()));
  BSUB_ASSIGN_OR_RETURN(auto supervisor, FindSupervisor(layout));
  const bool running = IsRunning(layout, existing, supervisor.has_value());
  BSUB_ASSIGN_OR_RETURN(ClusterChange change, PlanChange(existing, running, job.request, ThisMachine()));
  const bool start = !supervisor;
  if (start) {
    BSUB_ASSIGN_OR_RETURN(const std::string programs, ProgramsDirectory());
    BSUB_RETURN_IF_ERROR(CheckPrograms(programs));
    BSUB_RETURN_IF_ERROR(PrepareHome(layout, change.cluster));
    BSUB_RETURN_IF_ERROR(MarkIfNew(layout, existing));
    if (change.write)
      BSUB_RETURN_IF_ERROR(WriteFileWhole(layout.ClusterFile(), ToJson(change.cluster), Durable::kYes));
    if (!change.remark.empty()) context.err << change.remark << std::endl;
    if (running) context.err << "The supervisor was gone; its daemons live and are taken over." << std::endl;
    BSUB_ASSIGN_OR_RETURN(supervisor, StartSupervisor(layout, programs));
  }
  auto ready = WaitUntilReady(layout, change.cluster, *supervisor, job.timeout);
  if (!ready && start && !running) {  // leave nothing half up behind
    SendSignal(supervisor->pidfd, SIGTERM);
    WaitForEnd(supervisor->pidfd, kCleanUpMs);
  }
  if (!ready) return ready.error();
  BSUB_RETURN_IF_ERROR(MakeFirstQueues(layout));
  return UpOutcome{std::move(change.cluster), *ready, !start};
}

int Run(Context& context, const Arguments& arguments) {
  if (!context.Variable("BSUB_LITE_SERVER").empty()) {
    return Fail(
        context, "up",
        InvalidArgument("BSUB_LITE_SERVER names a cluster elsewhere; unset it to start one on this machine"));
  }
  const auto job = ReadArguments(arguments);
  if (!job) return Fail(context, "up", job.error());
  const auto home = FindHome(context);
  if (!home) return Fail(context, "up", home.error());
  const auto outcome = BringUp(*home, *job, context);
  if (!outcome) {
    // Not "unreachable" or "no such thing" as for a client's command: the cluster could not be started.
    const int code = Fail(context, "up", outcome.error());
    return outcome.error().code == Code::kInvalidArgument ? code : kExitFailed;
  }
  context.out << "The cluster in " << *home << (outcome->was_up ? " is already up: " : " is up: ")
              << Describe(outcome->cluster) << " (scheduler " << outcome->ready.scheduler_pid << ")."
              << std::endl;
  return kExitOk;
}

}  // namespace

Command UpCommand() {
  return {.name = "up",
          .heading = "Cluster",
          .summary = "start the cluster of this machine",
          .manual = UpManual,
          .run = Run};
}

Status StartLocalCluster(const std::string& home, Context& context) {
  const auto timeout = ParseDuration(kDefaultTimeout);
  const auto outcome = BringUp(home, {.request = {}, .timeout = *timeout}, context);
  if (!outcome) return outcome.error();
  context.err << "The cluster in " << home << " is up: " << Describe(outcome->cluster) << "." << std::endl;
  return OkStatus();
}

}  // namespace bsub::cli
