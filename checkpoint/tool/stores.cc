#include "checkpoint/tool/stores.h"

#include <algorithm>
#include <cstdio>

namespace bsub::ckpt::tool {
namespace {

constexpr int kDepth = 2;  // DIR/ID/INDEX

bool IsStore(const std::vector<std::string>& names) {
  return std::ranges::any_of(
      names, [](const std::string& name) { return name.starts_with("owner-") && name.ends_with(".json"); });
}

Done Collect(FileSystem& files, const std::string& directory, int depth, std::vector<Store>& stores) {
  const auto names = files.List(directory);
  if (!names) return names.error();
  if (IsStore(*names)) {
    Store store{directory, {}, {}};
    CKPT_ASSIGN_OR_RETURN(store.owner, ReadOwner(files, directory));
    CKPT_ASSIGN_OR_RETURN(store.generations, ReadGenerations(files, directory, store.owner));
    stores.push_back(std::move(store));
    return {};
  }
  for (const std::string& name : *names) {
    // What is no directory cannot be listed.
    if (depth > 0 && files.List(directory + "/" + name)) {
      CKPT_RETURN_IF_FAILED(Collect(files, directory + "/" + name, depth - 1, stores));
    }
  }
  return {};
}

}  // namespace

Outcome<std::vector<Store>> FindStores(FileSystem& files, const std::string& directory) {
  std::vector<Store> stores;
  CKPT_RETURN_IF_FAILED(Collect(files, directory, kDepth, stores));
  if (stores.empty()) {
    return Failure{BSUB_CHECKPOINT_NOTHING_SAVED,
                   directory + ": there is no checkpoint store here (no owner-N.json)"};
  }
  return stores;
}

Outcome<const Generation*> FindGeneration(const Store& store, std::uint64_t number) {
  for (const Generation& generation : store.generations) {
    if (number == 0 ? generation.state == GenerationState::kComplete : generation.number == number)
      return &generation;
  }
  return Failure{BSUB_CHECKPOINT_NOTHING_SAVED,
                 store.path + ": " +
                     (number == 0 ? "no complete generation" : "no generation " + std::to_string(number))};
}

std::string HumanBytes(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto number = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; number >= 1024 && unit + 1 < std::size(kUnits); ++unit) number /= 1024;
  char text[64];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f %s" : "%.1f %s", number, kUnits[unit]);
  return text;
}

}  // namespace bsub::ckpt::tool
