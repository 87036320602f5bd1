// bench-wire FIGURE SOCKET [KEY=N...]; the keys are those of Load
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>

#include "bench/wire/wire.h"

namespace {

bool Read(std::string_view word, bsub::bench::Load& load) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const int value = std::atoi(word.data() + equals + 1);
  const std::map<std::string_view, std::function<void()>> keys = {
      {"connections", [&] { load.connections = value; }},
      {"outstanding", [&] { load.outstanding = value; }},
      {"count", [&] { load.count = value; }},
      {"distinct", [&] { load.distinct_environments = value != 0; }},
      {"held", [&] { load.held = value != 0; }},
      {"until_eof", [&] { load.until_eof = value != 0; }},
      {"jobs", [&] { load.jobs = value; }},
      {"target", [&] { load.target = value; }}};
  const auto it = keys.find(word.substr(0, equals));
  if (it == keys.end() || value < 0) return false;
  it->second();
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string_view, int (*)(const bsub::bench::Load&)> figures = {
      {"submit-stream", bsub::bench::SubmitByStream},
      {"submit-unary", bsub::bench::SubmitOneByOne},
      {"followers", bsub::bench::FollowEvents},
      {"log-followers", bsub::bench::FollowLogs},
      {"probe-submit", bsub::bench::ProbeSubmit},
      {"probe-job", bsub::bench::ProbeJob},
      {"cancel", bsub::bench::CancelAll}};
  bsub::bench::Load load;
  bool good = argc >= 3 && figures.count(argv[1]) != 0;
  if (good) load.socket = argv[2];
  for (int i = 3; good && i < argc; ++i) good = Read(argv[i], load);
  if (!good) {
    std::fprintf(
        stderr,
        "usage: bench-wire FIGURE SOCKET [connections=N] [outstanding=N] [count=N] [distinct=1] [held=1]\n"
        "       [until_eof=1] [jobs=N] [target=JOB]\n"
        "figures: submit-stream submit-unary followers log-followers probe-submit probe-job cancel\n");
    return 2;
  }
  return figures.at(argv[1])(load);
}
