#include "kernels/host/outcome.h"

#include <cstring>

namespace bsub::kernels {

std::string ToString(Outcome outcome) {
  const auto number = static_cast<std::uint16_t>(outcome);
  const int low = number & 0xff;
  switch (outcome) {
    case Outcome::kUnfinished:
      return "not finished";
    case Outcome::kSucceeded:
      return "succeeded";
    case Outcome::kEndedProcess:
      return "ended its process";
    case Outcome::kKilledTwice:
      return "its process was killed twice";
    default:
      break;
  }
  if (number >> 8 == 1) return "exit code " + std::to_string(low);
  if (number >> 8 == 2) return "crashed with signal " + std::to_string(low) + " (" + strsignal(low) + ")";
  return "unknown outcome " + std::to_string(number);
}

}  // namespace bsub::kernels
