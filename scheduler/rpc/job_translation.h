// The core's jobs, tasks and attempts as clients see them.
#pragma once

#include <cstdint>
#include <vector>

#include "api/bsub/v1/scheduler.pb.h"
#include "jobs/end.h"
#include "jobs/retry.h"
#include "scheduler/core/scheduler.h"
#include "scheduler/rpc/history_port.h"

namespace bsub::rpc {

void FillResources(const Resources& from, v1::Resources& to);
void FillUsage(const Usage& from, v1::Usage& to);
void FillExit(const End& from, v1::Exit& to);
void FillGang(const GangSpec& from, v1::Gang& to);
void FillPlacement(const sched::PlacementRecord& from, v1::Placement& to);
void FillReasons(const std::vector<sched::Reason>& from, google::protobuf::RepeatedPtrField<v1::Reason>& to);
void FillRetry(const RetryStrategy& from, v1::RetryStrategy& to);
std::string_view ThenText(sched::AfterAttempt then);  // "succeeded", "retry", "failed"

// A job as a whole, or one task of it. Without command and finished attempts: these are not in the core.
void FillJob(const sched::State& state, const sched::Job& job, v1::Job& to);
void FillChild(const sched::State& state, const sched::Job& job, std::uint32_t ordinal, v1::Job& to);
// From the history alone, for a job that the core has forgotten.
void FillPastJob(const PastJob& past, v1::Job& to);

void FillLiveAttempt(const sched::State& state, const sched::Attempt& attempt, v1::Attempt& to);
void FillPastAttempt(const PastAttempt& past, v1::Attempt& to);
// Adds finished attempts below the live one, and what follows from them: node, start, restarts,
// interruptions.
void AddPastAttempts(const std::vector<PastAttempt>& past, v1::Job& to);

// How a task ended, if it is over. Of a child that is only a bit: its shell exit code.
End EndOf(const sched::Job& job, std::uint32_t ordinal);
// What `wait` returns for it.
int ShellCodeOf(const sched::Job& job, std::uint32_t ordinal);

}  // namespace bsub::rpc
