// What a node's agent says, as inputs of the core. Everything a node sends is checked here.
#pragma once

#include "api/bsub/v1/worker.pb.h"
#include "common/result.h"
#include "scheduler/core/input.h"

namespace bsub::rpc {

Result<sched::NodeHello> TranslateHello(const v1::Hello& hello);
Result<sched::NodeTask> TranslateTask(const v1::TaskReport& report);

}  // namespace bsub::rpc
