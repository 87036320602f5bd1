// Who may include whom, as drawn in ARCHITECTURE.md; and no clock, thread, socket, file, random source or
// wire format in the pure folders. A line that breaks this is named.
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "tests/tidy/source_files.h"

namespace bsub::testing {
namespace {

struct Layer {
  std::string_view folder;
  std::string_view may_use;  // folders, separated by blanks; its own is always allowed
  bool pure = false;         // no clock, thread, socket, file, random source, protobuf, gRPC, SQL
};

// The longest folder that a path begins with is its layer. What is not listed here is not allowed.
constexpr std::array kLayers = {
    Layer{"common/", "", true},
    Layer{"jobs/", "common/", true},
    Layer{"scheduler/core/", "jobs/ common/", true},
    Layer{"worker/core/", "jobs/ common/", true},
    Layer{"scheduler/journal/", "api/ scheduler/core/ jobs/ common/"},
    Layer{"scheduler/rpc/", "api/ scheduler/core/ jobs/ common/"},
    // Also read by the command line, for `up` and `config`.
    Layer{"scheduler/cluster_config/", "scheduler/core/topology.h jobs/ common/"},
    // The daemon wires its adapters together. It makes the proof of a launch that the spawner checks.
    Layer{"scheduler/daemon/", "api/ scheduler/ worker/launch/launch_proof.h jobs/ common/"},
    // Of the checkpoint library the worker knows the control directory, which has code for both its ends.
    Layer{"worker/launch/", "api/ worker/core/ checkpoint/control/ jobs/ common/"},
    Layer{"worker/step/", "worker/launch/ common/"},
    Layer{"worker/interruption/",
          "api/ worker/core/ worker/launch/unique_fd.h checkpoint/control/ jobs/ common/"},
    Layer{"worker/rpc/", "api/ worker/core/ worker/launch/ checkpoint/control/ jobs/ common/"},
    Layer{"worker/spawner/", "api/ worker/core/ worker/launch/ checkpoint/control/ jobs/ common/"},
    Layer{"worker/daemon/", "api/ worker/ checkpoint/control/ jobs/ common/"},
    Layer{"cli/", "api/ scheduler/cluster_config/ jobs/ common/"},
    Layer{"checkpoint/", ""},  // installed alone
    Layer{"checkpoint/control/", ""},
    Layer{"kernels/include/", ""},
    Layer{"kernels/", "jobs/ common/"},
    Layer{"examples/", "checkpoint/ kernels/include/"},
    Layer{"sim/", "scheduler/core/ worker/core/ jobs/ common/"},
    // Reads the nodes of a cluster configuration.
    Layer{"sim/day/", "scheduler/core/ scheduler/cluster_config/ sim/ jobs/ common/"},
    Layer{"bench/", "scheduler/ worker/ jobs/ common/ sim/ checkpoint/ kernels/include/ api/"},
    // A command of bsub-lite in a program of its own.
    Layer{"bench/placement/",
          "scheduler/core/ scheduler/cluster_config/ sim/fabric/ sim/random.h cli/interrupts.h cli/table.h "
          "jobs/ "
          "common/"},
    Layer{"tests/", "api/ scheduler/ worker/ cli/ checkpoint/ kernels/ examples/ sim/ bench/ jobs/ common/"},
};

// Beginnings of system headers that a pure folder must not include.
constexpr std::array<std::string_view, 36> kImpureHeaders = {"sys/",
                                                             "netinet/",
                                                             "arpa/",
                                                             "net/",
                                                             "linux/",
                                                             "google/",
                                                             "grpc",
                                                             "unistd.h",
                                                             "fcntl.h",
                                                             "poll.h",
                                                             "time.h",
                                                             "ctime",
                                                             "signal.h",
                                                             "csignal",
                                                             "pthread.h",
                                                             "sched.h",
                                                             "dirent.h",
                                                             "spawn.h",
                                                             "random",
                                                             "thread",
                                                             "mutex",
                                                             "shared_mutex",
                                                             "condition_variable",
                                                             "atomic",
                                                             "future",
                                                             "semaphore",
                                                             "latch",
                                                             "barrier",
                                                             "stop_token",
                                                             "fstream",
                                                             "filesystem",
                                                             "iostream",
                                                             "sqlite3",
                                                             "spdlog/",
                                                             "openssl/",
                                                             "yaml-cpp/"};

// Words of the standard library that read a clock or a random source through a header that is allowed.
constexpr std::array<std::string_view, 9> kImpureWords = {
    "system_clock", "steady_clock",  "high_resolution_clock", "getenv(", "std::rand",
    "gettimeofday", "clock_gettime", "random_device",         "fopen("};

const Layer* LayerOf(std::string_view path) {
  const Layer* found = nullptr;
  for (const Layer& layer : kLayers) {
    if (!path.starts_with(layer.folder)) continue;
    if (!found || layer.folder.size() > found->folder.size()) found = &layer;
  }
  return found;
}

bool MayUse(const Layer& layer, std::string_view included) {
  if (included.starts_with(layer.folder)) return true;
  std::string_view rest = layer.may_use;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(' '));
    if (included.starts_with(folder)) return true;
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
  }
  return false;
}

// What a line includes: between quotes if `quote` is '"', else between angles.
std::optional<std::string_view> Included(std::string_view line, char quote) {
  constexpr std::string_view kInclude = "#include ";
  if (!line.starts_with(kInclude)) return std::nullopt;
  line.remove_prefix(kInclude.size());
  if (line.empty() || line.front() != quote) return std::nullopt;
  line.remove_prefix(1);
  return line.substr(0, line.find(quote == '<' ? '>' : quote));
}

// Nothing if the line keeps the rules, else what it breaks.
std::string Breach(const Layer& layer, std::string_view line) {
  if (const auto header = Included(line, '"')) {
    if (!LayerOf(*header) && !header->starts_with("api/")) {
      return "includes \"" + std::string(*header) + "\", which is no path from the root";
    }
    if (!MayUse(layer, *header)) {
      return "may not use \"" + std::string(*header) + "\"; only: " + std::string(layer.may_use);
    }
  }
  if (!layer.pure) return "";
  if (const auto header = Included(line, '<')) {
    for (const std::string_view impure : kImpureHeaders) {
      const bool whole = impure.find('/') == std::string_view::npos && impure != "grpc";
      if (whole ? *header == impure : header->starts_with(impure)) {
        return "a pure folder may not include <" + std::string(*header) + ">";
      }
    }
  }
  const std::string_view code = line.substr(0, line.find("//"));
  for (const std::string_view word : kImpureWords) {
    if (code.find(word) != std::string_view::npos) return "a pure folder may not use " + std::string(word);
  }
  return "";
}

TEST(Includes, FollowTheDirectionsOfTheDesign) {
  for (const SourceFile& file : ReadSources()) {
    const Layer* layer = LayerOf(file.path);
    if (!layer) {
      ADD_FAILURE() << file.path << " is in a folder that has no layer: add it to kLayers";
      continue;
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string breach = Breach(*layer, file.lines[i]);
      if (!breach.empty()) ADD_FAILURE() << file.path << ":" << i + 1 << ": " << breach;
    }
  }
}

// The checker itself.
TEST(Includes, BreachesAreSeen) {
  const Layer& core = *LayerOf("scheduler/core/cycle.cc");
  EXPECT_EQ(Breach(core, "#include \"jobs/retry.h\""), "");
  EXPECT_EQ(Breach(core, "#include <chrono>"), "");
  EXPECT_EQ(Breach(core, "// never calls steady_clock::now()"), "");
  EXPECT_NE(Breach(core, "#include \"scheduler/journal/segment.h\""), "");
  EXPECT_NE(Breach(core, "#include \"cycle.h\""), "");
  EXPECT_NE(Breach(core, "#include <sys/socket.h>"), "");
  EXPECT_NE(Breach(core, "#include <thread>"), "");
  EXPECT_NE(Breach(core, "#include <grpcpp/grpcpp.h>"), "");
  EXPECT_NE(Breach(core, "  const auto now = std::chrono::steady_clock::now();"), "");
  EXPECT_NE(Breach(*LayerOf("jobs/retry.cc"), "#include \"scheduler/core/state.h\""), "");
  EXPECT_EQ(Breach(*LayerOf("cli/submit.cc"), "#include <thread>"), "");
  EXPECT_NE(Breach(*LayerOf("cli/submit.cc"), "#include \"scheduler/core/state.h\""), "");
  EXPECT_EQ(LayerOf("elsewhere/x.cc"), nullptr);
}

}  // namespace
}  // namespace bsub::testing
