// The parts that entries and snapshots share, to protobuf and back.
//
// Encode(x, &message) and Decode(message, &x), one pair per struct, field by field. Decode judges only what
// could not be represented; whether the whole is what Encode would have written is checked once, by the
// codecs.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <type_traits>

#include "api/bsub/v1/journal.pb.h"
#include "common/hash.h"
#include "common/result.h"
#include "jobs/definition.h"
#include "jobs/end.h"
#include "jobs/job_spec.h"
#include "scheduler/core/entry.h"
#include "scheduler/core/node.h"
#include "scheduler/core/queue.h"
#include "scheduler/core/refs.h"
#include "scheduler/core/task.h"

namespace bsub::journal {

namespace pb = ::bsub::journal::v1;

// Fails for a number that is no value of the enumeration.
template <typename E>
requires std::is_enum_v<E> Status DecodeEnum(std::uint32_t number, E last, std::string_view what, E* value) {
  if (number > static_cast<std::uint32_t>(last)) {
    return DataLoss("unknown " + std::string(what) + " " + std::to_string(number));
  }
  *value = static_cast<E>(number);
  return OkStatus();
}

using KeyValues = google::protobuf::RepeatedPtrField<pb::KeyValue>;
void Encode(const std::map<std::string, std::string>& map, KeyValues* out);
void Decode(const KeyValues& in, std::map<std::string, std::string>* map);

std::string EncodeHash(const PayloadHash& hash);
Status DecodeHash(const std::string& bytes, PayloadHash* hash);

void Encode(const Resources& x, pb::Resources* out);
void Decode(const pb::Resources& in, Resources* x);
void Encode(const RetryStrategy& x, pb::RetryStrategy* out);
Status Decode(const pb::RetryStrategy& in, RetryStrategy* x);
void Encode(const ArraySpec& x, pb::ArraySpec* out);
Status Decode(const pb::ArraySpec& in, std::optional<ArraySpec>* x);
void Encode(const End& x, pb::End* out);
Status Decode(const pb::End& in, End* x);
void Encode(const Usage& x, pb::Usage* out);
void Decode(const pb::Usage& in, Usage* x);
void Encode(const sched::PlacementRecord& x, pb::PlacementRecord* out);
Status Decode(const pb::PlacementRecord& in, std::shared_ptr<const sched::PlacementRecord>* x);
void Encode(const JobDefinition& x, pb::JobDefinition* out);
Status Decode(const pb::JobDefinition& in, JobDefinition* x);
void Encode(const JobSettings& x, pb::JobSettings* out);
Status Decode(const pb::JobSettings& in, JobSettings* x);
// Without the settings: an entry holds them, a snapshot shares them.
void Encode(const JobSpec& x, pb::JobSpec* out);
Status Decode(const pb::JobSpec& in, JobSpec* x);

void Encode(const sched::AttemptRef& x, pb::AttemptRef* out);
void Decode(const pb::AttemptRef& in, sched::AttemptRef* x);
void Encode(const sched::Queue& x, pb::Queue* out);
Status Decode(const pb::Queue& in, sched::Queue* x);
void Encode(const sched::AdvanceReservation& x, pb::AdvanceReservation* out);
void Decode(const pb::AdvanceReservation& in, sched::AdvanceReservation* x);
void Encode(const sched::NodeDescription& x, pb::NodeDescription* out);
Status Decode(const pb::NodeDescription& in, sched::NodeDescription* x);

// interruption_parts.cc
void Encode(const CheckpointSpec& x, pb::CheckpointSpec* out);
void Decode(const pb::CheckpointSpec& in, CheckpointSpec* x);
void Encode(const sched::Interruption& x, pb::Interruption* out);
void Decode(const pb::Interruption& in, sched::Interruption* x);
void Encode(const sched::NodeNotice& x, pb::NodeNotice* out);
Status Decode(const pb::NodeNotice& in, sched::NodeNotice* x);
void Encode(const sched::AttemptNotice& x, pb::AttemptNotice* out);
Status Decode(const pb::AttemptNotice& in, sched::AttemptNotice* x);
void Encode(const sched::KnownSave& x, pb::KnownSave* out);
void Decode(const pb::KnownSave& in, sched::KnownSave* x);
void Encode(const sched::NodeNoticeSet& x, pb::NodeNoticeSet* out);
Status Decode(const pb::NodeNoticeSet& in, sched::NodeNoticeSet* x);
void Encode(const sched::AttemptNoticed& x, pb::AttemptNoticed* out);
Status Decode(const pb::AttemptNoticed& in, sched::AttemptNoticed* x);

}  // namespace bsub::journal
