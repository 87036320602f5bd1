#include "scheduler/journal/file_system.h"

namespace bsub::journal {

std::string Join(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

Result<std::string> ReadWhole(FileSystem& files, const std::string& path) {
  BSUB_ASSIGN_OR_RETURN(const auto file, files.OpenForRead(path));
  BSUB_ASSIGN_OR_RETURN(const std::uint64_t size, file->Size());
  return file->ReadAt(0, size);
}

Status WriteAtomically(FileSystem& files, const std::string& directory, const std::string& name,
                       std::string_view bytes) {
  const std::string temporary = Join(directory, name + ".tmp");
  if (const auto removed = files.Remove(temporary); !removed && removed.error().code != Code::kNotFound) {
    return removed;
  }
  BSUB_ASSIGN_OR_RETURN(const auto file, files.Create(temporary));
  BSUB_RETURN_IF_ERROR(file->WriteAt(0, bytes));
  BSUB_RETURN_IF_ERROR(file->DataSync());
  BSUB_RETURN_IF_ERROR(files.Rename(temporary, Join(directory, name)));
  return files.SyncDirectory(directory);
}

}  // namespace bsub::journal
