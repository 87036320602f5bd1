#include "checkpoint/src/generations.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

namespace bsub::ckpt {
namespace {

using GenerationJson = nlohmann::ordered_json;

constexpr const char* kSetAsideName = "set-aside.json";
constexpr const char* kLoadsName = "loads";

std::string PathOf(const std::string& directory, std::uint64_t generation) {
  return directory + "/" + std::to_string(generation);
}

// 0: no generation's name.
std::uint64_t NumberOfName(const std::string& name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool all = error == std::errc() && end == name.data() + name.size();
  return all && !name.empty() && name.front() != '0' ? number : 0;
}

Outcome<std::vector<std::uint64_t>> Numbers(FileSystem& files, const std::string& directory) {
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : names) {
    if (const std::uint64_t number = NumberOfName(name)) numbers.push_back(number);
  }
  std::ranges::sort(numbers, std::greater<>());
  return numbers;
}

std::string ReasonIn(const std::string& text) {
  const GenerationJson json = GenerationJson::parse(text, nullptr, false);
  if (json.is_object() && json.contains("reason") && json["reason"].is_string()) {
    return json["reason"].get<std::string>();
  }
  return "unknown";
}

bool IsMissing(const Failure& failure) { return failure.status == BSUB_CHECKPOINT_NOTHING_SAVED; }

Outcome<Generation> ReadGeneration(FileSystem& files, const std::string& directory, std::uint64_t number,
                                   const Owner& owner) {
  Generation generation;
  generation.number = number;
  const std::string path = PathOf(directory, number);
  const auto text = files.ReadWhole(path + "/" + kManifestName);
  if (!text && IsMissing(text.error())) return generation;
  if (!text && text.error().status == BSUB_CHECKPOINT_DAMAGED) {
    generation.state = GenerationState::kDamaged;
    generation.reason = text.error().message;
    generation.unreadable = text.error().unreadable;
    return generation;
  }
  if (!text) return text.error();
  auto manifest = Decode(*text);
  if (!manifest) {
    generation.state = GenerationState::kDamaged;
    generation.reason = std::string(kManifestName) + ": " + manifest.error().message;
  } else if (manifest->generation != number) {
    generation.state = GenerationState::kDamaged;
    generation.reason =
        std::string(kManifestName) + " is that of generation " + std::to_string(manifest->generation);
  } else {
    generation.manifest = std::move(*manifest);
    generation.state = owner.Counts(generation.manifest.epoch, number) ? GenerationState::kComplete
                                                                       : GenerationState::kFenced;
  }
  const auto aside = files.ReadWhole(path + "/" + kSetAsideName);
  if (aside) {
    generation.state = GenerationState::kSetAside;
    generation.reason = ReasonIn(*aside);
  } else if (aside.error().status == BSUB_CHECKPOINT_DAMAGED) {
    generation.state = GenerationState::kSetAside;
    generation.reason = aside.error().message;
  } else if (!IsMissing(aside.error())) {
    return aside.error();
  }
  return generation;
}

Done ReplaceFile(FileSystem& files, const std::string& directory, const std::string& name,
                 const std::string& text) {
  const std::string path = directory + "/" + name;
  CKPT_RETURN_IF_FAILED(files.WriteDurably(path + ".tmp", text));
  CKPT_RETURN_IF_FAILED(files.Rename(path + ".tmp", path));
  return files.SyncDirectory(directory);
}

}  // namespace

const char* ToString(GenerationState state) {
  switch (state) {
    case GenerationState::kComplete:
      return "complete";
    case GenerationState::kUncommitted:
      return "uncommitted";
    case GenerationState::kDamaged:
      return "damaged";
    case GenerationState::kFenced:
      return "fenced";
    case GenerationState::kSetAside:
      return "set-aside";
  }
  return "unknown";
}

Outcome<std::vector<Generation>> ReadGenerations(FileSystem& files, const std::string& directory,
                                                 const Owner& owner) {
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> numbers, Numbers(files, directory));
  std::vector<Generation> generations;
  for (const std::uint64_t number : numbers) {
    CKPT_ASSIGN_OR_RETURN(Generation generation, ReadGeneration(files, directory, number, owner));
    generations.push_back(std::move(generation));
  }
  return generations;
}

std::map<std::uint64_t, std::uint64_t> LastOfEpochs(const std::vector<Generation>& generations,
                                                    const Owner& before) {
  std::map<std::uint64_t, std::uint64_t> last;
  if (std::ranges::any_of(generations, &Generation::unreadable)) last = before.sealed;
  for (const Generation& generation : generations) {
    const bool committed =
        generation.manifest.generation != 0 && generation.state != GenerationState::kFenced;
    if (!committed && !generation.unreadable) continue;
    std::uint64_t& number = last[generation.unreadable ? before.epoch : generation.manifest.epoch];
    number = std::max(number, generation.number);
  }
  return last;
}

Outcome<std::uint64_t> NewGeneration(FileSystem& files, const std::string& directory) {
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> numbers, Numbers(files, directory));
  for (std::uint64_t number = numbers.empty() ? 1 : numbers.front() + 1;; ++number) {
    CKPT_ASSIGN_OR_RETURN(const bool made, files.MakeDirectory(PathOf(directory, number)));
    if (!made) continue;
    CKPT_RETURN_IF_FAILED(files.SyncDirectory(directory));
    return number;
  }
}

Done SetAside(FileSystem& files, const std::string& directory, std::uint64_t generation,
              const std::string& reason) {
  const GenerationJson json = {{"format", "bsub-checkpoint-set-aside"}, {"version", 1}, {"reason", reason}};
  return ReplaceFile(files, PathOf(directory, generation), kSetAsideName,
                     json.dump(-1, ' ', false, GenerationJson::error_handler_t::replace) + "\n");
}

Outcome<std::vector<std::string>> ReadLoads(FileSystem& files, const std::string& directory,
                                            std::uint64_t generation) {
  std::vector<std::string> attempts;
  const auto text = files.ReadWhole(PathOf(directory, generation) + "/" + kLoadsName);
  // One that cannot be read is no reason to suspect what it counts.
  if (!text && (IsMissing(text.error()) || text.error().status == BSUB_CHECKPOINT_DAMAGED)) return attempts;
  if (!text) return text.error();
  for (std::size_t at = 0, end; (end = text->find('\n', at)) != std::string::npos; at = end + 1) {
    attempts.push_back(text->substr(at, end - at));
  }
  return attempts;
}

Done WriteLoads(FileSystem& files, const std::string& directory, std::uint64_t generation,
                const std::vector<std::string>& attempts) {
  if (attempts.empty()) return files.RemoveFile(PathOf(directory, generation) + "/" + kLoadsName);
  std::string text;
  for (const std::string& attempt : attempts) text += attempt + "\n";
  return ReplaceFile(files, PathOf(directory, generation), kLoadsName, text);
}

std::vector<std::uint64_t> Removable(const std::vector<Generation>& generations, std::uint64_t keep) {
  std::set<std::uint64_t> needed;
  std::uint64_t kept = 0;
  std::uint64_t newest = 0;
  std::uint64_t oldest_kept = 0;
  for (const Generation& generation : generations) {
    if (generation.state != GenerationState::kComplete || kept >= std::max<std::uint64_t>(keep, 1)) continue;
    if (kept++ == 0) newest = generation.number;
    oldest_kept = generation.number;
    for (const std::uint64_t source : generation.manifest.sources()) needed.insert(source);
  }
  std::vector<std::uint64_t> removable;
  for (const Generation& generation : generations) {
    const bool aside =
        generation.state == GenerationState::kSetAside || generation.state == GenerationState::kDamaged;
    const std::uint64_t below = aside ? oldest_kept : newest;
    if (generation.number < below && !needed.contains(generation.number))
      removable.push_back(generation.number);
  }
  std::ranges::sort(removable);
  return removable;
}

Done RemoveGeneration(FileSystem& files, const std::string& directory, std::uint64_t generation) {
  const std::string path = PathOf(directory, generation);
  CKPT_RETURN_IF_FAILED(files.RemoveFile(path + "/" + kManifestName));
  CKPT_RETURN_IF_FAILED(files.SyncDirectory(path));
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(path));
  for (const std::string& name : names) CKPT_RETURN_IF_FAILED(files.RemoveFile(path + "/" + name));
  return files.RemoveDirectory(path);
}

}  // namespace bsub::ckpt
