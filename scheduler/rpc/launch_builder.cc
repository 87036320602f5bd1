#include "scheduler/rpc/launch_builder.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <memory>

#include "common/utf8.h"

namespace bsub::rpc {
namespace {

using google::protobuf::internal::WireFormatLite;

void AppendBytes(std::string_view bytes, int number, std::string& to) {
  google::protobuf::io::StringOutputStream stream(&to);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.WriteTag(WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  coded.WriteVarint32(static_cast<std::uint32_t>(bytes.size()));
  coded.WriteRaw(bytes.data(), static_cast<int>(bytes.size()));
}

// The payload as field `number` of a message: what was checked and serialised when it was submitted is not
// parsed again for each task.
Status AppendPayload(PayloadPort& payloads, const PayloadHash& hash, std::string_view what, int number,
                     std::string& to) {
  const auto bytes = payloads.Get(hash);
  if (!bytes)
    return Error{bytes.error().code,
                 "its " + std::string(what) + " cannot be read: " + bytes.error().message};
  AppendBytes(**bytes, number, to);
  return OkStatus();
}

// The command of a rank, behind the program that starts the ranks.
Status AppendRanks(const sched::LaunchTask& task, const LaunchPlace& place, PayloadPort& payloads,
                   std::string& to) {
  const auto bytes = payloads.Get(task.command);
  v1::Command rank;
  if (!bytes) return Error{bytes.error().code, "its command cannot be read: " + bytes.error().message};
  if (!rank.ParseFromString(**bytes)) return DataLoss("its command cannot be decoded");
  v1::Command ranks;
  for (const std::string& word : {place.step_program, std::string("ranks")}) ranks.add_argv(word);
  ranks.mutable_argv()->MergeFrom(rank.argv());
  AppendBytes(ranks.SerializeAsString(), v1::Launch::kCommandFieldNumber, to);
  return OkStatus();
}

// An MPI job's command runs on the main node; the others wait there for the ranks that it starts.
Status AppendCommand(const sched::LaunchTask& task, const LaunchPlace& place, PayloadPort& payloads,
                     std::string& to) {
  constexpr int kField = v1::Launch::kCommandFieldNumber;
  const GangSpec& gang = task.settings->gang;
  if (task.part == kMainPart && gang.launch == GangLaunch::kRanks)
    return AppendRanks(task, place, payloads, to);
  if (task.part == kMainPart || !gang.has_steps())
    return AppendPayload(payloads, task.command, "command", kField, to);
  v1::Command step;
  step.add_argv(place.step_program);
  AppendBytes(step.SerializeAsString(), kField, to);
  return OkStatus();
}

void FillOwner(const JobSettings& settings, v1::Launch& launch) {
  launch.set_uid(settings.owner.uid);
  launch.set_gid(settings.owner.gid);
  launch.mutable_groups()->Assign(settings.owner.groups.begin(), settings.owner.groups.end());
  launch.set_user_name(ToUtf8(settings.owner.name));
}

// %N of a path is the part's index. Without it the parts would overwrite each other's file where they share a
// file system, so all but the main one write to their nodes' spools.
std::string PathOfPart(const std::string& path, std::uint32_t part) {
  std::string out;
  bool own = part == kMainPart;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%' || i + 1 == path.size()) {
      out.push_back(path[i]);
    } else if (path[++i] == 'N') {
      out += std::to_string(part);
      own = true;
    } else {
      out.push_back('%'), out.push_back(path[i]);
    }
  }
  return own ? out : "";
}

// The same for all parts of an attempt and for no other, and nobody without the key can guess it, so it need
// not be kept. The first byte makes it no Launch: a secret is no proof of one.
std::string SecretOf(const sched::AttemptRef& attempt, const std::string& cluster_uuid, const SignFn& sign) {
  std::string text(1, '\0');
  text += "gang secret " + cluster_uuid + " " + std::to_string(attempt.task.job.value()) + "." +
          std::to_string(attempt.task.ordinal) + "." + std::to_string(attempt.number);
  return sign(text);
}

void FillGang(const sched::LaunchTask& task, const LaunchPlace& place, const SignFn& sign,
              v1::Launch& launch) {
  const GangSpec& spec = task.settings->gang;
  v1::LaunchGang& gang = *launch.mutable_gang();
  gang.set_index(task.part);
  for (const sched::LaunchGang::Place& node : task.gang->nodes) {
    v1::LaunchNode& to = *gang.add_nodes();
    to.set_name(node.name);
    to.set_address(node.host);
  }
  gang.mutable_partitions()->Assign(task.gang->partitions.begin(), task.gang->partitions.end());
  gang.set_ranks_per_node(spec.ranks_per_node);
  gang.set_threads_per_rank(spec.threads_per_rank);
  gang.set_launch(static_cast<std::uint32_t>(spec.launch));
  gang.set_secret(SecretOf(task.attempt, place.cluster_uuid, sign));
  launch.set_stdout_path(PathOfPart(launch.stdout_path(), task.part));
  launch.set_stderr_path(PathOfPart(launch.stderr_path(), task.part));
}

// DIR/ID, and of a child DIR/ID/INDEX.
void FillCheckpoint(const sched::LaunchTask& task, v1::Launch& launch) {
  const CheckpointSpec& spec = task.settings->checkpoint;
  if (!spec.used()) return;
  v1::LaunchCheckpoint& to = *launch.mutable_checkpoint();
  to.set_interval_us(spec.interval.count());
  to.set_mean_interruption_us(task.mean_interruption.count());
  to.set_signal(spec.signal);
  to.set_signal_group(spec.signal_group);
  to.set_exit_code(spec.exit_code);
  if (spec.directory.empty()) return;
  std::string directory = spec.directory + "/" + std::to_string(task.attempt.task.job.value());
  if (task.array_index) directory += "/" + std::to_string(*task.array_index);
  to.set_directory(directory);
  // What may go with its node is not missed on another one: there the job begins anew.
  if (!spec.anywhere) to.set_saved_generation(task.saved_generation);
}

void FillSettings(const JobSettings& settings, v1::Launch& launch) {
  FillOwner(settings, launch);
  launch.set_queue(settings.queue);
  launch.set_working_directory(settings.working_directory);
  launch.set_umask(settings.umask);
  for (const ProcessLimit& limit : settings.limits) {
    v1::Limit& out = *launch.add_limits();
    out.set_name(limit.name);
    out.set_soft(limit.soft);
    out.set_hard(limit.hard);
  }
  launch.set_stdout_path(settings.stdout_path);
  launch.set_stderr_path(settings.stderr_path);
  launch.set_walltime_us(settings.walltime.count());
  launch.set_stop_grace_us(settings.stop_grace.count());
}

}  // namespace

void FillAttemptKey(const sched::AttemptRef& from, v1::AttemptKey& to) {
  to.set_job(from.task.job.value());
  to.set_ordinal(from.task.ordinal);
  to.set_number(from.number);
}

sched::AttemptRef AttemptFrom(const v1::AttemptKey& key) {
  return {{JobId(key.job()), key.ordinal()}, key.number()};
}

Result<v1::SignedLaunch> BuildLaunch(const sched::LaunchTask& task, const LaunchPlace& place,
                                     PayloadPort& payloads, const SignFn& sign) {
  v1::Launch launch;
  FillAttemptKey(task.attempt, *launch.mutable_attempt());
  FillSettings(*task.settings, launch);
  launch.set_job_name(ToUtf8(task.job_name));
  launch.set_cpu_milli(task.allocated.cpu_milli);
  launch.set_mem_bytes(task.allocated.mem_bytes);
  launch.mutable_gpu_indices()->Assign(task.gpu_indices.begin(), task.gpu_indices.end());
  if (task.array_index) launch.set_array_index(*task.array_index);
  launch.set_array_size(task.array_size);
  launch.set_restart_count(task.restart_count);
  launch.set_after_interruption(task.after_interruption);
  launch.set_node(place.node);
  launch.set_incarnation(task.incarnation.value());
  launch.set_cluster_uuid(place.cluster_uuid);
  launch.set_max_output_bytes(place.max_output_bytes);
  if (task.gang) FillGang(task, place, sign, launch);
  FillCheckpoint(task, launch);

  v1::SignedLaunch out;
  launch.SerializeToString(out.mutable_launch());
  BSUB_RETURN_IF_ERROR(AppendCommand(task, place, payloads, *out.mutable_launch()));
  BSUB_RETURN_IF_ERROR(AppendPayload(payloads, task.settings->environment, "environment",
                                     v1::Launch::kEnvironmentFieldNumber, *out.mutable_launch()));
  out.set_proof(sign(out.launch()));
  FillAttemptKey(task.attempt, *out.mutable_attempt());
  return out;
}

}  // namespace bsub::rpc
