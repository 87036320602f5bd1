#include "checkpoint/src/owner.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "checkpoint/src/checked_text.h"
#include "checkpoint/src/node.h"

namespace bsub::ckpt {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "bsub-checkpoint-owner";
constexpr std::string_view kBegin = "owner-";
constexpr std::string_view kEnd = ".json";

std::string OwnerName(std::uint64_t epoch) {
  return std::string(kBegin) + std::to_string(epoch) + std::string(kEnd);
}

std::optional<std::uint64_t> EpochOf(std::string_view name) {
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd) || name.size() <= kBegin.size() + kEnd.size())
    return {};
  name.remove_prefix(kBegin.size());
  name.remove_suffix(kEnd.size());
  std::uint64_t epoch = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), epoch);
  if (error != std::errc() || end != name.data() + name.size()) return {};
  return epoch;
}

Outcome<std::vector<std::uint64_t>> Epochs(FileSystem& files, const std::string& directory) {
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  std::vector<std::uint64_t> epochs;
  for (const std::string& name : names) {
    if (const auto epoch = EpochOf(name)) epochs.push_back(*epoch);
  }
  std::ranges::sort(epochs);
  return epochs;
}

Failure Fenced(const std::string& directory, const Owner& owner) {
  return {BSUB_CHECKPOINT_FENCED, "the store " + directory + " belongs to " + owner.attempt.words() +
                                      " now (epoch " + std::to_string(owner.epoch) +
                                      "); this attempt was given up and must end"};
}

}  // namespace

std::string Attempt::words() const {
  return job.empty() ? "a program outside of jobs" : "job " + job + ", attempt " + std::to_string(number);
}

Attempt AttemptFromEnvironment() {
  const char* job = std::getenv("BSUB_JOB_ID");
  if (job == nullptr || *job == '\0') return {};
  Attempt attempt{job, 0};
  if (const char* index = std::getenv("BSUB_ARRAY_INDEX")) attempt.job += "[" + std::string(index) + "]";
  if (const char* number = std::getenv("BSUB_ATTEMPT")) attempt.number = std::strtoull(number, nullptr, 10);
  return attempt;
}

bool Owner::Counts(std::uint64_t epoch_of_generation, std::uint64_t generation) const {
  if (epoch == 0 || epoch_of_generation == epoch)
    return true;  // 0: a store whose owner file was removed by hand
  const auto found = sealed.find(epoch_of_generation);
  return found != sealed.end() && generation <= found->second;
}

std::string Encode(const Owner& owner) {
  Json sealed = Json::array();
  for (const auto& [epoch, generation] : owner.sealed) sealed.push_back({epoch, generation});
  const Json json = {{"epoch", owner.epoch},
                     {"job", owner.attempt.job},
                     {"attempt", owner.attempt.number},
                     {"sealed", std::move(sealed)}};
  return AddChecksum(kFormat, json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Outcome<Owner> DecodeOwner(std::string_view text) {
  CKPT_ASSIGN_OR_RETURN(const std::string_view body, CheckChecksum(kFormat, text));
  try {
    const Json json = Json::parse(body);
    Owner owner{json.at("epoch").get<std::uint64_t>(),
                {json.at("job").get<std::string>(), json.at("attempt").get<std::uint64_t>()},
                {}};
    for (const Json& pair : json.at("sealed")) {
      owner.sealed[pair.at(0).get<std::uint64_t>()] = pair.at(1).get<std::uint64_t>();
    }
    return owner;
  } catch (const std::exception& e) {
    return Damaged(std::string("not well formed: ") + e.what());
  }
}

Outcome<Owner> ReadOwner(FileSystem& files, const std::string& directory) {
  for (;;) {
    CKPT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> epochs, Epochs(files, directory));
    if (epochs.empty()) return Owner();
    const std::string path = directory + "/" + OwnerName(epochs.back());
    const auto text = files.ReadWhole(path);
    // A later owner has removed it meanwhile.
    if (!text && text.error().status == BSUB_CHECKPOINT_NOTHING_SAVED) continue;
    if (!text) return text.error();
    auto owner = DecodeOwner(*text);
    if (!owner) return Damaged(path + ": " + owner.error().message + "; remove it if no job uses the store");
    return owner;
  }
}

Outcome<Owner> TakeOver(FileSystem& files, const std::string& directory, const Attempt& attempt,
                        const std::map<std::uint64_t, std::uint64_t>& last_of) {
  CKPT_ASSIGN_OR_RETURN(const Owner before, ReadOwner(files, directory));
  const bool same_job = !attempt.job.empty() && before.attempt.job == attempt.job;
  if (same_job && before.attempt.number > attempt.number) return Fenced(directory, before);
  const Owner mine{before.epoch + 1, attempt, last_of};
  const std::string path = directory + "/" + OwnerName(mine.epoch);
  // Two attempts on two machines may have the same process id.
  const std::string temporary = path + "." + HostName() + "." + std::to_string(::getpid()) + ".tmp";
  CKPT_RETURN_IF_FAILED(files.WriteDurably(temporary, Encode(mine)));
  const auto made = files.Link(temporary, path);
  CKPT_RETURN_IF_FAILED(files.RemoveFile(temporary));
  if (!made) return made.error();
  CKPT_RETURN_IF_FAILED(files.SyncDirectory(directory));
  if (!*made) {
    CKPT_ASSIGN_OR_RETURN(const Owner other, ReadOwner(files, directory));
    return Fenced(directory, other);
  }
  CKPT_RETURN_IF_FAILED(CheckOwner(files, directory, mine));
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> epochs, Epochs(files, directory));
  for (const std::uint64_t epoch : epochs) {
    if (epoch < mine.epoch) CKPT_RETURN_IF_FAILED(files.RemoveFile(directory + "/" + OwnerName(epoch)));
  }
  return mine;
}

Done CheckOwner(FileSystem& files, const std::string& directory, const Owner& owner) {
  CKPT_ASSIGN_OR_RETURN(const Owner highest, ReadOwner(files, directory));
  if (highest.epoch != owner.epoch) return Fenced(directory, highest);
  return {};
}

}  // namespace bsub::ckpt
