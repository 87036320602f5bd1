#include "tests/integration/soak/unit.h"

#include <array>
#include <random>

namespace bsub::soak {
namespace {

constexpr int kProtocol = 1;
constexpr int kArrayChildren = 10;
constexpr int kTaskCpuMilli = 100;
constexpr double kLongSeconds = 1;  // of tasks that are cancelled while they run

struct Share {
  Kind kind;
  double of_all;
  std::size_t jobs;
};
constexpr std::array<Share, 8> kShares = {{{Kind::kPlain, 0.50, 1},
                                           {Kind::kArray, 0.08, 1},
                                           {Kind::kChain, 0.10, 2},
                                           {Kind::kRetried, 0.10, 1},
                                           {Kind::kFailing, 0.04, 1},
                                           {Kind::kRequeued, 0.06, 1},
                                           {Kind::kForgone, 0.06, 1},
                                           {Kind::kCancelled, 0.06, 1}}};

std::mt19937_64 RandomOf(const Options& options, std::uint64_t number) {
  std::seed_seq seed{static_cast<std::uint64_t>(options.seed), number};
  return std::mt19937_64(seed);
}

const Share& Choose(double dice) {
  for (const Share& share : kShares) {
    if (dice < share.of_all) return share;
    dice -= share.of_all;
  }
  return kShares.front();
}

// How often a task of this kind fails before it succeeds.
int FailuresOf(Kind kind) {
  constexpr int kAlways = 1'000'000;
  switch (kind) {
    case Kind::kRetried:
      return 2;
    case Kind::kRequeued:
      return 1;
    case Kind::kFailing:
      return kAlways;
    case Kind::kPlain:
    case Kind::kArray:
    case Kind::kChain:
    case Kind::kForgone:
    case Kind::kCancelled:
      return 0;
  }
  return 0;
}

int AttemptsOf(Kind kind) { return kind == Kind::kRetried ? 3 : kind == Kind::kFailing ? 2 : 1; }

}  // namespace

std::string_view ToString(Kind kind) {
  switch (kind) {
    case Kind::kPlain:
      return "plain";
    case Kind::kArray:
      return "array";
    case Kind::kChain:
      return "chain";
    case Kind::kRetried:
      return "retried";
    case Kind::kFailing:
      return "failing";
    case Kind::kRequeued:
      return "requeued";
    case Kind::kForgone:
      return "forgone";
    case Kind::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

Unit MakeUnit(const Options& options, std::uint64_t number) {
  std::mt19937_64 random = RandomOf(options, number);
  const Share& share = Choose(std::uniform_real_distribution<>(0, 1)(random));
  Unit unit{.number = number, .kind = share.kind, .seconds = 0, .jobs = {}};
  constexpr std::array<double, 4> kSeconds = {0, 0, 0.05, 0.2};
  unit.seconds = unit.kind == Kind::kCancelled ? kLongSeconds : kSeconds[random() % kSeconds.size()];
  const std::string folder = std::to_string(options.seed) + "-" + std::to_string(number);
  for (std::size_t i = 0; i < share.jobs; ++i) {
    unit.jobs.emplace_back().key = folder + "/" + std::to_string(i);
  }
  return unit;
}

v1::SubmitRequest RequestOf(const Options& options, const Unit& unit, std::size_t which) {
  v1::SubmitRequest request;
  request.set_protocol(kProtocol);
  const UnitJob& job = unit.jobs[which];
  std::string token(16, '\0');
  for (std::size_t i = 0; i < 8; ++i) token[i] = static_cast<char>(unit.number >> (8 * i));
  for (std::size_t i = 0; i < 4; ++i) token[8 + i] = static_cast<char>(options.seed >> (8 * i));
  token[15] = static_cast<char>(which + 1);
  request.set_token(std::move(token));
  request.set_name(std::string(ToString(unit.kind)));
  for (const std::string& word : {options.task, options.ledgers, job.key, std::to_string(unit.seconds),
                                  std::to_string(FailuresOf(unit.kind))})
    request.mutable_command()->add_argv(word);
  request.set_working_directory("/");
  request.mutable_environment()->add_variables("SOAK=1");
  request.mutable_resources()->set_cpu_milli(kTaskCpuMilli);
  request.mutable_retry()->set_attempts(AttemptsOf(unit.kind));
  request.set_held(unit.kind == Kind::kForgone);
  request.set_stop_grace_us(5'000'000);
  if (unit.kind == Kind::kArray) request.set_array("1-" + std::to_string(kArrayChildren));
  if (which > 0) {
    request.mutable_command()->add_argv(unit.jobs[which - 1].key);
    request.set_dependency("done(" + std::to_string(unit.jobs[which - 1].id) + ")");
  }
  return request;
}

std::string OverLine(const Unit& unit) {
  std::string line = R"({"over": ")" + std::string(ToString(unit.kind)) + R"(", "children": )" +
                     std::to_string(unit.kind == Kind::kArray ? kArrayChildren : 0) + R"(, "jobs": [)";
  for (const UnitJob& job : unit.jobs) {
    line += (line.back() == '[' ? "" : ", ") + (R"({"key": ")" + job.key) + R"(", "id": )" +
            std::to_string(job.id) + R"(, "state": ")" + job.state + R"(", "end": ")" + job.end + "\"}";
  }
  return line + "]}";
}

}  // namespace bsub::soak
