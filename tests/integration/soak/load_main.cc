// soak_load NAME=VALUE ...: options.h says what there is. Lines of JSON on standard output; soak_test.py
// reads them.
#include <signal.h>
#include <sys/prctl.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "tests/integration/soak/load.h"

namespace {

bool Read(const std::string& word, bsub::soak::Options& options) {
  const std::map<std::string, std::string*> texts = {
      {"socket", &options.socket}, {"ledgers", &options.ledgers}, {"task", &options.task}};
  const std::map<std::string, double*> reals = {{"rate", &options.rate},
                                                {"seconds", &options.seconds},
                                                {"window", &options.window},
                                                {"patience", &options.patience}};
  const std::map<std::string, std::int64_t*> numbers = {{"count", &options.count},
                                                        {"open", &options.open},
                                                        {"senders", &options.senders},
                                                        {"seed", &options.seed}};
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) return false;
  const std::string name = word.substr(0, equals), value = word.substr(equals + 1);
  if (const auto text = texts.find(name); text != texts.end()) return *text->second = value, true;
  if (const auto real = reals.find(name); real != reals.end())
    return *real->second = std::atof(value.c_str()), true;
  const auto number = numbers.find(name);
  return number != numbers.end() && (*number->second = std::atoll(value.c_str()), true);
}

}  // namespace

int main(int argc, char** argv) {
  bsub::soak::Options options;
  bool good = argc > 1;
  for (int i = 1; good && i < argc; ++i) good = Read(argv[i], options);
  if (!good || (options.count == 0 && options.seconds == 0)) {
    std::fprintf(stderr,
                 "usage: soak_load socket=PATH ledgers=DIR task=FILE (count=N | seconds=S) [rate=R] [open=N] "
                 "[senders=N] [window=S] [patience=S] [seed=N]\n");
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a load without its test would go on for ever
  bsub::soak::Load(options).Run();
  return 0;
}
