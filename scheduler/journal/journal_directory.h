// What a journal directory holds, read from the file names alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/journal/file_system.h"

namespace bsub::journal {

enum class FileKind : std::uint8_t { kSegment, kSnapshot, kPack };

struct NumberedFile {
  FileKind kind = FileKind::kSegment;
  // Segment: its first sequence. Snapshot: the last sequence it covers. Pack: that of the snapshot it was
  // made for.
  std::uint64_t sequence = 0;
  std::string name;
  std::uint64_t size_bytes = 0;
  TimePoint modified_at;
};

// "segment-00000000000000000001": fixed width, so that names sort like numbers.
std::string FileName(FileKind kind, std::uint64_t sequence);
std::optional<NumberedFile> ParseFileName(std::string_view name);

struct DirectoryContents {
  std::vector<NumberedFile> segments;   // ascending by sequence
  std::vector<NumberedFile> snapshots;  // ascending
  std::vector<NumberedFile> packs;      // ascending
  std::vector<std::string> temporary;   // "*.tmp": left by a crash while a file was being made
};

// Files with other names (the lock, what was set aside) are not looked at.
Result<DirectoryContents> ReadDirectory(FileSystem& files, const std::string& directory);

// Renames a file to "<name>.aside", ".aside.2", …: out of the journal's sight, kept for a person. Returns the
// name.
Result<std::string> SetAside(FileSystem& files, const std::string& directory, const std::string& name);

// A name "<base>.aside…" that is free.
Result<std::string> FreeAsideName(FileSystem& files, const std::string& directory, const std::string& base);

}  // namespace bsub::journal
