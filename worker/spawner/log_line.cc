#include "worker/spawner/log_line.h"

#include <unistd.h>

#include <string>

namespace bsub::spawner {

void LogLine(std::string_view line) {
  std::string text = "spawner: ";
  text.append(line).append("\n");
  // A log that cannot be written must not disturb tasks.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace bsub::spawner
