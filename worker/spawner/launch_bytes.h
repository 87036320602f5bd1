// What a witness must know of one task, as bytes for its socket (plain_bytes.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "worker/core/attempt_key.h"
#include "worker/spawner/child.h"

namespace bsub::spawner {

struct LaunchOrder {
  ChildPlan plan;
  worker::AttemptKey key;
  std::uint64_t incarnation = 0;
  std::string mark;  // "STATE-ID:TASK"
  std::string cgroup;
  std::uint32_t slot = 0;
  bool sync_record = false;  // power loss, too, leaves the record of its process
};

std::string EncodeOrder(const LaunchOrder& order);
// Nothing if the bytes are no order.
std::optional<LaunchOrder> DecodeOrder(std::string_view bytes);

}  // namespace bsub::spawner
