#include "scheduler/core/settings_table.h"

#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

namespace bsub::sched {
namespace {

class SettingsMix {
 public:
  SettingsMix& Add(std::uint64_t word) {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio
    state_ = (state_ ^ word) * kOdd;
    state_ ^= state_ >> 32;
    return *this;
  }
  SettingsMix& Add(std::string_view text) {
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
  SettingsMix mix;
  mix.Add(s.owner.uid).Add(static_cast<std::uint64_t>(s.request.cpu_milli));
  mix.Add(static_cast<std::uint64_t>(s.request.mem_bytes)).Add(static_cast<std::uint64_t>(s.request.gpus));
  mix.Add(static_cast<std::uint64_t>(s.walltime.count())).Add(static_cast<std::uint64_t>(s.priority));
  mix.Add(FirstWord(s.environment)).Add(s.gang.nodes);
  mix.Add(s.working_directory).Add(s.stdout_path).Add(s.stderr_path).Add(s.queue).Add(s.project);
  mix.Add(s.share_identifier).Add(s.definition).Add(s.checkpoint.directory);
  for (const auto& [key, value] : s.tags) mix.Add(key).Add(value);
  return mix.Value();
}

std::size_t SettingsTable::PlaceOf(const Pointer& settings) {
  return (reinterpret_cast<std::uintptr_t>(settings.get()) / alignof(std::max_align_t)) % kPlaces;
}

const SettingsTable::Kept::value_type* SettingsTable::Find(const Pointer& settings) const {
  const Kept::value_type*& newest = newest_[PlaceOf(settings)];
  if (newest && newest->first == settings) return newest;
  const auto it = kept_.find(settings);
  if (it == kept_.end()) return nullptr;
  if (it->first == settings) newest = &*it;
  return &*it;
}

SettingsTable::Pointer SettingsTable::Intern(const Pointer& settings) {
  if (const auto* known = Find(settings)) return known->first;
  return kept_.try_emplace(settings).first->first;
}

void SettingsTable::Drop(Pointer settings) {
  if (settings.use_count() > 2) return;  // ours here and the table's
  newest_[PlaceOf(settings)] = nullptr;
  kept_.erase(settings);
}

SettingsTable::Pointer SettingsTable::FindGood(const Pointer& settings) const {
  const auto* known = Find(settings);
  return known && known->second.good ? known->first : nullptr;
}

void SettingsTable::NoteGood(const Pointer& settings) {
  const auto* known = Find(settings);
  if (!known || known->second.good) return;
  kept_.find(settings)->second.good = true;
}

}  // namespace bsub::sched
