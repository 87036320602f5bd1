#include "scheduler/rpc/order_bundle.h"

#include <utility>

namespace bsub::rpc {
namespace {

bool CanBeBundled(const v1::ToNode& message) { return message.has_launch() || message.has_ack_ended(); }

void MoveInto(v1::Orders& orders, v1::ToNode& message) {
  if (message.has_launch()) {
    *orders.add_launches() = std::move(*message.mutable_launch());
  } else {
    *orders.add_ended() = std::move(*message.mutable_ack_ended()->mutable_attempt());
  }
}

}  // namespace

std::vector<v1::ToNode> Bundle(std::vector<v1::ToNode> messages, std::size_t max_bytes) {
  std::vector<v1::ToNode> bundled;
  std::size_t bytes = 0;  // of the launches in the last, if that is Orders
  for (v1::ToNode& message : messages) {
    const std::size_t size = message.launch().launch().size();
    const bool goes_on = !bundled.empty() && CanBeBundled(message) &&
                         bundled.back().incarnation() == message.incarnation() && bytes + size <= max_bytes;
    if (goes_on && bundled.back().has_orders()) {
      MoveInto(*bundled.back().mutable_orders(), message);
      bytes += size;
    } else if (goes_on && CanBeBundled(bundled.back())) {
      v1::ToNode pair;
      pair.set_incarnation(message.incarnation());
      MoveInto(*pair.mutable_orders(), bundled.back());
      MoveInto(*pair.mutable_orders(), message);
      bundled.back() = std::move(pair);
      bytes += size;
    } else {
      bundled.push_back(std::move(message));
      bytes = size;
    }
  }
  return bundled;
}

}  // namespace bsub::rpc
