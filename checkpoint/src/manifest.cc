#include "checkpoint/src/manifest.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "checkpoint/src/checked_text.h"
#include "checkpoint/src/checksum.h"
#include "checkpoint/src/number_type.h"

namespace bsub::ckpt {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "bsub-checkpoint";
constexpr std::uint64_t kLargestNumber = std::uint64_t{1} << 62;

struct Malformed {
  std::string what;
};

const Json& Member(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end()) throw Malformed{std::string(name) + " is missing"};
  return *found;
}

std::uint64_t Number(const Json& value, const char* name) {
  if (!value.is_number_unsigned()) throw Malformed{std::string(name) + " is no number"};
  const auto number = value.get<std::uint64_t>();
  if (number > kLargestNumber) throw Malformed{std::string(name) + " is too large"};
  return number;
}

std::uint64_t NumberOf(const Json& object, const char* name) { return Number(Member(object, name), name); }

std::string TextOf(const Json& object, const char* name) {
  const Json& value = Member(object, name);
  if (!value.is_string()) throw Malformed{std::string(name) + " is no text"};
  return value.get<std::string>();
}

const Json& ListOf(const Json& object, const char* name) {
  const Json& value = Member(object, name);
  if (!value.is_array()) throw Malformed{std::string(name) + " is no list"};
  return value;
}

std::uint64_t HexOf(const Json& value, const char* name) {
  const auto checksum = value.is_string() ? FromHex(value.get_ref<const std::string&>()) : std::nullopt;
  if (!checksum) throw Malformed{std::string(name) + " is no checksum"};
  return *checksum;
}

std::vector<std::uint64_t> NumbersOf(const Json& object, const char* name) {
  std::vector<std::uint64_t> numbers;
  for (const Json& value : ListOf(object, name)) numbers.push_back(Number(value, name));
  return numbers;
}

std::string BytesToHex(std::string_view bytes) {
  std::string text;
  char pair[3];
  for (const char c : bytes) {
    std::snprintf(pair, sizeof(pair), "%02x", static_cast<unsigned char>(c));
    text += pair;
  }
  return text;
}

std::string BytesFromHex(const std::string& text) {
  if (text.size() % 2 != 0) throw Malformed{"a value has half a byte"};
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto byte = FromHex(std::string(14, '0') + text.substr(i, 2));
    if (!byte) throw Malformed{"a value is not hexadecimal"};
    bytes += static_cast<char>(*byte);
  }
  return bytes;
}

Json PartJson(const StoredPart& part) {
  Json json = {{"dataset", part.dataset},
               {"offset", part.box.offset},
               {"count", part.box.count},
               {"along", part.cut.along},
               {"rows", part.cut.rows}};
  Json checksums = Json::array();
  for (const StoredBlock& block : part.blocks) checksums.push_back(ToHex(block.checksum));
  json["xxh3"] = std::move(checksums);
  Json stored = Json::array();
  for (const StoredBlock& block : part.blocks) {
    if (block.packed_bytes > 0) {
      stored.push_back({block.generation, block.offset, block.packed_bytes, ToHex(block.packed_checksum)});
    } else {
      stored.push_back({block.generation, block.offset});
    }
  }
  json["stored"] = std::move(stored);
  return json;
}

StoredBlock BlockFrom(const Json& stored, const Json& checksum) {
  if (!stored.is_array() || (stored.size() != 2 && stored.size() != 4)) throw Malformed{"a stored block"};
  StoredBlock block;
  block.checksum = HexOf(checksum, "xxh3");
  block.generation = Number(stored[0], "stored");
  block.offset = Number(stored[1], "stored");
  if (stored.size() == 4) {
    block.packed_bytes = Number(stored[2], "stored");
    block.packed_checksum = HexOf(stored[3], "stored");
    if (block.packed_bytes == 0) throw Malformed{"a stored block is empty"};
  }
  return block;
}

StoredPart PartFrom(const Json& json) {
  StoredPart part;
  part.dataset = TextOf(json, "dataset");
  part.box = {NumbersOf(json, "offset"), NumbersOf(json, "count")};
  part.cut.along = static_cast<int>(std::min<std::uint64_t>(NumberOf(json, "along"), 1000));
  part.cut.rows = NumberOf(json, "rows");
  if (part.box.offset.size() != part.box.count.size() || !BlocksFit(part.box.count, part.cut)) {
    throw Malformed{"the blocks of " + part.dataset + " do not fit its part"};
  }
  const Json& checksums = ListOf(json, "xxh3");
  const Json& stored = ListOf(json, "stored");
  if (checksums.size() != stored.size()) throw Malformed{"stored and xxh3 of " + part.dataset};
  for (std::size_t i = 0; i < stored.size(); ++i) part.blocks.push_back(BlockFrom(stored[i], checksums[i]));
  return part;
}

Json ShardJson(const Shard& shard) {
  Json parts = Json::array();
  for (const StoredPart& part : shard.parts) parts.push_back(PartJson(part));
  return {{"rank", shard.rank},
          {"bytes", shard.bytes},
          {"rest_xxh3", ToHex(shard.rest_checksum)},
          {"written_bytes", shard.written_bytes},
          {"parts", std::move(parts)}};
}

Shard ShardFrom(const Json& json) {
  Shard shard;
  shard.rank = static_cast<std::int32_t>(std::min<std::uint64_t>(NumberOf(json, "rank"), INT32_MAX));
  shard.bytes = NumberOf(json, "bytes");
  shard.rest_checksum = HexOf(Member(json, "rest_xxh3"), "rest_xxh3");
  shard.written_bytes = NumberOf(json, "written_bytes");
  for (const Json& part : ListOf(json, "parts")) shard.parts.push_back(PartFrom(part));
  return shard;
}

Json ManifestJson(const Manifest& manifest) {
  Json json = {{"generation", manifest.generation},
               {"step", manifest.step},
               {"epoch", manifest.epoch},
               {"attempt", manifest.attempt},
               {"saved_utc", manifest.saved_utc},
               {"base", manifest.base},
               {"master_bytes", manifest.master_bytes},
               {"master_xxh3", ToHex(manifest.master_checksum)}};
  Json datasets = Json::array();
  for (const DatasetShape& dataset : manifest.datasets) {
    datasets.push_back({{"name", dataset.name}, {"type", dataset.type}, {"shape", dataset.shape}});
  }
  json["datasets"] = std::move(datasets);
  Json values = Json::array();
  for (const SavedValue& value : manifest.values) {
    values.push_back({{"name", value.name},
                      {"type", value.type},
                      {"count", value.count},
                      {"hex", BytesToHex(value.bytes)}});
  }
  json["values"] = std::move(values);
  Json shards = Json::array();
  for (const Shard& shard : manifest.shards) shards.push_back(ShardJson(shard));
  json["shards"] = std::move(shards);
  return json;
}

SavedValue ValueFrom(const Json& json) {
  SavedValue value{TextOf(json, "name"), TextOf(json, "type"), NumberOf(json, "count"),
                   BytesFromHex(TextOf(json, "hex"))};
  const NumberType* type = FindType(value.type);
  if (type == nullptr || value.bytes.size() / type->bytes != value.count ||
      value.bytes.size() % type->bytes != 0) {
    throw Malformed{"value " + value.name};
  }
  return value;
}

Manifest ManifestFrom(const Json& json) {
  Manifest manifest;
  manifest.generation = NumberOf(json, "generation");
  manifest.step = NumberOf(json, "step");
  manifest.epoch = NumberOf(json, "epoch");
  manifest.attempt = TextOf(json, "attempt");
  manifest.saved_utc = TextOf(json, "saved_utc");
  manifest.base = NumberOf(json, "base");
  manifest.master_bytes = NumberOf(json, "master_bytes");
  manifest.master_checksum = HexOf(Member(json, "master_xxh3"), "master_xxh3");
  for (const Json& dataset : ListOf(json, "datasets")) {
    manifest.datasets.push_back(
        {TextOf(dataset, "name"), TextOf(dataset, "type"), NumbersOf(dataset, "shape")});
  }
  for (const Json& value : ListOf(json, "values")) manifest.values.push_back(ValueFrom(value));
  for (const Json& shard : ListOf(json, "shards")) manifest.shards.push_back(ShardFrom(shard));
  return manifest;
}

// Inside its dataset, and as many blocks as its cut makes.
void CheckPart(const StoredPart& part, const Manifest& manifest) {
  const DatasetShape* dataset = manifest.FindDataset(part.dataset);
  if (dataset == nullptr) throw Malformed{"part of unknown dataset " + part.dataset};
  if (part.box.count.size() != dataset->shape.size()) throw Malformed{"dimensions of " + part.dataset};
  for (std::size_t d = 0; d < dataset->shape.size(); ++d) {
    if (part.box.count[d] == 0 || part.box.offset[d] > dataset->shape[d] ||
        part.box.count[d] > dataset->shape[d] - part.box.offset[d]) {
      throw Malformed{"a part of " + part.dataset + " is outside of it"};
    }
  }
  if (BlockGrid(part.box.count, part.cut).size() != part.blocks.size()) {
    throw Malformed{"number of blocks of " + part.dataset};
  }
  for (const StoredBlock& block : part.blocks) {
    if (block.generation == 0 || block.generation > manifest.generation)
      throw Malformed{"a block's generation"};
  }
}

void CheckDataset(const DatasetShape& dataset) {
  const NumberType* type = FindType(dataset.type);
  if (type == nullptr) throw Malformed{"type of " + dataset.name};
  if (dataset.shape.empty() || dataset.shape.size() > kMaxDimensions) {
    throw Malformed{"dimensions of " + dataset.name};
  }
  std::uint64_t bytes = type->bytes;
  for (const std::uint64_t n : dataset.shape) {
    if (n == 0 || __builtin_mul_overflow(bytes, n, &bytes) || bytes > kLargestNumber) {
      throw Malformed{"shape of " + dataset.name};
    }
  }
}

void Check(const Manifest& manifest) {
  for (const DatasetShape& dataset : manifest.datasets) CheckDataset(dataset);
  for (std::size_t i = 0; i < manifest.shards.size(); ++i) {
    if (manifest.shards[i].rank != static_cast<std::int32_t>(i)) throw Malformed{"order of shards"};
    for (const StoredPart& part : manifest.shards[i].parts) CheckPart(part, manifest);
  }
  if (manifest.shards.empty()) throw Malformed{"no shards"};
}

template <typename Read>
auto Guarded(std::string_view text, Read read) -> Outcome<decltype(read(Json()))> {
  try {
    return read(Json::parse(text));
  } catch (const Malformed& malformed) {
    return Damaged("not well formed: " + malformed.what);
  } catch (const std::exception& e) {
    return Damaged(std::string("not well formed: ") + e.what());
  }
}

}  // namespace

const DatasetShape* Manifest::FindDataset(std::string_view name) const {
  const auto found = std::ranges::find(datasets, name, &DatasetShape::name);
  return found == datasets.end() ? nullptr : &*found;
}

std::uint64_t Manifest::state_bytes() const {
  std::uint64_t bytes = 0;
  for (const DatasetShape& dataset : datasets) {
    std::uint64_t product = FindType(dataset.type)->bytes;
    for (const std::uint64_t n : dataset.shape) product *= n;
    bytes += product;
  }
  return bytes;
}

std::uint64_t Manifest::written_bytes() const {
  std::uint64_t bytes = 0;
  for (const Shard& shard : shards) bytes += shard.written_bytes;
  return bytes;
}

std::vector<std::uint64_t> Manifest::sources() const {
  std::set<std::uint64_t> sources = {generation};
  for (const Shard& shard : shards) {
    for (const StoredPart& part : shard.parts) {
      for (const StoredBlock& block : part.blocks) sources.insert(block.generation);
    }
  }
  return {sources.begin(), sources.end()};
}

std::string Encode(const Manifest& manifest) {
  return AddChecksum(kFormat, ManifestJson(manifest).dump() + "\n");
}

Outcome<Manifest> Decode(std::string_view text) {
  CKPT_ASSIGN_OR_RETURN(const std::string_view body, CheckChecksum(kFormat, text));
  return Guarded(body, [](const Json& json) {
    Manifest manifest = ManifestFrom(json);
    Check(manifest);
    return manifest;
  });
}

std::string EncodeShard(const Shard& shard) { return ShardJson(shard).dump(); }

Outcome<Shard> DecodeShard(std::string_view text) { return Guarded(text, ShardFrom); }

std::string ShardName(std::int32_t rank) {
  char name[32];
  std::snprintf(name, sizeof(name), "shard-%05d.h5", rank);
  return name;
}

}  // namespace bsub::ckpt
