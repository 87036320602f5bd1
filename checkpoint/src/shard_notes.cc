#include "checkpoint/src/shard_notes.h"

#include <utility>

#include "checkpoint/src/checked_text.h"

namespace bsub::ckpt {
namespace {

constexpr std::string_view kNoteFormat = "bsub-checkpoint-shard";

// "shard-00001.json"
std::string NotePath(const std::string& generation, std::int32_t rank) {
  std::string name = ShardName(rank);
  name.replace(name.rfind('.'), std::string::npos, ".json");
  return generation + "/" + name;
}

}  // namespace

Done LeaveNote(FileSystem& files, const std::string& generation, const Shard& shard) {
  const std::string path = NotePath(generation, shard.rank);
  CKPT_RETURN_IF_FAILED(files.WriteDurably(path + ".tmp", AddChecksum(kNoteFormat, EncodeShard(shard))));
  return files.Rename(path + ".tmp", path);
}

std::optional<Shard> ReadNote(FileSystem& files, const std::string& generation, std::int32_t rank) {
  const auto text = files.ReadWhole(NotePath(generation, rank));
  if (!text) return std::nullopt;
  const auto body = CheckChecksum(kNoteFormat, *text);
  if (!body) return std::nullopt;
  auto shard = DecodeShard(*body);
  if (!shard || shard->rank != rank) return std::nullopt;
  return std::move(*shard);
}

void RemoveNotes(FileSystem& files, const std::string& generation, std::int32_t ranks) {
  for (std::int32_t rank = 1; rank < ranks; ++rank)
    static_cast<void>(files.RemoveFile(NotePath(generation, rank)));
}

}  // namespace bsub::ckpt
