// Reading content-addressed payloads back: commands, scripts, environments. Any thread; may read a file.
#pragma once

#include <memory>
#include <string>

#include "common/hash.h"
#include "common/result.h"

namespace bsub::rpc {

class PayloadPort {
 public:
  virtual ~PayloadPort() = default;
  virtual Result<std::shared_ptr<const std::string>> Get(const PayloadHash& hash) = 0;
};

}  // namespace bsub::rpc
