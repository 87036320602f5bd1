#include "worker/spawner/launch_bytes.h"

#include "worker/spawner/plain_bytes.h"

namespace bsub::spawner {
namespace {

// `Order` is const for a writer.
template <typename Way, typename Order>
void Walk(Way& way, Order& order) {
  auto& plan = order.plan;
  const auto text = [&way](auto& each) { way.Text(each); };
  const auto number = [&way](auto& each) { way.Number(each); };
  way.List(plan.argv, text);
  way.List(plan.env, text);
  way.Text(plan.cwd);
  way.Number(plan.umask);
  way.List(plan.limits, [&way](auto& limit) {
    way.Number(limit.resource);
    way.Number(limit.value.rlim_cur);
    way.Number(limit.value.rlim_max);
    way.Text(limit.name);
  });
  way.List(plan.cpus, number);
  way.Text(plan.cgroup_join_file);
  way.Number(plan.change_user);
  way.Number(plan.uid);
  way.Number(plan.gid);
  way.List(plan.groups, number);
  way.Text(plan.user_name);
  way.Text(plan.saves_to);
  way.Number(plan.needs_home);
  for (auto* output : {&plan.out, &plan.err}) {
    way.Number(output->in_spool);
    way.Text(output->path);
  }
  way.Number(plan.state_dir);
  way.Number(order.key.ordinal);
  way.Number(order.key.number);
  way.Number(order.incarnation);
  way.Text(order.mark);
  way.Text(order.cgroup);
  way.Number(order.slot);
  way.Number(order.sync_record);
}

}  // namespace

std::string EncodeOrder(const LaunchOrder& order) {
  ByteWriter writer;
  Walk(writer, order);
  writer.Number(order.key.job.value());
  return writer.Take();
}

std::optional<LaunchOrder> DecodeOrder(std::string_view bytes) {
  ByteReader reader(bytes);
  LaunchOrder order;
  Walk(reader, order);
  std::uint64_t job = 0;
  reader.Number(job);
  order.key.job = JobId(job);
  if (!reader.Done()) return std::nullopt;
  return order;
}

}  // namespace bsub::spawner
