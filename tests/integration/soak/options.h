// What the load is told on its command line: NAME=VALUE words.
#pragma once

#include <cstdint>
#include <string>

namespace bsub::soak {

struct Options {
  std::string socket;       // HOME/run/scheduler.sock
  std::string ledgers;      // folder
  std::string task;         // ledger_task
  double rate = 0;          // units a second, whatever became of those before; 0: as fast as they end
  std::int64_t count = 0;   // of units; 0: no end
  double seconds = 0;       // 0: no end
  std::int64_t open = 100;  // at most so many units wait for their end
  std::int64_t senders = 8;
  double window = 1;      // seconds between two reports
  double patience = 180;  // seconds in which what is open at the end must end
  std::int64_t seed = 1;
};

}  // namespace bsub::soak
