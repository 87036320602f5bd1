#include "worker/step/note_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "worker/launch/rank_ends.h"
#include "worker/launch/unique_fd.h"
#include "worker/step/processes.h"

namespace bsub::step {

void AppendNote(const std::string& scratch, const std::string& lines) {
  const std::string path = scratch + "/" + std::string(worker::kRankEndsName);
  const worker::UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd.valid()) return;
  [[maybe_unused]] const ssize_t written = write(fd.get(), lines.data(), lines.size());
}

std::string ReadNotes(const std::string& scratch) {
  std::ifstream file(scratch + "/" + std::string(worker::kRankEndsName));
  return {std::istreambuf_iterator<char>(file), {}};
}

int Explain(const std::string& scratch, const std::string& why) {
  std::fprintf(stderr, "bsub-lite: %s\n", why.c_str());
  if (!scratch.empty()) AppendNote(scratch, worker::NeverStartedLine(why));
  return kNotFound;
}

}  // namespace bsub::step
