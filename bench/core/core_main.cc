// bench-core FIGURE [waiting=N] [nodes=N] [shapes=N]
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>

#include "bench/core/core_figures.h"

namespace {

using bsub::bench::Sizes;

bool Read(std::string_view word, Sizes& sizes) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  const std::map<std::string_view, int*> keys = {
      {"waiting", &sizes.waiting}, {"nodes", &sizes.nodes}, {"shapes", &sizes.shapes}};
  const auto it = keys.find(word.substr(0, equals));
  if (it == keys.end()) return false;
  *it->second = std::atoi(word.data() + equals + 1);
  return *it->second > 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string_view, void (*)(const Sizes&)> figures = {{"array", bsub::bench::ArrayFigure},
                                                                      {"n-to-n", bsub::bench::NToNFigure},
                                                                      {"waiting", bsub::bench::WaitingFigure},
                                                                      {"cycle", bsub::bench::CycleFigure},
                                                                      {"cancel", bsub::bench::CancelFigure}};
  Sizes sizes;
  bool good = argc >= 2 && figures.count(argv[1]) != 0;
  for (int i = 2; good && i < argc; ++i) good = Read(argv[i], sizes);
  if (!good) {
    std::fprintf(stderr,
                 "usage: bench-core FIGURE [waiting=N] [nodes=N] [shapes=N]\n"
                 "figures: array n-to-n waiting cycle cancel\n");
    return 2;
  }
  figures.at(argv[1])(sizes);
  return 0;
}
