#include "scheduler/rpc/launch_builder.h"

#include <memory>

#include "common/utf8.h"

namespace bsub::rpc {
namespace {

Status FillPayload(PayloadPort& payloads, const PayloadHash& hash, std::string_view what,
                   google::protobuf::MessageLite& to) {
  const auto bytes = payloads.Get(hash);
  if (!bytes)
    return Error{bytes.error().code,
                 "its " + std::string(what) + " cannot be read: " + bytes.error().message};
  if (!to.ParseFromString(**bytes))
    return DataLoss("its " + std::string(what) + " cannot be read: " + ToHex(hash.bytes));
  return OkStatus();
}

void FillOwner(const JobSettings& settings, v1::Launch& launch) {
  launch.set_uid(settings.owner.uid);
  launch.set_gid(settings.owner.gid);
  launch.mutable_groups()->Assign(settings.owner.groups.begin(), settings.owner.groups.end());
  launch.set_user_name(ToUtf8(settings.owner.name));
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
  BSUB_RETURN_IF_ERROR(FillPayload(payloads, task.command, "command", *launch.mutable_command()));
  BSUB_RETURN_IF_ERROR(
      FillPayload(payloads, task.settings->environment, "environment", *launch.mutable_environment()));
  launch.set_job_name(ToUtf8(task.job_name));
  launch.set_cpu_milli(task.allocated.cpu_milli);
  launch.set_mem_bytes(task.allocated.mem_bytes);
  launch.mutable_gpu_indices()->Assign(task.gpu_indices.begin(), task.gpu_indices.end());
  if (task.array_index) launch.set_array_index(*task.array_index);
  launch.set_array_size(task.array_size);
  launch.set_restart_count(task.restart_count);
  launch.set_node(place.node);
  launch.set_incarnation(task.incarnation.value());
  launch.set_cluster_uuid(place.cluster_uuid);
  launch.set_max_output_bytes(place.max_output_bytes);

  v1::SignedLaunch out;
  launch.SerializeToString(out.mutable_launch());
  out.set_proof(sign(out.launch()));
  FillAttemptKey(task.attempt, *out.mutable_attempt());
  return out;
}

}  // namespace bsub::rpc
