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

// Its first line is the word of the save.
Done LeaveNote(FileSystem& files, const NoteOf& of, const Shard& shard) {
  const std::string path = NotePath(of.generation, shard.rank);
  CKPT_RETURN_IF_FAILED(
      files.WriteDurably(path + ".tmp", AddChecksum(kNoteFormat, of.save + "\n" + EncodeShard(shard))));
  return files.Rename(path + ".tmp", path);
}

std::optional<Shard> ReadNote(FileSystem& files, const NoteOf& of, std::int32_t rank) {
  const auto text = files.ReadWhole(NotePath(of.generation, rank));
  if (!text) return std::nullopt;
  const auto body = CheckChecksum(kNoteFormat, *text);
  const std::string mark = of.save + "\n";
  if (!body || !body->starts_with(mark)) return std::nullopt;
  auto shard = DecodeShard(body->substr(mark.size()));
  if (!shard || shard->rank != rank) return std::nullopt;
  return std::move(*shard);
}

void RemoveNotes(FileSystem& files, const std::string& generation, std::int32_t ranks) {
  for (std::int32_t rank = 1; rank < ranks; ++rank)
    static_cast<void>(files.RemoveFile(NotePath(generation, rank)));
}

}  // namespace bsub::ckpt
