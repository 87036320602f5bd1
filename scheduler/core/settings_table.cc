#include "scheduler/core/settings_table.h"

#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

namespace bsub::sched {
namespace {

class Mix {
 public:
  Mix& Add(std::uint64_t word) {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio
    state_ = (state_ ^ word) * kOdd;
    state_ ^= state_ >> 32;
    return *this;
  }
  Mix& Add(std::string_view text) {
    return text.empty() ? Add(std::uint64_t{0}) : Add(std::hash<std::string_view>()(text));
  }
  std::uint64_t Value() const { return state_; }

 private:
  std::uint64_t state_ = 0;
};

std::uint64_t FirstWord(const PayloadHash& hash) {
  std::uint64_t word = 0;
  std::memcpy(&word, hash.bytes.data(), sizeof word);
  return word;
}

}  // namespace

// All that one user's jobs may differ in by the thousand, output paths and tags included.
std::size_t SettingsTable::Hash::operator()(const Pointer& settings) const {
  const JobSettings& s = *settings;
  Mix mix;
  mix.Add(s.owner.uid).Add(static_cast<std::uint64_t>(s.request.cpu_milli));
  mix.Add(static_cast<std::uint64_t>(s.request.mem_bytes)).Add(static_cast<std::uint64_t>(s.request.gpus));
  mix.Add(static_cast<std::uint64_t>(s.walltime.count())).Add(static_cast<std::uint64_t>(s.priority));
  mix.Add(FirstWord(s.environment)).Add(s.gang.nodes);
  mix.Add(s.working_directory).Add(s.stdout_path).Add(s.stderr_path).Add(s.queue).Add(s.project);
  mix.Add(s.share_identifier).Add(s.definition).Add(s.checkpoint.directory);
  for (const auto& [key, value] : s.tags) mix.Add(key).Add(value);
  return mix.Value();
}

std::shared_ptr<const JobSettings> SettingsTable::Intern(const std::shared_ptr<const JobSettings>& settings) {
  return *kept_.insert(settings).first;
}

void SettingsTable::Drop(std::shared_ptr<const JobSettings> settings) {
  if (settings.use_count() > 2) return;  // ours here and the table's
  kept_.erase(settings);
}

}  // namespace bsub::sched
