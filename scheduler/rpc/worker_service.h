// The wire's Worker service: one stream per node.
//
// A node says Hello, the core grants it an incarnation or refuses it, and from then on both sides talk until
// the stream breaks or falls silent. Losing a stream loses nothing: the next Hello brings both sides together
// again.
#pragma once

#include <memory>

#include "api/bsub/v1/worker.grpc.pb.h"
#include "scheduler/rpc/identity.h"
#include "scheduler/rpc/services.h"

namespace bsub::rpc {

class WorkerService final : public v1::Worker::CallbackService {
 public:
  WorkerService(const Services& services, std::shared_ptr<const Identifier> identifier)
      : services_(services), identifier_(std::move(identifier)) {}

 private:
  grpc::ServerBidiReactor<v1::FromNode, v1::ToNode>* Connect(grpc::CallbackServerContext* context) override;

  const Services& services_;
  const std::shared_ptr<const Identifier> identifier_;
};

}  // namespace bsub::rpc
