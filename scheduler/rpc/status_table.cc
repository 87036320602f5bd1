#include "scheduler/rpc/status_table.h"

namespace bsub::rpc {

grpc::Status ToGrpc(const Error& error) {
  return grpc::Status(static_cast<grpc::StatusCode>(static_cast<int>(error.code)), error.message);
}

grpc::Status ToGrpc(const Status& status) { return status ? grpc::Status::OK : ToGrpc(status.error()); }

Error FromGrpc(const grpc::Status& status) {
  return {static_cast<Code>(static_cast<int>(status.error_code())), status.error_message()};
}

}  // namespace bsub::rpc
