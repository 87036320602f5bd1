// Both sides of a connection prove that they know the attempt's secret before anything else is said: whoever
// happens to listen at a step server's place, or connects to it, is turned away.
//
// It says who is there, no more: what is said afterwards is neither encrypted nor authenticated
// (docs/formats/step.md).
#pragma once

#include <chrono>
#include <string>

#include "worker/launch/unique_fd.h"
#include "worker/step/gang.h"
#include "worker/step/patience.h"

namespace bsub::step {

using worker::UniqueFd;

// For the whole of it, from the connection to the last byte.
inline constexpr std::chrono::seconds kHandshakeTime(10);

// The agent's side, to the server of node `index`; false: it is not one of ours, or says nothing in time.
bool Introduce(const Gang& gang, std::uint32_t index, int connection, const Patience& patience);

// The server's side of one connection. It takes bytes as they come, so that who connects and says nothing
// holds up nobody.
class Admission {
 public:
  enum class Verdict { kOpen, kAdmitted, kRefused };

  Admission(const Gang& gang, UniqueFd connection);

  int fd() const { return connection_.get(); }
  const Patience& patience() const { return patience_; }
  // When there is something to read. Nothing may be asked any more once it is not open.
  Verdict Hear();
  UniqueFd TakeConnection() { return std::move(connection_); }

 private:
  const Gang& gang_;
  UniqueFd connection_;
  Patience patience_ = Patience::For(kHandshakeTime);
  std::string ours_;
  std::string heard_;
};

}  // namespace bsub::step
