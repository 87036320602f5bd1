// The payloads that were read or written lately: thousands of launches share one environment.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "scheduler/journal/payload_store.h"
#include "scheduler/rpc/payload_port.h"

namespace bsub::daemon {

class PayloadCache final : public rpc::PayloadPort {
 public:
  // At most so many bytes of memory, all that an entry takes included; the newest one is kept in any case.
  PayloadCache(const journal::PayloadStore& store, std::size_t max_bytes)
      : store_(store), max_bytes_(max_bytes) {}

  Result<std::shared_ptr<const std::string>> Get(const PayloadHash& hash) override;

 private:
  using Bytes = std::shared_ptr<const std::string>;
  struct Kept {
    Bytes bytes;
    std::list<PayloadHash>::iterator place;
  };

  const journal::PayloadStore& store_;
  const std::size_t max_bytes_;
  std::mutex mutex_;
  std::size_t bytes_ = 0;
  std::list<PayloadHash> by_use_;  // newest first
  std::map<PayloadHash, Kept> kept_;
};

}  // namespace bsub::daemon
