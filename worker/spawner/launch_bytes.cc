#include "worker/spawner/launch_bytes.h"

#include <cstring>
#include <vector>

namespace bsub::spawner {
namespace {

// Both go through the same fields in the same order: `Walk` below. Numbers are 8 bytes of this machine's
// order, texts and lists begin with their length.
class Writer {
 public:
  template <typename Value>
  void Number(const Value& value) {
    const auto wide = static_cast<std::uint64_t>(value);
    bytes_.append(reinterpret_cast<const char*>(&wide), sizeof wide);
  }
  void Text(const std::string& text) {
    Number(text.size());
    bytes_ += text;
  }
  template <typename Value, typename Each>
  void List(const std::vector<Value>& list, Each each) {
    Number(list.size());
    for (const Value& value : list) each(value);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <typename Value>
  void Number(Value& value) {
    std::uint64_t wide = 0;
    if (rest_.size() < sizeof wide) {
      good_ = false;
      return;
    }
    std::memcpy(&wide, rest_.data(), sizeof wide);
    rest_.remove_prefix(sizeof wide);
    value = static_cast<Value>(wide);
  }
  void Text(std::string& text) {
    std::size_t size = 0;
    Number(size);
    if (!Has(size)) return;
    text.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  template <typename Value, typename Each>
  void List(std::vector<Value>& list, Each each) {
    std::size_t size = 0;
    Number(size);
    if (!Has(size)) return;  // each takes a byte at least
    list.resize(size);
    for (Value& value : list) each(value);
  }
  bool Done() const { return good_ && rest_.empty(); }

 private:
  bool Has(std::size_t size) { return good_ = good_ && size <= rest_.size(); }

  std::string_view rest_;
  bool good_ = true;
};

// `Plan` is const for a Writer.
template <typename Way, typename Plan>
void Walk(Way& way, Plan& plan) {
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
  way.Number(plan.needs_home);
  for (auto* output : {&plan.out, &plan.err}) {
    way.Number(output->in_spool);
    way.Text(output->path);
  }
  way.Number(plan.state_dir);
  way.Number(plan.spool_group);
}

}  // namespace

std::string EncodeOrder(const ChildPlan& plan, const worker::AttemptKey& key, std::string_view mark,
                        std::uint32_t exit_slot) {
  Writer writer;
  Walk(writer, plan);
  writer.Number(key.job.value());
  writer.Number(key.ordinal);
  writer.Number(key.number);
  writer.Text(std::string(mark));
  writer.Number(exit_slot);
  return writer.Take();
}

std::optional<LaunchOrder> DecodeOrder(std::string_view bytes) {
  Reader reader(bytes);
  LaunchOrder order;
  Walk(reader, order.plan);
  std::uint64_t job = 0;
  reader.Number(job);
  order.key.job = JobId(job);
  reader.Number(order.key.ordinal);
  reader.Number(order.key.number);
  reader.Text(order.mark);
  reader.Number(order.exit_slot);
  if (!reader.Done()) return std::nullopt;
  return order;
}

}  // namespace bsub::spawner
