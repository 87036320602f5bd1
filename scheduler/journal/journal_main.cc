// bsub-lite-journal: what `bsub-lite journal` runs, so that the command line need not link the scheduler's
// core.
//
//   bsub-lite-journal dump DIRECTORY FROM TO [payloads] [summary]     TO 0: to the newest
//   bsub-lite-journal cut DIRECTORY AT
//
// Exit 0: done. Exit 1: damage, or it could not be done; standard error says why. Exit 2: wrong use.
#include <charconv>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/journal/dump.h"
#include "scheduler/journal/posix_file_system.h"

namespace bsub::journal {
namespace {

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

int WrongUse() {
  std::cerr << "usage: bsub-lite-journal dump DIRECTORY FROM TO [payloads] [summary] | cut DIRECTORY AT\n";
  return 2;
}

int Failed(const Error& error) {
  std::cerr << "bsub-lite journal: " << error.message << std::endl;
  return 1;
}

int Dump(const std::vector<std::string>& words) {
  if (words.size() < 4) return WrongUse();
  const auto from = Number(words[2]);
  const auto to = Number(words[3]);
  if (!from || !to) return WrongUse();
  DumpOptions options;
  options.from = *from;
  if (*to != 0) options.to = *to;
  for (std::size_t i = 4; i < words.size(); ++i) {
    if (words[i] == "payloads") options.payloads = true;
    if (words[i] == "summary") options.summary = true;
  }
  PosixFileSystem files;
  const Status status = DumpJournal(files, words[1], options, std::cout);
  std::cout.flush();
  return status ? 0 : Failed(status.error());
}

int Cut(const std::vector<std::string>& words) {
  const auto at = words.size() == 3 ? Number(words[2]) : std::nullopt;
  if (!at) return WrongUse();
  PosixFileSystem files;
  const auto report = CutLockedJournal(files, words[1], *at);
  if (!report) return Failed(report.error());
  std::cout << "The journal now ends before entry " << report->next_sequence << ".\n";
  for (const std::string& name : report->set_aside) std::cout << "Kept aside: " << name << "\n";
  std::cout.flush();
  return 0;
}

int Main(const std::vector<std::string>& words) {
  if (words.empty()) return WrongUse();
  if (words.front() == "dump") return Dump(words);
  return words.front() == "cut" ? Cut(words) : WrongUse();
}

}  // namespace
}  // namespace bsub::journal

int main(int argc, char** argv) {
  try {
    return bsub::journal::Main(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& e) {
    std::cerr << "bsub-lite journal: " << e.what() << std::endl;
    return 1;
  }
}
