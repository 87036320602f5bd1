// What a launcher must know of one task, as bytes for its socket. Both ends are the same program, so there is
// no version in it.
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
  std::string mark;  // "STATE-ID:TASK"
  std::uint32_t exit_slot = 0;
};

std::string EncodeOrder(const ChildPlan& plan, const worker::AttemptKey& key, std::string_view mark,
                        std::uint32_t exit_slot);
// Nothing if the bytes are no order.
std::optional<LaunchOrder> DecodeOrder(std::string_view bytes);

}  // namespace bsub::spawner
