#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "checkpoint/tool/commands.h"

namespace bsub::ckpt::tool {
namespace {

using Json = nlohmann::ordered_json;

std::string Kind(const Manifest& manifest) {
  return manifest.base == 0 ? "full" : "changes since " + std::to_string(manifest.base);
}

bool HasManifest(const Generation& generation) { return generation.manifest.generation != 0; }

Json ListJson(const Store& store) {
  Json list = Json::array();
  for (const Generation& generation : store.generations) {
    Json json = {{"generation", generation.number},
                 {"state", ToString(generation.state)},
                 {"reason", generation.reason}};
    if (HasManifest(generation)) {
      const Manifest& manifest = generation.manifest;
      json["step"] = manifest.step;
      json["savedAt"] = manifest.saved_utc;
      json["base"] = manifest.base;
      json["ranks"] = manifest.shards.size();
      json["stateBytes"] = manifest.state_bytes();
      json["writtenBytes"] = manifest.written_bytes();
      json["epoch"] = manifest.epoch;
      json["attempt"] = manifest.attempt;
    }
    list.push_back(std::move(json));
  }
  return {{"store", store.path},
          {"owner", store.owner.attempt.words()},
          {"epoch", store.owner.epoch},
          {"generations", list}};
}

void PrintList(const Store& store) {
  std::printf("%s: owned by %s\n", store.path.c_str(), store.owner.attempt.words().c_str());
  std::printf("%10s  %-11s %10s  %-20s %5s %10s %10s  %s\n", "GENERATION", "STATE", "STEP", "SAVED", "RANKS",
              "STATE", "WRITTEN", "KIND");
  for (const Generation& generation : store.generations) {
    std::printf("%10" PRIu64 "  %-11s", generation.number, ToString(generation.state));
    if (HasManifest(generation)) {
      const Manifest& manifest = generation.manifest;
      std::printf(" %10" PRIu64 "  %-20s %5zu %10s %10s  %s", manifest.step, manifest.saved_utc.c_str(),
                  manifest.shards.size(), HumanBytes(manifest.state_bytes()).c_str(),
                  HumanBytes(manifest.written_bytes()).c_str(), Kind(manifest).c_str());
    }
    std::printf("%s%s\n", generation.reason.empty() ? "" : "  ", generation.reason.c_str());
  }
}

std::string Sizes(const std::vector<std::uint64_t>& numbers) {
  std::string text;
  for (const std::uint64_t n : numbers) text += (text.empty() ? "" : "x") + std::to_string(n);
  return text;
}

Json ShowJson(const Store& store, const Manifest& manifest) {
  Json json = {
      {"store", store.path},           {"generation", manifest.generation}, {"step", manifest.step},
      {"savedAt", manifest.saved_utc}, {"attempt", manifest.attempt},       {"base", manifest.base},
      {"datasets", Json::array()},     {"values", Json::array()},           {"shards", Json::array()}};
  for (const DatasetShape& dataset : manifest.datasets) {
    json["datasets"].push_back({{"name", dataset.name}, {"type", dataset.type}, {"shape", dataset.shape}});
  }
  for (const SavedValue& value : manifest.values) {
    json["values"].push_back({{"name", value.name}, {"type", value.type}, {"count", value.count}});
  }
  for (const Shard& shard : manifest.shards) {
    Json parts = Json::array();
    for (const StoredPart& part : shard.parts) {
      parts.push_back({{"dataset", part.dataset},
                       {"offset", part.box.offset},
                       {"count", part.box.count},
                       {"blocks", part.blocks.size()}});
    }
    json["shards"].push_back({{"rank", shard.rank},
                              {"bytes", shard.bytes},
                              {"writtenBytes", shard.written_bytes},
                              {"parts", parts}});
  }
  return json;
}

void PrintShow(const Store& store, const Manifest& manifest) {
  std::printf("%s, generation %" PRIu64 ": step %" PRIu64 ", saved %s by %s, %s\n", store.path.c_str(),
              manifest.generation, manifest.step, manifest.saved_utc.c_str(), manifest.attempt.c_str(),
              Kind(manifest).c_str());
  for (const DatasetShape& dataset : manifest.datasets) {
    std::printf("  dataset %-20s %-10s %s\n", dataset.name.c_str(), dataset.type.c_str(),
                Sizes(dataset.shape).c_str());
  }
  for (const SavedValue& value : manifest.values) {
    std::printf("  value   %-20s %-10s %" PRIu64 "\n", value.name.c_str(), value.type.c_str(), value.count);
  }
  for (const Shard& shard : manifest.shards) {
    std::printf("  %s: %s, %s written\n", ShardName(shard.rank).c_str(), HumanBytes(shard.bytes).c_str(),
                HumanBytes(shard.written_bytes).c_str());
    for (const StoredPart& part : shard.parts) {
      std::printf("    %-20s %s at %s, %zu blocks\n", part.dataset.c_str(), Sizes(part.box.count).c_str(),
                  Sizes(part.box.offset).c_str(), part.blocks.size());
    }
  }
}

}  // namespace

int List(FileSystem& files, const Wishes& wishes) {
  const auto stores = FindStores(files, wishes.directory);
  if (!stores) return Fail("ls", stores.error());
  Json all = Json::array();
  for (const Store& store : *stores) {
    if (wishes.json) {
      all.push_back(ListJson(store));
    } else {
      PrintList(store);
    }
  }
  if (wishes.json) std::printf("%s\n", all.dump(2).c_str());
  return kExitOk;
}

int Show(FileSystem& files, const Wishes& wishes) {
  const auto stores = FindStores(files, wishes.directory);
  if (!stores) return Fail("show", stores.error());
  Json all = Json::array();
  for (const Store& store : *stores) {
    const auto generation = FindGeneration(store, wishes.generation);
    if (!generation) return Fail("show", generation.error());
    if (!HasManifest(**generation)) {
      return Fail("show", Damaged(store.path + ": generation " + std::to_string((*generation)->number) +
                                  " is " + ToString((*generation)->state) + ": there is nothing to show"));
    }
    if (wishes.json) {
      all.push_back(ShowJson(store, (*generation)->manifest));
    } else {
      PrintShow(store, (*generation)->manifest);
    }
  }
  if (wishes.json) std::printf("%s\n", all.dump(2).c_str());
  return kExitOk;
}

}  // namespace bsub::ckpt::tool
