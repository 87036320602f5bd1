// bsub::Error <-> grpc::Status: the codes are one-to-one.
#pragma once

#include <grpcpp/support/status.h>

#include "common/result.h"

namespace bsub::rpc {

grpc::Status ToGrpc(const Error& error);
grpc::Status ToGrpc(const Status& status);
Error FromGrpc(const grpc::Status& status);  // of a failure

}  // namespace bsub::rpc
