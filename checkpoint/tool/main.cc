// bsub-lite-checkpoint: what `bsub-lite checkpoint` runs, so that the command line need not link HDF5.
//
//   bsub-lite-checkpoint ls|show|verify|prune DIRECTORY [WISH...]
//   bsub-lite-checkpoint export DIRECTORY FILE [WISH...]
//   WISH: generation=N keep=N dry-run json
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/src/parallel.h"
#include "checkpoint/tool/commands.h"

namespace bsub::ckpt::tool {
namespace {

std::optional<std::uint64_t> NumberIn(std::string_view word, std::string_view name) {
  if (!word.starts_with(name)) return std::nullopt;
  word.remove_prefix(name.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number == 0) return std::nullopt;
  return number;
}

bool Understand(std::string_view word, Wishes& wishes) {
  if (word == "json") return wishes.json = true;
  if (word == "dry-run") return wishes.dry_run = true;
  if (const auto generation = NumberIn(word, "generation=")) return (wishes.generation = *generation) > 0;
  if (const auto keep = NumberIn(word, "keep=")) return (wishes.keep = *keep) > 0;
  return false;
}

int WrongUse() {
  std::fprintf(
      stderr,
      "usage: bsub-lite-checkpoint ls|show|verify|prune DIRECTORY [generation=N] [keep=N] [dry-run] [json]\n"
      "       bsub-lite-checkpoint export DIRECTORY FILE [generation=N] [json]\n");
  return kExitUsage;
}

int Run(const std::vector<std::string>& words) {
  const bool exports = !words.empty() && words[0] == "export";
  const std::size_t names = exports ? 3 : 2;
  if (words.size() < names) return WrongUse();
  Wishes wishes;
  wishes.directory = words[1];
  if (exports) wishes.file = words[2];
  wishes.progress = ::isatty(STDERR_FILENO) == 1;
  for (std::size_t i = names; i < words.size(); ++i) {
    if (!Understand(words[i], wishes)) return WrongUse();
  }
  FileSystem& files = PosixFileSystem();
  if (words[0] == "ls") return List(files, wishes);
  if (words[0] == "show") return Show(files, wishes);
  if (words[0] == "verify") return Verify(files, wishes);
  if (words[0] == "prune") return Prune(files, wishes);
  return exports ? Export(files, wishes) : WrongUse();
}

}  // namespace

int Fail(const std::string& command, const Failure& failure) {
  std::fflush(stdout);
  std::fprintf(stderr, "bsub-lite checkpoint %s: %s\n", command.c_str(), failure.message.c_str());
  return kExitFailed;
}

}  // namespace bsub::ckpt::tool

int main(int argc, char** argv) {
  int code = bsub::ckpt::tool::kExitFailed;
  const bsub::ckpt::Done done = bsub::ckpt::Guard([&]() -> bsub::ckpt::Done {
    code = bsub::ckpt::tool::Run({argv + 1, argv + argc});
    return {};
  });
  if (!done) code = bsub::ckpt::tool::Fail("", done.error());
  // Without HDF5's handlers: after a failed export (a full disk) they would crash.
  std::fflush(stdout);
  std::_Exit(code);
}
