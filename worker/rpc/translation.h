// Between the wire's words (worker.proto) and NodeCore's.
#pragma once

#include <optional>

#include "api/bsub/v1/worker.pb.h"
#include "worker/core/messages.h"

namespace bsub::worker {

AttemptKey KeyFrom(const v1::AttemptKey& wire);
void FillKey(const AttemptKey& key, v1::AttemptKey& wire);
void FillReport(const TaskState& task, v1::TaskReport& wire);

// What NodeCore should hear; nothing for what is not its business (reading logs, what a newer scheduler may
// add). Takes the launch's bytes out of `message`.
std::optional<InputBody> InputFrom(v1::ToNode& message);

v1::FromNode ToWire(const ReportTask& report);
v1::FromNode ToWire(const AnswerHeartbeat& answer);

}  // namespace bsub::worker
