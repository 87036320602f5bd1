#include "tests/scenarios/scenario_run.h"

#include <map>
#include <sstream>
#include <stdexcept>

#include "common/check.h"
#include "jobs/units.h"
#include "tests/support/racks.h"

namespace bsub::testing {

// "submit name=a held": the verb, what stands alone, and what has a value.
struct ScenarioRun::Words {
  explicit Words(std::string_view line) {
    std::istringstream in{std::string(line)};
    in >> verb;
    for (std::string word; in >> word;) {
      // In "2[3]" or "1-4%2" nothing is a key; keys are letters only.
      const std::size_t equals = word.find('=');
      const bool key = equals != std::string::npos && word.substr(0, equals).find_first_not_of(
                                                          "abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
      if (key) {
        values[word.substr(0, equals)] = word.substr(equals + 1);
      } else {
        plain.push_back(word);
      }
    }
  }
  bool Has(std::string_view word) const {
    for (const std::string& p : plain) {
      if (p == word) return true;
    }
    return false;
  }
  const std::string& At(std::size_t i) const { return plain.at(i); }
  std::string Value(const std::string& key, std::string otherwise = "") const {
    const auto it = values.find(key);
    return it == values.end() ? otherwise : it->second;
  }
  std::int64_t Number(const std::string& key, std::int64_t otherwise) const {
    return values.count(key) ? std::stoll(values.at(key)) : otherwise;
  }
  Principal Who(const Principal& otherwise = Alice()) const {
    const std::string name = Value("by");
    return name == "alice" ? Alice() : name == "bob" ? Bob() : name == "ops" ? Ops() : otherwise;
  }

  std::string verb;
  std::vector<std::string> plain;
  std::map<std::string, std::string> values;
};

namespace {

// All of a scenario happens within a day; the day itself is noise.
std::string WithoutDate(std::string line) {
  constexpr std::string_view kDate = "2026-01-01T";
  for (std::size_t at = line.find(kDate); at != std::string::npos; at = line.find(kDate)) {
    line.erase(at, kDate.size());
  }
  return line;
}

// "n1,n2" for each rack.
std::vector<std::vector<std::string>> RacksOf(const std::vector<std::string>& words) {
  std::vector<std::vector<std::string>> racks;
  for (const std::string& word : words) {
    std::istringstream in(word);
    racks.emplace_back();
    for (std::string name; std::getline(in, name, ',');) racks.back().push_back(name);
  }
  return racks;
}

Duration ReadDuration(const std::string& text) {
  const Result<Duration> length = ParseDuration(text);
  if (!length) throw std::invalid_argument(length.error().message);
  return *length;
}

void AddLines(const std::string& text, std::vector<std::string>& out) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
}

std::string Row(const sched::State& state, const sched::Job& job) {
  std::string row = std::to_string(job.id.value()) + " " + std::string(ToString(sched::StateOf(job)));
  if (job.held) row += " held";
  if (job.array) {
    const sched::StatusSummary counts = sched::Summarise(job);
    for (int s = 0; s < kJobStateCount; ++s) {
      const std::uint32_t n = counts[static_cast<std::size_t>(s)];
      if (n > 0) row += ", " + std::to_string(n) + " " + std::string(ToString(static_cast<JobState>(s)));
    }
    return row;
  }
  if (const sched::Attempt* a = job.task.attempt.get()) {
    row += ", attempt " + std::to_string(a->number) + " on " + state.nodes.at(a->node).description.name;
  } else if (IsOver(job.task.state) && job.task.last_end) {
    row += ", " + Describe(job.task.last_end->end);
  }
  return row;
}

}  // namespace

std::vector<std::string> ScenarioRun::Do(std::string_view command) {
  const Words words(command);
  static_cast<void>(env_.TakeLog());
  std::vector<std::string> out;
  try {
    Act(words, out);
  } catch (const std::exception& error) {
    out.push_back("cannot read: " + std::string(command));
  }
  for (std::string& line : env_.TakeLog()) out.push_back(std::move(line));
  for (std::string& line : out) line = WithoutDate(std::move(line));
  return out;
}

void ScenarioRun::Act(const Words& words, std::vector<std::string>& out) {
  if (ActOnJobs(words) || ActOnNodes(words) || ActOnTheScheduler(words) || Look(words, out)) return;
  throw std::invalid_argument(words.verb);
}

bool ScenarioRun::ActOnJobs(const Words& w) {
  if (w.verb == "submit") {
    Submit(w);
  } else if (w.verb == "start") {
    env_.Start(w.At(0), w.Value("on"));
  } else if (w.verb == "finish") {
    env_.Finish(w.At(0), Exit(std::stoi(w.At(1))), w.Value("on"));
  } else if (w.verb == "refuse-start") {
    env_.RefuseStart(w.At(0), w.Value("on"), w.Value("reason"));
  } else if (w.verb == "cancel") {
    static_cast<void>(env_.Cancel(w.At(0), w.Who(), w.Value("reason")));
  } else if (w.verb == "hold") {
    static_cast<void>(env_.Hold(w.At(0), w.Who()));
  } else if (w.verb == "release") {
    static_cast<void>(env_.Release(w.At(0), w.Who()));
  } else if (w.verb == "requeue") {
    static_cast<void>(env_.Requeue(w.At(0), w.Who()));
  } else if (w.verb == "priority") {
    static_cast<void>(env_.SetPriority(w.At(0), std::stoi(w.At(1)), w.Who()));
  } else {
    return false;
  }
  return true;
}

bool ScenarioRun::ActOnNodes(const Words& w) {
  using sched::NodeAction;
  const auto set = [&](NodeAction action) {
    static_cast<void>(env_.SetNode(action, w.At(0), w.Who(Ops()), w.Value("reason")));
  };
  if (w.verb == "nodes") {
    env_.AddNodes(std::stoi(w.At(0)), Cpus(w.Number("cpus", 4)));
  } else if (w.verb == "node") {
    FakeNode node(w.At(0), Cpus(w.Number("cpus", 4)));
    if (w.Has("kill")) node.description.on_lease_loss = sched::OnLeaseLoss::kKill;
    env_.AddNode(std::move(node));
  } else if (w.verb == "disconnect") {
    env_.Disconnect(w.At(0));
  } else if (w.verb == "connect") {
    env_.Connect(w.At(0));
  } else if (w.verb == "reboot") {
    env_.node(w.At(0)).Reboot();
    env_.Connect(w.At(0));
  } else if (w.verb == "drain") {
    set(NodeAction::kDrain);
  } else if (w.verb == "notice") {
    const Result<Duration> in = ParseDuration(w.Value("in"));
    if (!in) throw std::invalid_argument(in.error().message);
    static_cast<void>(env_.SetNode(NodeAction::kNotice, w.At(0), w.Who(Ops()), w.Value("reason"), *in));
  } else if (w.verb == "resume") {
    set(NodeAction::kResume);
  } else if (w.verb == "declare-dead") {
    set(NodeAction::kDeclareDead);
  } else if (w.verb == "remove") {
    set(NodeAction::kRemove);
  } else {
    return false;
  }
  return true;
}

bool ScenarioRun::ActOnTheScheduler(const Words& w) {
  if (w.verb == "queue") {
    SetQueue(w);
  } else if (w.verb == "reserve") {
    sched::CreateReservation make;
    make.who = w.Who(Ops());
    make.name = w.At(0);
    make.from = env_.now() + ReadDuration(w.Value("in", "0s"));
    make.length = ReadDuration(w.Value("for"));
    make.count = static_cast<std::uint32_t>(w.Number("nodes", 0));
    if (w.values.count("node")) make.nodes.push_back(w.Value("node"));
    make.users.push_back(w.Value("user", "alice"));
    static_cast<void>(env_.Reserve(std::move(make)));
  } else if (w.verb == "unreserve") {
    static_cast<void>(env_.DeleteReservation(w.At(0), w.Who(Ops())));
  } else if (w.verb == "maintenance") {
    const TimePoint from = env_.now() + ReadDuration(w.Value("in"));
    env_.Handle(
        sched::MaintenanceSet{{{w.At(0), from, from + ReadDuration(w.Value("for")), {w.Value("node")}}}});
  } else if (w.verb == "cycle") {
    env_.Cycle(w.plain.empty() ? 1000 : static_cast<std::uint32_t>(std::stoul(w.At(0))));
  } else if (w.verb == "advance") {
    const Result<Duration> by = ParseDuration(w.At(0));
    if (!by) throw std::invalid_argument(by.error().message);
    env_.Advance(*by);
  } else if (w.verb == "racks") {
    env_.Configure(Racks(RacksOf(w.plain)));
  } else if (w.verb == "restart") {
    env_.Restart();
  } else if (w.verb == "lose-messages" || w.verb == "deliver-messages") {
    env_.LoseMessages(w.verb == "lose-messages");
  } else {
    return false;
  }
  return true;
}

bool ScenarioRun::Look(const Words& w, std::vector<std::string>& out) {
  if (w.verb == "crowd") {
    out.push_back(crowd_.Run(w.Number("hours", 1), w.Value("until")));
  } else if (w.verb == "show") {
    for (const auto& [id, job] : env_.state().jobs) out.push_back(Row(env_.state(), job));
  } else if (w.verb == "why") {
    AddLines(env_.Explain(w.At(0)), out);
  } else {
    return false;
  }
  return true;
}

void ScenarioRun::Submit(const Words& w) {
  Job job = Job().By(w.Who()).Name(w.Value("name")).Cpus(w.Number("cpus", 1)).Queue(w.Value("queue"));
  if (w.values.count("reservation")) job.Reservation(w.Value("reservation"));
  if (w.values.count("walltime")) job.Walltime(ReadDuration(w.Value("walltime")));
  if (w.values.count("share")) job.Share(w.Value("share"));
  job.Priority(static_cast<std::int32_t>(w.Number("priority", 0)));
  job.Retry(static_cast<std::int32_t>(w.Number("retry", 1)));
  job.Nodes(static_cast<std::uint32_t>(w.Number("nodes", 1)));
  if (w.Has("exclusive")) job.Exclusive();
  if (w.values.count("placement")) job.Placed(w.Value("placement"));
  if (w.Has("ends-with-main")) job.EndsWithMain();
  if (w.Has("saves")) job.Saves();
  if (w.values.count("array")) job.Array(w.Value("array"));
  if (w.values.count("after")) job.After(w.Value("after"));
  if (w.values.count("token")) job.Token(static_cast<std::uint8_t>(w.Number("token", 0)));
  if (w.values.count("begin")) {
    const Result<TimePoint> at = ParseBeginTime(w.Value("begin"), env_.now());
    if (!at) throw std::invalid_argument(at.error().message);
    job.BeginAt(*at);
  }
  if (w.Has("held")) job.Held();
  if (w.Has("keep-if-impossible")) job.KeepIfImpossible();
  static_cast<void>(env_.TrySubmit(job));
}

void ScenarioRun::SetQueue(const Words& w) {
  sched::Queue queue;
  queue.name = w.At(0);
  queue.priority = static_cast<std::int32_t>(w.Number("priority", 0));
  queue.dispatches = !w.Has("closed");
  queue.max_running = w.Number("max_running", 0);
  queue.max_running_per_user = w.Number("max_running_per_user", 0);
  queue.max_cpus = w.Number("max_cpus", 0);
  queue.max_cpus_per_user = w.Number("max_cpus_per_user", 0);
  queue.max_cpus_per_share = w.Number("max_cpus_per_share", 0);
  queue.max_running_per_share = w.Number("max_running_per_share", 0);
  queue.max_waiting_per_share = w.Number("max_waiting_per_share", 0);
  if (w.values.count("preempts") != 0) queue.preempts.push_back(w.Value("preempts"));
  queue.overdue_after = std::chrono::hours(w.Number("overdue_hours", 24 * 7));
  if (w.values.count("policy") != 0) queue.order = sched::ParseQueueOrder(w.Value("policy")).value();
  if (w.values.count("backfill") != 0) queue.backfill = sched::ParseBackfill(w.Value("backfill")).value();
  if (w.values.count("share") != 0)
    queue.fair_share.weights.push_back(sched::ParseShareWeight(w.Value("share")).value());
  static_cast<void>(env_.SetQueue(std::move(queue), w.Who(Ops())));
}

}  // namespace bsub::testing
