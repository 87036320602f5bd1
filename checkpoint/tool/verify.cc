#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "checkpoint/src/block_reader.h"
#include "checkpoint/src/master_file.h"
#include "checkpoint/src/number_type.h"
#include "checkpoint/tool/commands.h"

namespace bsub::ckpt::tool {
namespace {

using Json = nlohmann::ordered_json;

int Threads() { return std::max(4, static_cast<int>(std::thread::hardware_concurrency())); }

std::vector<BlockRef> BlocksOfShard(const Manifest& manifest, const Shard& shard) {
  std::vector<BlockRef> blocks;
  for (const StoredPart& part : shard.parts) {
    const std::uint64_t element = FindType(manifest.FindDataset(part.dataset)->type)->bytes;
    std::ranges::move(BlocksOf(part, shard.rank, element, 0), std::back_inserter(blocks));
  }
  return blocks;
}

class Progress {
 public:
  Progress(bool shown, std::uint64_t total) : shown_(shown && total > 0), total_(total) {}
  ~Progress() {
    if (shown_) std::fprintf(stderr, "\r\033[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void Add(std::uint64_t bytes) {
    const std::uint64_t done = done_ += bytes;
    if (!shown_) return;
    const auto percent = static_cast<int>(done * 100 / total_);
    if (percent != percent_.exchange(percent)) std::fprintf(stderr, "\rverified %3d %%", percent);
  }

 private:
  bool shown_;
  std::uint64_t total_;
  std::atomic<std::uint64_t> done_{0};
  std::atomic<int> percent_{-1};
};

Done VerifyOne(FileSystem& files, const Store& store, const Generation& generation, bool progress) {
  if (generation.manifest.generation == 0) return Damaged(generation.reason);
  Progress shown(progress, generation.manifest.state_bytes());
  return VerifyGeneration(files, store.path, generation.manifest, Threads(),
                          [&](const BlockRef& block) { shown.Add(block.bytes); });
}

// Those that are asked for. What never was committed is no generation; what is set aside is known to be bad.
bool IsWanted(const Generation& generation, std::uint64_t number) {
  if (number != 0) return generation.number == number;
  return generation.state != GenerationState::kUncommitted && generation.state != GenerationState::kSetAside;
}

// A device or a link that FILE may be would be replaced, not written to.
Done CheckPlace(const std::string& file) {
  std::error_code none;
  const std::filesystem::file_status there = std::filesystem::symlink_status(file, none);
  if (!std::filesystem::exists(there) || std::filesystem::is_regular_file(there)) return {};
  return Failure{BSUB_CHECKPOINT_IO,
                 file + " is there and is no regular file; name another file, or remove it first"};
}

Outcome<std::uint64_t> WriteExport(FileSystem& files, const Store& store, const Manifest& manifest,
                                   const Wishes& wishes) {
  CKPT_RETURN_IF_FAILED(CheckPlace(wishes.file));
  CKPT_RETURN_IF_FAILED(VerifyRest(files, store.path, manifest, 0));
  const Master master{manifest.generation, manifest.step, manifest.datasets, manifest.values, {}, {}};
  CKPT_ASSIGN_OR_RETURN(PlainFile file, PlainFile::Make(wishes.file + ".tmp", master));
  Progress shown(wishes.progress, manifest.state_bytes());
  for (const Shard& shard : manifest.shards) {
    CKPT_RETURN_IF_FAILED(ReadBlocks(files, store.path, BlocksOfShard(manifest, shard), Threads(),
                                     [&](const BlockRef& block, const char* data) -> Done {
                                       shown.Add(block.bytes);
                                       return file.Write(block.part->dataset, block.box, data);
                                     }));
  }
  CKPT_RETURN_IF_FAILED(file.Close());
  {
    CKPT_ASSIGN_OR_RETURN(const std::unique_ptr<File> written, files.OpenForWriting(wishes.file + ".tmp"));
    CKPT_RETURN_IF_FAILED(written->Sync());
  }
  CKPT_RETURN_IF_FAILED(files.Rename(wishes.file + ".tmp", wishes.file));
  return manifest.state_bytes();
}

}  // namespace

int Verify(FileSystem& files, const Wishes& wishes) {
  const auto stores = FindStores(files, wishes.directory);
  if (!stores) return Fail("verify", stores.error());
  Json all = Json::array();
  int looked_at = 0;
  int bad = 0;
  for (const Store& store : *stores) {
    for (const Generation& generation : store.generations) {
      if (!IsWanted(generation, wishes.generation)) continue;
      ++looked_at;
      const Done done = VerifyOne(files, store, generation, wishes.progress);
      bad += done ? 0 : 1;
      const std::string words = done ? "good" : done.error().message;
      all.push_back({{"store", store.path},
                     {"generation", generation.number},
                     {"good", done.has_value()},
                     {"reason", done ? "" : words}});
      if (!wishes.json)
        std::printf("%s: generation %" PRIu64 ": %s\n", store.path.c_str(), generation.number, words.c_str());
    }
  }
  if (wishes.json) std::printf("%s\n", all.dump(2).c_str());
  if (looked_at == 0) {
    return Fail("verify",
                {BSUB_CHECKPOINT_NOTHING_SAVED, wishes.directory + ": there is no generation to verify"});
  }
  return bad == 0 ? kExitOk : kExitFailed;
}

int Prune(FileSystem& files, const Wishes& wishes) {
  const auto stores = FindStores(files, wishes.directory);
  if (!stores) return Fail("prune", stores.error());
  Json all = Json::array();
  for (const Store& store : *stores) {
    for (const std::uint64_t generation : Removable(store.generations, wishes.keep)) {
      const Done done = wishes.dry_run ? Done() : RemoveGeneration(files, store.path, generation);
      if (!done) return Fail("prune", done.error());
      all.push_back({{"store", store.path}, {"generation", generation}, {"removed", !wishes.dry_run}});
      if (!wishes.json) {
        std::printf("%s: generation %" PRIu64 " %s\n", store.path.c_str(), generation,
                    wishes.dry_run ? "would be removed" : "removed");
      }
    }
  }
  if (wishes.json) std::printf("%s\n", all.dump(2).c_str());
  return kExitOk;
}

int Export(FileSystem& files, const Wishes& wishes) {
  const auto stores = FindStores(files, wishes.directory);
  if (!stores) return Fail("export", stores.error());
  if (stores->size() > 1) {
    return Fail("export", Invalid(wishes.directory + " holds " + std::to_string(stores->size()) +
                                  " stores; name one of them, such as " + stores->front().path));
  }
  const auto generation = FindGeneration(stores->front(), wishes.generation);
  if (!generation) return Fail("export", generation.error());
  if ((*generation)->manifest.generation == 0)
    return Fail("export", Damaged("that generation is " + std::string(ToString((*generation)->state))));
  const auto bytes = WriteExport(files, stores->front(), (*generation)->manifest, wishes);
  if (!bytes) {
    static_cast<void>(files.RemoveFile(wishes.file + ".tmp"));
    return Fail("export", bytes.error());
  }
  if (wishes.json) {
    std::printf("%s\n",
                Json({{"file", wishes.file}, {"generation", (*generation)->number}, {"bytes", *bytes}})
                    .dump(2)
                    .c_str());
  } else {
    std::printf("%s: generation %" PRIu64 ", verified, %s of numbers\n", wishes.file.c_str(),
                (*generation)->number, HumanBytes(*bytes).c_str());
  }
  return kExitOk;
}

}  // namespace bsub::ckpt::tool
