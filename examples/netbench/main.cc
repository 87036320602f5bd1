// netbench: what the network between the ranks of an MPI program can do. One source for two worlds: compiled
// by mpicc it measures the network it runs on, compiled by SimGrid's smpicc a modelled one.
//
// Rank 0 prints one JSON object per line; README.md beside this file describes them.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "examples/netbench/options.h"
#include "examples/netbench/patterns.h"

namespace netbench {
namespace {

constexpr std::size_t kLatencyBytes = 8;
constexpr std::size_t kSmall = 64 << 10;  // bytes: up to here latency counts, and messages are timed in tens

int IterationsFor(const Options& options, std::size_t bytes) {
  return bytes <= kSmall ? options.iterations : std::max(1, options.iterations / 4);
}

// Where a rank runs: its node in a bsub-lite cluster, where several may be on one host; else the host.
std::string NodeName() {
  const char* node = std::getenv("BSUB_NODE");
  if (node != nullptr && *node != '\0') return node;
  char host[MPI_MAX_PROCESSOR_NAME] = "";
  int length = 0;
  MPI_Get_processor_name(host, &length);
  return std::string(host, static_cast<std::size_t>(length));
}

// The node of each rank, on all ranks.
std::vector<std::string> NodesByRank(MPI_Comm all) {
  constexpr std::size_t kLongest = 256;
  int ranks = 0;
  MPI_Comm_size(all, &ranks);
  std::string mine = NodeName().substr(0, kLongest - 1);
  mine.resize(kLongest);
  std::vector<char> names(kLongest * static_cast<std::size_t>(ranks));
  MPI_Allgather(mine.data(), kLongest, MPI_CHAR, names.data(), kLongest, MPI_CHAR, all);
  std::vector<std::string> nodes;
  for (std::size_t at = 0; at < names.size(); at += kLongest) nodes.emplace_back(&names[at]);
  return nodes;
}

// Names of hosts need no escapes; what would is shown as '?'.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ' ? '?' : c;
  return out + "\"";
}

void PrintAbout(const std::vector<std::string>& nodes) {
  char version[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  MPI_Get_library_version(version, &length);
  const std::string first_line = std::string(version).substr(0, std::string(version).find('\n'));
  std::string names;
  for (const std::string& node : nodes) names += (names.empty() ? "" : ",") + Quoted(node);
  std::printf("{\"test\":\"about\",\"ranks\":%zu,\"nodes\":[%s],\"mpi\":%s}\n", nodes.size(), names.c_str(),
              Quoted(first_line).c_str());
}

// What all ranks know of the run.
struct Run {
  const Options& options;
  int repetition = 0;
  bool prints = false;       // rank 0
  std::vector<int> leaders;  // the first rank of each node
};

void PrintPair(const Run& run, const char* test, int first, int second, std::size_t bytes, double seconds) {
  if (!run.prints) return;
  std::printf("{\"test\":\"%s\",\"repetition\":%d,\"ranks\":[%d,%d],\"bytes\":%zu,\"seconds\":%.4e}\n", test,
              run.repetition, first, second, bytes, seconds);
}

void PrintTogether(const Run& run, const char* test, std::size_t bytes, double seconds) {
  if (!run.prints) return;
  std::printf("{\"test\":\"%s\",\"repetition\":%d,\"bytes\":%zu,\"seconds\":%.4e}\n", test, run.repetition,
              bytes, seconds);
}

struct RankPair {
  int first = 0, second = 0;
};

struct PairLatency {
  RankPair pair;
  std::vector<double> seconds = {};  // of each repetition; they count on rank 0
};

// Of the first ranks of all nodes.
std::vector<PairLatency> PairsOf(const Run& run) {
  std::vector<PairLatency> pairs;
  for (std::size_t i = 0; i < run.leaders.size(); ++i) {
    for (std::size_t j = i + 1; j < run.leaders.size(); ++j)
      pairs.push_back({{run.leaders[i], run.leaders[j]}});
  }
  return pairs;
}

// One pair after the other.
void MeasurePairs(const Run& run, std::vector<PairLatency>& pairs, MPI_Comm all) {
  for (PairLatency& between : pairs) {
    for (const std::size_t bytes : {kLatencyBytes, run.options.pair_bytes}) {
      const auto [first, second] = between.pair;
      const double seconds = PingPong(all, first, second, bytes, IterationsFor(run.options, bytes));
      PrintPair(run, "pair", first, second, bytes, seconds);
      if (bytes == kLatencyBytes) between.seconds.push_back(seconds);
    }
  }
}

double MedianOf(std::vector<double> seconds) {
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

// The pair for the ping-pong by size, the same on all ranks: as asked, or with the longest latency; (0, the
// last rank) if all ranks are on one node.
RankPair PingPongPair(const Run& run, const std::vector<PairLatency>& pairs, MPI_Comm all) {
  if (run.options.first >= 0) return {run.options.first, run.options.second};
  int ranks = 0;
  MPI_Comm_size(all, &ranks);
  RankPair slowest{0, ranks - 1};
  double longest = 0;
  for (const PairLatency& between : pairs) {
    const double seconds = MedianOf(between.seconds);
    if (seconds > longest) longest = seconds, slowest = between.pair;
  }
  std::array<int, 2> both = {slowest.first, slowest.second};
  MPI_Bcast(both.data(), 2, MPI_INT, 0, all);
  return {both[0], both[1]};
}

void MeasurePingPong(const Run& run, RankPair pair, MPI_Comm all) {
  for (std::size_t bytes = 1; bytes <= run.options.largest; bytes *= 2) {
    const double seconds = PingPong(all, pair.first, pair.second, bytes, IterationsFor(run.options, bytes));
    PrintPair(run, "pingpong", pair.first, pair.second, bytes, seconds);
  }
}

void MeasureTogether(const Run& run, MPI_Comm all) {
  for (std::size_t bytes = 8; bytes <= run.options.largest; bytes *= 8) {
    PrintTogether(run, "allreduce", bytes, Allreduce(all, bytes, IterationsFor(run.options, bytes)));
  }
  const std::size_t block = run.options.block_bytes;
  PrintTogether(run, "alltoall", block, Alltoall(all, block, std::max(1, run.options.iterations / 4)));
  PrintTogether(run, "halo", block, Halo(all, block, IterationsFor(run.options, block)));
}

std::vector<int> FirstOfEachNode(const std::vector<std::string>& nodes) {
  std::vector<int> leaders;
  for (std::size_t rank = 0; rank < nodes.size(); ++rank) {
    const auto mine = nodes.begin() + static_cast<std::ptrdiff_t>(rank);
    if (std::find(nodes.begin(), mine, *mine) == mine) leaders.push_back(static_cast<int>(rank));
  }
  return leaders;
}

void MeasureAll(const Options& options, MPI_Comm all) {
  int rank = 0;
  MPI_Comm_rank(all, &rank);
  const std::vector<std::string> nodes = NodesByRank(all);
  if (rank == 0) PrintAbout(nodes);
  Run run{.options = options, .repetition = 0, .prints = rank == 0, .leaders = FirstOfEachNode(nodes)};
  std::vector<PairLatency> pairs = PairsOf(run);
  for (; run.repetition < options.repetitions; ++run.repetition) MeasurePairs(run, pairs, all);
  const RankPair pair = PingPongPair(run, pairs, all);
  for (run.repetition = 0; run.repetition < options.repetitions; ++run.repetition) {
    MeasurePingPong(run, pair, all);
    MeasureTogether(run, all);
    if (run.prints) std::fflush(stdout);
  }
}

// Whether the options fit the number of ranks; the same answer on all of them.
std::string CheckRanks(const Options& options) {
  int ranks = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (ranks < 2) return "there is one rank; at least two are needed: mpirun -n 2 netbench";
  if (options.first < ranks && options.second < ranks) return "";
  return "--pair: there are " + std::to_string(ranks) + " ranks, numbered from 0";
}

int Main(int argc, char** argv) {
  Options options;
  std::string wrong = ReadOptions(argc, argv, options);
  if (wrong == "help") {
    std::printf("%s", Usage());
    return 0;
  }
  MPI_Init(&argc, &argv);
  if (wrong.empty()) wrong = CheckRanks(options);
  if (wrong.empty()) MeasureAll(options, MPI_COMM_WORLD);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Finalize();
  if (wrong.empty()) return 0;
  if (rank == 0) std::fprintf(stderr, "netbench: %s\n", wrong.c_str());
  return 2;
}

}  // namespace
}  // namespace netbench

int main(int argc, char** argv) { return netbench::Main(argc, argv); }
