#include "worker/step/launch_agent.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "worker/launch/host_alias.h"
#include "worker/launch/host_name.h"
#include "worker/launch/rank_ends.h"
#include "worker/step/note_file.h"
#include "worker/step/processes.h"
#include "worker/step/rendezvous.h"
#include "worker/step/words.h"

namespace bsub::step {
namespace {

constexpr int kAgentFailed = 255;  // as ssh(1)
// A node that is slow to start its part; one that is lost ends the job through the scheduler.
constexpr std::chrono::milliseconds kPatience = std::chrono::minutes(2);

// Hydra's mpirun tells those of its daemons to end that have called back when a rank fails. One that calls
// back later is left alone with its ranks, and mpirun waits for it for ever.
constexpr std::string_view kDaemonOfHydra = "hydra_pmi_proxy";
constexpr std::chrono::seconds kCleanup(10);
constexpr int kLookEvery = 1000;  // ms

bool TakesValue(const std::string& option) { return option == "-l" || option == "-p" || option == "-o"; }

void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

int Fail(const std::string& why) {
  std::fprintf(stderr, "bsub-lite-rsh: %s\n", why.c_str());
  return kAgentFailed;
}

// The agent's end of a connection, until the command is over.
class AgentRun {
 public:
  AgentRun(const Gang& gang, std::string node, UniqueFd connection)
      : gang_(gang), node_(std::move(node)), connection_(std::move(connection)) {
    parent_.Reset(static_cast<int>(syscall(SYS_pidfd_open, getppid(), 0)));
  }

  int Run(const std::string& command) {
    if (!Say(connection_.get(), WordKind::kRun, command)) return Lost();
    const bool is_hydras = command.find(kDaemonOfHydra) != std::string::npos;
    while (!code_) {
      std::array<pollfd, 3> polled = {{{connection_.get(), POLLIN, 0},
                                       {input_over_ ? -1 : STDIN_FILENO, POLLIN, 0},
                                       {parent_.get(), POLLIN, 0}}};
      if (poll(polled.data(), polled.size(), is_hydras ? kLookEvery : -1) < 0) continue;
      if (polled[0].revents != 0 && !Hear()) return Lost();
      if (polled[1].revents != 0) SendInput();
      if (polled[2].revents != 0) return kAgentFailed;  // mpirun is gone: so is what it started
      if (is_hydras && IsForgotten())
        return Fail("a rank has failed, and mpirun did not end those on node " + node_);
    }
    return *code_;
  }

 private:
  // A rank failed so long ago that mpirun should have ended all.
  bool IsForgotten() {
    const auto now = std::chrono::steady_clock::now();
    if (!failed_ && worker::TellsOfFailure(ReadNotes(gang_.scratch))) failed_ = now;
    return failed_ && now - *failed_ >= kCleanup;
  }

  bool Hear() {
    std::string bytes;
    if (!ReadSome(connection_.get(), bytes)) return false;
    words_.Append(bytes);
    while (const std::optional<Word> word = words_.Next()) Take(*word);
    return !words_.broken();
  }

  void Take(const Word& word) {
    if (word.kind == WordKind::kOutput) WriteAll(STDOUT_FILENO, word.bytes);
    if (word.kind == WordKind::kErrors) WriteAll(STDERR_FILENO, word.bytes);
    if (word.kind == WordKind::kEnded) code_ = std::atoi(word.bytes.c_str());
    if (word.kind == WordKind::kNote) {
      AppendNote(gang_.scratch, word.bytes);
      Say(connection_.get(), WordKind::kNoted, "");
    }
  }

  void SendInput() {
    std::string bytes;
    input_over_ = !ReadSome(STDIN_FILENO, bytes);
    Say(connection_.get(), WordKind::kInput, input_over_ ? "" : bytes);
  }

  int Lost() const {
    const std::string why = "the connection to node " + node_ + " was lost";
    AppendNote(gang_.scratch, worker::LostNodeLine(why));
    return Fail(why);
  }

  const Gang& gang_;
  std::string node_;
  UniqueFd connection_;
  UniqueFd parent_;
  WordReader words_;
  bool input_over_ = false;
  std::optional<int> code_;
  std::optional<std::chrono::steady_clock::time_point> failed_;
};

// mpirun takes the daemon's node for what it asked for: one that it calls by another name must bear that.
std::string CommandFor(const AgentCall& call, const std::string& name) {
  return call.host == name ? call.command : "export PMIX_HOSTNAME=" + call.host + "; " + call.command;
}

// A signal to the job's whole process group is mpirun's to hand on: it tells its daemons, and each its ranks.
void LeaveSignalsToMpirun() {
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, SIGALRM, SIGTSTP, SIGPIPE})
    signal(number, SIG_IGN);
}

}  // namespace

Result<AgentCall> ParseAgentCall(const std::vector<std::string>& words) {
  std::size_t i = 0;
  while (i < words.size() && words[i].starts_with('-')) i += TakesValue(words[i]) ? 2u : 1u;
  if (i + 1 >= words.size()) {
    return InvalidArgument(
        "expected: bsub-lite-rsh NODE COMMAND [ARGUMENT...], in a job of several nodes; NODE as in "
        "BSUB_NODE_LIST. mpirun calls it to start its daemons");
  }
  AgentCall call{words[i], words[i + 1]};
  for (i += 2; i < words.size(); ++i) call.command += " " + words[i];
  return call;
}

Result<std::uint32_t> NodeMeant(const Gang& gang, const std::string& host, const std::string& host_name) {
  if (const auto index = gang.IndexOf(host)) return *index;
  if (host == host_name || host == "localhost") return gang.index;
  if (const auto index = worker::IndexOfAlias(host); index && *index < gang.nodes.size()) return *index;
  std::string names;
  for (const GangNode& node : gang.nodes) names += (names.empty() ? "" : ",") + node.name;
  return NotFound("node '" + host + "' is not one of this job's (" + names +
                  "); leave hosts to the scheduler, or name these");
}

int RunLaunchAgent(const Gang& gang, const AgentCall& call) {
  const auto index = NodeMeant(gang, call.host, worker::HostName());
  if (!index) return Explain(gang.scratch, index.error().message), kAgentFailed;
  if (*index == gang.index) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execl("/bin/sh", "sh", "-c", call.command.c_str(), nullptr);
    return Fail("cannot run /bin/sh");
  }
  LeaveSignalsToMpirun();
  auto connection = Connect(gang, *index, kPatience);
  if (!connection) return Explain(gang.scratch, connection.error().message), kAgentFailed;
  const std::string& name = gang.nodes[*index].name;
  return AgentRun(gang, name, std::move(*connection)).Run(CommandFor(call, name));
}

}  // namespace bsub::step
