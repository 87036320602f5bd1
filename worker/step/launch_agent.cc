#include "worker/step/launch_agent.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "worker/launch/host_alias.h"
#include "worker/launch/host_name.h"
#include "worker/launch/rank_ends.h"
#include "worker/launch/search_path.h"
#include "worker/step/note_file.h"
#include "worker/step/outlet.h"
#include "worker/step/patience.h"
#include "worker/step/processes.h"
#include "worker/step/rendezvous.h"
#include "worker/step/words.h"

namespace bsub::step {
namespace {

constexpr int kAgentFailed = 255;  // as ssh(1)
// Hydra's mpirun tells those of its daemons to end that have called back when a rank fails. One that calls
// back later is left alone with its ranks, and mpirun waits for it for ever.
constexpr std::string_view kDaemonOfHydra = "hydra_pmi_proxy";
constexpr std::chrono::seconds kCleanup(10);
constexpr int kLookAtEndsEvery = 1000;  // ms

bool IsDaemonOfHydra(const std::string& command) { return command.find(kDaemonOfHydra) != std::string::npos; }

bool TakesValue(const std::string& option) { return option == "-l" || option == "-p" || option == "-o"; }

int Fail(const std::string& why) {
  std::fprintf(stderr, "bsub-lite-rsh: %s\n", why.c_str());
  return kAgentFailed;
}

// The agent's end of a connection, until the command is over and what it wrote is written.
class AgentRun {
 public:
  AgentRun(const Gang& gang, std::string node, UniqueFd connection, const UniqueFd& parent)
      : gang_(gang), node_(std::move(node)), connection_(std::move(connection)), parent_(parent) {}

  int Run(const std::string& command) {
    words_out_.Add(WordKind::kRun, command);
    is_hydras_ = IsDaemonOfHydra(command);
    while (!orphaned_ && (!result_ || !out_.empty() || !errors_.empty())) Turn();
    return orphaned_ ? kAgentFailed : *result_;
  }

 private:
  void Turn() {
    std::array<pollfd, 5> polled = {{Connection(),
                                     {ReadsInput() ? STDIN_FILENO : -1, POLLIN, 0},
                                     {parent_.get(), POLLIN, 0},
                                     {out_.empty() ? -1 : out_.fd(), POLLOUT, 0},
                                     {errors_.empty() ? -1 : errors_.fd(), POLLOUT, 0}}};
    const int wait = is_hydras_ ? std::min(kLookAtEndsEvery, looks_.Wait()) : looks_.Wait();
    if (poll(polled.data(), polled.size(), wait) < 0) return;
    orphaned_ = polled[2].revents != 0;  // mpirun is gone: so is what it started
    if (polled[3].revents != 0) out_.Flush();
    if (polled[4].revents != 0) errors_.Flush();
    if (polled[1].revents != 0) TakeInput();
    if ((polled[0].events & POLLOUT) != 0 && polled[0].revents != 0) Send();
    if ((polled[0].events & POLLIN) != 0 && polled[0].revents != 0) Hear();
    if (looks_.IsDue() && !result_ && HasVanished(connection_.get())) Lose();
    if (is_hydras_ && !result_ && IsForgotten())
      result_ = Fail("a rank has failed, and mpirun did not end those on node " + node_);
  }

  // Nothing is read of it that could not be written on.
  pollfd Connection() const {
    const bool hears = !result_ && !out_.full() && !errors_.full();
    const bool sends = !result_ && !words_out_.empty();
    const int events = (hears ? POLLIN : 0) | (sends ? POLLOUT : 0);
    return {events == 0 ? -1 : connection_.get(), static_cast<short>(events), 0};
  }

  bool ReadsInput() const { return !input_over_ && !result_ && !words_out_.full(); }

  // A rank failed so long ago that mpirun should have ended all.
  bool IsForgotten() {
    const auto now = std::chrono::steady_clock::now();
    if (!rank_failed_ && worker::TellsOfFailure(ReadNotes(gang_.scratch))) rank_failed_ = now;
    return rank_failed_ && now - *rank_failed_ >= kCleanup;
  }

  void TakeInput() {
    std::string bytes;
    input_over_ = !ReadSome(STDIN_FILENO, bytes);
    if (input_over_ || !bytes.empty()) words_out_.Add(WordKind::kInput, bytes);
  }

  // Its last words may be there to be read all the same.
  void Send() {
    if (words_out_.Flush(connection_.get())) return;
    words_out_.Discard();
    input_over_ = true;
  }

  void Hear() {
    std::string bytes;
    if (!ReadSome(connection_.get(), bytes)) return Lose();
    words_.Append(bytes);
    while (const std::optional<Word> word = words_.Next()) Take(*word);
    if (words_.broken()) Lose();
  }

  void Take(const Word& word) {
    if (word.kind == WordKind::kOutput) out_.Add(word.bytes);
    if (word.kind == WordKind::kErrors) errors_.Add(word.bytes);
    if (word.kind == WordKind::kEnded) {
      result_ = std::atoi(word.bytes.c_str());
      connection_.Reset();  // the server waits for that
    }
    if (word.kind == WordKind::kNote) {
      AppendNote(gang_.scratch, word.bytes);
      words_out_.Add(WordKind::kNoted, "");
    }
  }

  void Lose() {
    const std::string why = "the connection to node " + node_ + " was lost";
    AppendNote(gang_.scratch, worker::LostNodeLine(why));
    result_ = Fail(why);
  }

  const Gang& gang_;
  std::string node_;
  UniqueFd connection_;
  Rounds looks_{kLookAtConnection};
  const UniqueFd& parent_;  // can be read once it has ended
  WordSender words_out_;
  WordReader words_;
  Outlet out_{STDOUT_FILENO};
  Outlet errors_{STDERR_FILENO};
  bool input_over_ = false;
  bool is_hydras_ = false;
  bool orphaned_ = false;
  std::optional<int> result_;  // the command's exit code, or that of not knowing it
  std::optional<std::chrono::steady_clock::time_point> rank_failed_;
};

// mpirun takes the daemon's node for what it asked for: one that it calls by another name must bear that.
std::string CommandFor(const AgentCall& call, const std::string& name) {
  return call.host == name ? call.command : "export PMIX_HOSTNAME=" + call.host + "; " + call.command;
}

// Hydra's mpirun waits for ever for a daemon that does not call back, whatever becomes of the agent that was
// to start it. On TERM it ends because it cannot reach that one.
void EndMpirun(const UniqueFd& mpirun) {
  const auto tell = [&mpirun](int signal) {
    return syscall(SYS_pidfd_send_signal, mpirun.get(), signal, nullptr, 0) == 0;
  };
  pollfd ended{mpirun.get(), POLLIN, 0};
  constexpr auto kWait = std::chrono::duration_cast<std::chrono::milliseconds>(kCleanup).count();
  if (tell(SIGTERM) && poll(&ended, 1, static_cast<int>(kWait)) == 0) tell(SIGKILL);
}

// Of a daemon that cannot be started.
int GiveUp(const Gang& gang, const AgentCall& call, const UniqueFd& mpirun, const std::string& why) {
  Explain(gang.scratch, why);
  if (IsDaemonOfHydra(call.command)) EndMpirun(mpirun);
  return kAgentFailed;
}

std::string CannotRun(const std::string& node, const std::string& program) {
  return "node " + node + " cannot run '" + program + "'; it must be there as on the job's other nodes";
}

// Of Open MPI's daemon that is not there its mpirun tells by itself.
int RunHere(const Gang& gang, const AgentCall& call, const UniqueFd& mpirun) {
  const std::string program = ProgramOf(call.command);
  if (IsDaemonOfHydra(call.command) && worker::FindInPath(program, Variable("PATH")).empty())
    return GiveUp(gang, call, mpirun, CannotRun(gang.own().name, program));
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  execl("/bin/sh", "sh", "-c", call.command.c_str(), nullptr);
  return Fail("cannot run /bin/sh");
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

std::string ProgramOf(const std::string& command) {
  const bool quoted = command.starts_with('"') || command.starts_with('\'');
  return quoted ? command.substr(1, command.find(command[0], 1) - 1) : command.substr(0, command.find(' '));
}

// Not by sessions or groups: Hydra gives its agents a session of their own.
Result<UniqueFd> FindCaller(const Gang& gang) {
  const pid_t parent = getppid();
  UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, parent, 0)));
  const bool is_stranger = BeganWithout(parent, std::string(kSecretVariable) + "=" + gang.secret);
  // Asked last: if it is the parent still, all this was about that one and none that got its number.
  if (is_stranger || getppid() != parent)
    return Error{Code::kAborted, "what called it has ended; nothing is started for that"};
  return process;
}

int RunLaunchAgent(const Gang& gang, const AgentCall& call, const UniqueFd& mpirun) {
  const auto index = NodeMeant(gang, call.host, worker::HostName());
  if (!index) return GiveUp(gang, call, mpirun, index.error().message);
  if (*index == gang.index) return RunHere(gang, call, mpirun);
  LeaveSignalsToMpirun();
  auto connection = Connect(gang, *index, Patience::For(gang.patience, mpirun.get()));
  if (!connection && connection.error().code == Code::kAborted) return kAgentFailed;
  if (!connection) return GiveUp(gang, call, mpirun, connection.error().message);
  const std::string& name = gang.nodes[*index].name;
  const int code = AgentRun(gang, name, std::move(*connection), mpirun).Run(CommandFor(call, name));
  // Hydra's daemon has no such codes of its own.
  const bool began = code != kNotFound && code != kCannotServe;
  if (began || !IsDaemonOfHydra(call.command)) return code;
  return GiveUp(gang, call, mpirun, CannotRun(name, ProgramOf(call.command)));
}

}  // namespace bsub::step
