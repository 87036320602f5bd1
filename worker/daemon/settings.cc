#include "worker/daemon/settings.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <array>
#include <boost/program_options.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "jobs/units.h"
#include "worker/daemon/own_address.h"
#include "worker/launch/option_table.h"
#include "worker/launch/unique_fd.h"

namespace bsub::worker {
namespace {

namespace po = boost::program_options;

constexpr const char* kIntro =
    "bsub-lite-agent: one node's link to the scheduler. Tasks run under bsub-lite-spawner and\n"
    "survive the agent; it may be stopped, killed or upgraded at any time.\n\n"
    "Usage: bsub-lite-agent --scheduler unix:PATH|host:port --spawner SOCKET --name NAME [options]";

struct Words {
  std::string cpus, memory, token_file, tls_ca_file, lease_loss = "keep", spawner_patience, tail_every;
  std::string reconnect_first, reconnect_longest, spawner_retry, log_look;
  std::string metadata_every, metadata_timeout, notice_on_term;
};

using Adder = po::options_description_easy_init;

po::typed_value<std::string>* Time(std::string& word, const char* normally) {
  return po::value(&word)->default_value(normally)->value_name("TIME");
}

template <typename Number>
po::typed_value<Number>* Count(Number& target, const char* unit) {
  return po::value(&target)->default_value(target)->value_name(unit);
}

void AddPlaces(Adder add, AgentSettings& s, Words& w) {
  add("help,h", "print this and exit");
  add("version", "print the version and exit");
  add("scheduler", po::value(&s.scheduler.target)->value_name("ADDRESS"), "unix:PATH or host:port");
  add("token", po::value(&w.token_file)->value_name("FILE"), "the node token, for host:port");
  add("tls-ca", po::value(&w.tls_ca_file)->value_name("FILE"),
      "check the scheduler's certificate against this one");
  add("spawner", po::value(&s.spawner_socket)->value_name("SOCKET"),
      "spawner.sock in the spawner's state directory");
  add("home", po::value(&s.home)->value_name("DIR"),
      "the agent's own state; default: the spawner's directory");
}

void AddNode(Adder add, AgentSettings& s, Words& w) {
  add("name", po::value(&s.name)->value_name("NAME"), "the node's name; default: the host's");
  add("address", po::value(&s.address)->value_name("ADDRESS"),
      "by which other nodes reach this one; default: the address it reaches the scheduler from");
  add("cpus", po::value(&w.cpus)->value_name("CPUS"), "CPUs to offer; default: those this process may use");
  add("memory", po::value(&w.memory)->value_name("SIZE"), "memory to offer; default: the machine's");
  add("gpus", Count(s.total.gpus, "COUNT"), "GPUs to offer");
  add("on-lease-loss", po::value(&w.lease_loss)->default_value("keep")->value_name("WORD"),
      "keep or kill: what happens to tasks when the scheduler is silent for a whole lease");
}

void AddInterruptions(Adder add, AgentSettings& s, Words& w) {
  add("interruptible", po::bool_switch(&s.interruptible), "the machine may be taken away at short notice");
  add("metadata", po::value(&s.metadata.address)->value_name("URL"),
      "ask EC2's instance metadata service (version 2), on EC2 http://169.254.169.254, whether it is; "
      "default: nobody is asked");
  add("metadata-every", Time(w.metadata_every, "5s"), "how often");
  add("metadata-timeout", Time(w.metadata_timeout, "2s"), "how long an answer may take");
  add("notice-on-term", Time(w.notice_on_term, "0s"),
      "the signal TERM means that the machine is taken away after so long: tasks save and go on elsewhere, "
      "then "
      "the agent ends. 0s: only the agent ends, tasks run on");
}

void AddLinks(Adder add, AgentSettings& s, Words& w) {
  add("spawner-patience", Time(w.spawner_patience, "10s"),
      "how long the spawner may be away before the node shows contact lost");
  add("spawner-retry", Time(w.spawner_retry, "100ms"), "how often a spawner that is away is called");
  add("max-frame-bytes", Count(s.max_frame_bytes, "BYTES"),
      "largest message to and from the spawner; as the spawner's own");
  add("reconnect-first", Time(w.reconnect_first, "50ms"),
      "wait before the first new call of a scheduler that is away; each one after it waits longer");
  add("reconnect-longest", Time(w.reconnect_longest, "2s"), "the longest such wait");
}

void AddOutput(Adder add, AgentSettings& s, Words& w) {
  add("tail-bytes", Count(s.tail_bytes, "BYTES"),
      "of each attempt's output, sent to the scheduler at its end");
  add("tail-every", Time(w.tail_every, "30s"),
      "with --interruptible: send it also so often while the task runs; 0s: not");
  add("log-look", Time(w.log_look, "100ms"), "how often output that somebody follows is looked at");
  add("log-chunk-bytes", Count(s.log_chunk_bytes, "BYTES"), "of output, read and sent at once");
  add("max-queued-log-bytes", Count(s.max_queued_log_bytes, "BYTES"),
      "of output on its way to the scheduler; then its readers pause");
}

po::options_description Options(AgentSettings& s, Words& w) {
  po::options_description options("Options");
  AddPlaces(options.add_options(), s, w);
  AddNode(options.add_options(), s, w);
  AddInterruptions(options.add_options(), s, w);
  AddLinks(options.add_options(), s, w);
  AddOutput(options.add_options(), s, w);
  return options;
}

Result<std::string> ReadText(const std::string& path, const char* what) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    return Unavailable("cannot read " + std::string(what) + " '" + path + "': " + std::strerror(errno));
  }
  return text.str();
}

// A token is a password: a file that others can read has given it away already.
Result<std::string> ReadToken(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return PermissionDenied("token file '" + path + "' can be read by others; fix it with: chmod 600 '" +
                            path + "'");
  }
  BSUB_ASSIGN_OR_RETURN(std::string token, ReadText(path, "token file"));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' '))
    token.pop_back();
  if (token.empty()) return InvalidArgument("token file '" + path + "' is empty");
  return token;
}

std::int64_t UsableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return static_cast<std::int64_t>(count) * 1000;
}

std::int64_t MachineMemory() {
  struct sysinfo info {};
  return sysinfo(&info) == 0 ? static_cast<std::int64_t>(info.totalram) * info.mem_unit : 0;
}

Status FillTotal(const Words& w, AgentSettings& s) {
  s.total.cpu_milli = UsableCpus();
  s.total.mem_bytes = MachineMemory();
  if (!w.cpus.empty()) {
    BSUB_ASSIGN_OR_RETURN(s.total.cpu_milli, ParseCpus(w.cpus));
  }
  if (!w.memory.empty()) {
    BSUB_ASSIGN_OR_RETURN(s.total.mem_bytes, ParseBytes(w.memory));
  }
  if (s.total.gpus < 0) return InvalidArgument("--gpus is negative");
  return OkStatus();
}

Status FillNames(AgentSettings& s) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  s.host = host.data();
  if (s.name.empty()) s.name = s.host;
  if (s.scheduler.target.empty())
    return InvalidArgument("--scheduler is missing, expected unix:PATH or host:port");
  if (s.spawner_socket.empty()) return InvalidArgument("--spawner is missing, expected DIR/spawner.sock");
  if (s.spawner_socket.find('/') == std::string::npos) s.spawner_socket.insert(0, "./");
  if (s.address.empty()) s.address = AddressTowards(s.scheduler.target);
  if (s.home.empty()) s.home = s.spawner_socket.substr(0, s.spawner_socket.rfind('/'));
  return OkStatus();
}

Status ReadDurations(const Words& w, AgentSettings& s) {
  struct Entry {
    const char* name;
    const std::string& text;
    Duration& target;
    bool may_be_zero;
  };
  const Entry times[] = {{"spawner-patience", w.spawner_patience, s.node.spawner_patience, true},
                         {"spawner-retry", w.spawner_retry, s.spawner_retry, false},
                         {"reconnect-first", w.reconnect_first, s.reconnect_first, false},
                         {"reconnect-longest", w.reconnect_longest, s.reconnect_longest, false},
                         {"tail-every", w.tail_every, s.tail_interval, true},
                         {"metadata-every", w.metadata_every, s.metadata.interval, false},
                         {"metadata-timeout", w.metadata_timeout, s.metadata.timeout, false},
                         {"notice-on-term", w.notice_on_term, s.notice_on_term, true},
                         {"log-look", w.log_look, s.log_look_interval, false}};
  for (const Entry& entry : times) {
    const auto parsed = ParseDuration(entry.text);
    if (!parsed) return InvalidArgument("--" + std::string(entry.name) + ": " + parsed.error().message);
    // Without a pause the agent would do nothing else.
    if (!entry.may_be_zero && *parsed < std::chrono::milliseconds(1))
      return InvalidArgument("--" + std::string(entry.name) + " is " + entry.text +
                             ", expected at least 1ms");
    entry.target = *parsed;
  }
  if (s.log_chunk_bytes == 0) return InvalidArgument("--log-chunk-bytes is 0, expected at least 1");
  return OkStatus();
}

Status Finish(const Words& w, AgentSettings& s) {
  BSUB_RETURN_IF_ERROR(FillNames(s));
  BSUB_RETURN_IF_ERROR(FillTotal(w, s));
  if (!w.token_file.empty()) {
    BSUB_ASSIGN_OR_RETURN(s.scheduler.token, ReadToken(w.token_file));
  }
  if (!w.tls_ca_file.empty()) {
    BSUB_ASSIGN_OR_RETURN(s.scheduler.tls_ca, ReadText(w.tls_ca_file, "--tls-ca"));
  }
  if (w.lease_loss != "keep" && w.lease_loss != "kill") {
    return InvalidArgument("--on-lease-loss is '" + w.lease_loss + "', expected keep or kill");
  }
  s.node.kill_on_lease_loss = w.lease_loss == "kill";
  if (!s.metadata.address.empty()) {
    const auto address = ParseHttpAddress(s.metadata.address);
    if (!address) return InvalidArgument("--metadata: " + address.error().message);
  }
  return ReadDurations(w, s);
}

}  // namespace

Result<ParsedArguments> ParseArguments(int argc, const char* const* argv) {
  ParsedArguments parsed;
  Words words;
  const po::options_description options = Options(parsed.settings, words);
  po::variables_map values;
  BSUB_RETURN_IF_ERROR(ReadOptions(options, argc, argv, values));
  parsed.text = AskedText(options, values, kIntro, "bsub-lite-agent " BSUB_VERSION "\n");
  if (parsed.text.empty()) BSUB_RETURN_IF_ERROR(Finish(words, parsed.settings));
  return parsed;
}

std::string SettingsManual() {
  AgentSettings settings;
  Words words;
  return OptionTable(Options(settings, words));
}

}  // namespace bsub::worker
