// What a node's agent says, as inputs of the core. Everything a node sends is checked here.
#pragma once

#include <string>

#include "api/bsub/v1/worker.pb.h"
#include "common/result.h"
#include "scheduler/core/input.h"

namespace bsub::rpc {

Result<sched::NodeHello> TranslateHello(const v1::Hello& hello);
Result<sched::NodeTask> TranslateTask(const v1::TaskReport& report);
// What a node says in words, as UTF-8 without control characters, cut to a line.
std::string OneLine(std::string text);

}  // namespace bsub::rpc
