// What comes over the connection of a step server, and a user's program as a file: cut into words, or looked
// at for the MPI that it is linked with.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/check.h"
#include "worker/launch/rank_ends.h"
#include "worker/step/program_mpi.h"
#include "worker/step/words.h"

namespace {

void ReadWords(const std::string& bytes) {
  bsub::step::WordReader reader;
  std::size_t taken = 0;
  for (std::size_t begin = 0; begin < bytes.size(); begin += 7) {
    reader.Append(bytes.substr(begin, 7));
    while (const auto word = reader.Next()) taken += word->bytes.size();
  }
  BSUB_CHECK(taken <= bytes.size());
}

void LookAtProgram(const std::string& bytes) {
  std::string path = "/tmp/bsub-step-fuzz-XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t written = write(fd, bytes.data(), bytes.size());
  static_cast<void>(bsub::step::MpiOfProgram(path));
  close(fd);
  unlink(path.c_str());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ReadWords(bytes);
  LookAtProgram(bytes);
  BSUB_CHECK(bsub::worker::ReasonFrom(bytes).find('\n') == std::string::npos);
  return 0;
}
