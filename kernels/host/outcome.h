// How a child ended, in the 16 bits that the store keeps of it. The numbers are part of the store's format
// (docs/kernels.md).
#pragma once

#include <cstdint>
#include <string>

namespace bsub::kernels {

enum class Outcome : std::uint16_t {
  kUnfinished = 0,
  kSucceeded = 1,
  // 0x100 + exit code; 0x200 + signal; the others are single values.
  kExitCode = 0x100,
  kSignal = 0x200,
  kEndedProcess = 0x300,  // called exit()
  kKilledTwice = 0x301,   // the process was killed from outside, twice, while this child ran
};

// What a kernel's return value means.
constexpr Outcome OutcomeOfReturn(std::int32_t value) {
  if (value == 0) return Outcome::kSucceeded;
  const std::int32_t code = value >= 1 && value <= 255 ? value : 255;
  return static_cast<Outcome>(static_cast<std::int32_t>(Outcome::kExitCode) + code);
}
constexpr Outcome OutcomeOfSignal(int signal) {
  return static_cast<Outcome>(static_cast<int>(Outcome::kSignal) + (signal & 0xff));
}

constexpr bool Failed(Outcome outcome) {
  return outcome != Outcome::kUnfinished && outcome != Outcome::kSucceeded;
}

// "succeeded", "exit code 3", "crashed with signal 11 (Segmentation fault)", ...
std::string ToString(Outcome outcome);

}  // namespace bsub::kernels
