// What spawner and witness say to each other over their socket: orders one way (launch_bytes.h), words about
// the task the other way.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/bsub/v1/spawner.pb.h"
#include "common/result.h"
#include "worker/spawner/slot_record.h"

namespace bsub::spawner {

// In this order; kNotStarted in place of kExecutes, and of kStarted if there is no process or no record of
// it.
enum class WordKind : std::uint32_t {
  kStarted,     // by the main process: it is there, and recorded
  kNotStarted,  // it executes nothing
  kExecutes,
  kEnded,  // and was reaped; the last word about each task
};

struct Word {
  WordKind kind = WordKind::kStarted;
  pid_t pid = 0;                                            // kStarted
  v1::spawner::StopCause cause = v1::spawner::NOT_STOPPED;  // kNotStarted; NODE_FAULT: not the task's
  std::string reason{};                                     // kNotStarted: a line for the job's owner
  SeenExit exit{};                                          // kEnded
  bool killed = false;                                      // the witness killed it, whose lease was over
  bool out_full = false;  // the user's own file for standard output is on a full disk
  bool err_full = false;  // the same of standard error
};

// Nobody to hear it: no error.
void Say(int socket, const Word& word);

class WordReader {
 public:
  void Append(std::string_view bytes) { bytes_ += bytes; }
  // The next whole word; DataLoss if what came is none.
  Result<std::optional<Word>> Next();

 private:
  std::string bytes_;
};

// An order goes as its length and its bytes. False: it was not taken until then, or there is nobody.
bool SendOrder(int socket, std::string_view order, std::int64_t until_us);
// Waits for the next one. False: there will be none.
bool ReceiveOrder(int socket, std::string& order);
// Whether whoever sends orders is gone.
bool IsHungUp(int socket);

}  // namespace bsub::spawner
