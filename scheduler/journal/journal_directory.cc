#include "scheduler/journal/journal_directory.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>

namespace bsub::journal {
namespace {

constexpr std::size_t kDigits = 20;  // of 2^64 - 1

std::string_view Prefix(FileKind kind) {
  switch (kind) {
    case FileKind::kSegment:
      return "segment-";
    case FileKind::kSnapshot:
      return "snapshot-";
    case FileKind::kPack:
      return "payloads-";
  }
  return "";
}

}  // namespace

std::string FileName(FileKind kind, std::uint64_t sequence) {
  std::string digits = std::to_string(sequence);
  return std::string(Prefix(kind)) + std::string(kDigits - digits.size(), '0') + digits;
}

std::optional<NumberedFile> ParseFileName(std::string_view name) {
  for (const FileKind kind : {FileKind::kSegment, FileKind::kSnapshot, FileKind::kPack}) {
    const std::string_view prefix = Prefix(kind);
    if (name.substr(0, prefix.size()) != prefix || name.size() != prefix.size() + kDigits) continue;
    NumberedFile file;
    file.kind = kind;
    file.name = name;
    const char* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + prefix.size(), end, file.sequence);
    if (error == std::errc() && stop == end) return file;
  }
  return std::nullopt;
}

Result<DirectoryContents> ReadDirectory(FileSystem& files, const std::string& directory) {
  BSUB_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  DirectoryContents contents;
  for (const DirectoryEntry& entry : entries) {
    if (entry.name.ends_with(".tmp")) contents.temporary.push_back(entry.name);
    auto file = ParseFileName(entry.name);
    if (!file) continue;
    file->size_bytes = entry.size_bytes;
    file->modified_at = entry.modified_at;
    auto& list = file->kind == FileKind::kSegment    ? contents.segments
                 : file->kind == FileKind::kSnapshot ? contents.snapshots
                                                     : contents.packs;
    list.push_back(std::move(*file));
  }
  for (auto* list : {&contents.segments, &contents.snapshots, &contents.packs}) {
    std::ranges::sort(*list, {}, &NumberedFile::sequence);
  }
  return contents;
}

Result<std::string> FreeAsideName(FileSystem& files, const std::string& directory, const std::string& base) {
  BSUB_ASSIGN_OR_RETURN(const auto entries, files.List(directory));
  std::set<std::string> taken;
  for (const DirectoryEntry& entry : entries) taken.insert(entry.name);
  std::string name = base + ".aside";
  for (int n = 2; taken.contains(name); ++n) name = base + ".aside." + std::to_string(n);
  return name;
}

Result<std::string> SetAside(FileSystem& files, const std::string& directory, const std::string& name) {
  BSUB_ASSIGN_OR_RETURN(std::string aside, FreeAsideName(files, directory, name));
  BSUB_RETURN_IF_ERROR(files.Rename(Join(directory, name), Join(directory, aside)));
  BSUB_RETURN_IF_ERROR(files.SyncDirectory(directory));
  return aside;
}

}  // namespace bsub::journal
