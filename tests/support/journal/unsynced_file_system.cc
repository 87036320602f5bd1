#include "tests/support/journal/unsynced_file_system.h"

#include <algorithm>
#include <utility>

namespace bsub::journal::test {
namespace {

std::pair<std::string, std::string> Split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return {path.substr(0, slash), path.substr(slash + 1)};
}

class HeldName final : public FileLock {
 public:
  HeldName(std::set<std::string>& locks, std::string path) : locks_(locks), path_(std::move(path)) {}
  ~HeldName() override { locks_.erase(path_); }

 private:
  std::set<std::string>& locks_;
  std::string path_;
};

}  // namespace

class MemoryFile final : public File {
 public:
  MemoryFile(UnsyncedFileSystem& system, UnsyncedFileSystem::InodePtr inode, std::string path, bool writable)
      : system_(system),
        inode_(std::move(inode)),
        path_(std::move(path)),
        writable_(writable),
        power_cycle_(system.power_cycles_) {}

  Status WriteAt(std::uint64_t offset, std::string_view bytes) override {
    BSUB_RETURN_IF_ERROR(Usable());
    return system_.WriteTo(*inode_, path_, offset, bytes);
  }
  Result<std::string> ReadAt(std::uint64_t offset, std::size_t length) const override {
    if (offset >= inode_->current.size()) return std::string();
    return inode_->current.substr(offset, length);
  }
  Status DataSync() override {
    BSUB_RETURN_IF_ERROR(Usable());
    return system_.Sync(*inode_, path_);
  }
  Status Preallocate(std::uint64_t size) override {
    BSUB_RETURN_IF_ERROR(Usable());
    BSUB_RETURN_IF_ERROR(system_.Count("reserve space for", path_));
    BSUB_RETURN_IF_ERROR(system_.CheckRoom(*inode_, path_, size));
    if (size > inode_->current.size()) system_.Resize(*inode_, size);
    return OkStatus();
  }
  Status Truncate(std::uint64_t size) override {
    BSUB_RETURN_IF_ERROR(Usable());
    BSUB_RETURN_IF_ERROR(system_.Count("truncate", path_));
    system_.Resize(*inode_, size);
    return OkStatus();
  }
  Result<std::uint64_t> Size() const override { return inode_->current.size(); }

 private:
  Status Usable() const {
    if (!writable_) return PermissionDenied(path_ + " was opened for reading");
    if (power_cycle_ != system_.power_cycles_)
      return Unavailable(path_ + ": the machine has lost power since");
    return OkStatus();
  }

  UnsyncedFileSystem& system_;
  UnsyncedFileSystem::InodePtr inode_;
  std::string path_;
  bool writable_;
  std::uint64_t power_cycle_;
};

Status UnsyncedFileSystem::Count(const char* what, const std::string& path) {
  ++calls_;
  if (!fault_ || calls_ < fault_->at_call || (calls_ > fault_->at_call && !fault_->repeat)) return OkStatus();
  return Error{fault_->code, std::string("cannot ") + what + " " + path + ": injected fault"};
}

Result<UnsyncedFileSystem::Directory*> UnsyncedFileSystem::FindDirectory(const std::string& path) {
  const auto found = directories_.find(path);
  if (found == directories_.end()) return NotFound("no directory " + path);
  return &found->second;
}

Result<UnsyncedFileSystem::InodePtr> UnsyncedFileSystem::Find(const std::string& path) {
  const auto [folder, name] = Split(path);
  BSUB_ASSIGN_OR_RETURN(Directory * directory, FindDirectory(folder));
  const auto found = directory->current.find(name);
  if (found == directory->current.end()) return NotFound("cannot open " + path + ": no such file");
  return found->second;
}

void UnsyncedFileSystem::Apply(Names_& names, const NameChange& change) {
  if (change.removed) names.erase(*change.removed);
  if (change.added) names[*change.added] = change.inode;
}

Result<std::unique_ptr<File>> UnsyncedFileSystem::Create(const std::string& path) {
  BSUB_RETURN_IF_ERROR(Count("create", path));
  if (Find(path)) return AlreadyExists("cannot create " + path + ": it exists");
  const auto [folder, name] = Split(path);
  BSUB_ASSIGN_OR_RETURN(Directory * directory, FindDirectory(folder));
  const auto inode = std::make_shared<Inode>();
  inode->modified_at = now_;
  directory->unsynced.push_back({std::nullopt, name, inode});
  Apply(directory->current, directory->unsynced.back());
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, inode, path, true));
}

Result<std::unique_ptr<File>> UnsyncedFileSystem::OpenForRead(const std::string& path) {
  BSUB_ASSIGN_OR_RETURN(InodePtr inode, Find(path));
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, std::move(inode), path, false));
}

Result<std::unique_ptr<File>> UnsyncedFileSystem::OpenForWrite(const std::string& path) {
  BSUB_ASSIGN_OR_RETURN(InodePtr inode, Find(path));
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, std::move(inode), path, true));
}

Status UnsyncedFileSystem::Rename(const std::string& from, const std::string& to) {
  BSUB_RETURN_IF_ERROR(Count("rename", from));
  BSUB_ASSIGN_OR_RETURN(InodePtr inode, Find(from));
  BSUB_ASSIGN_OR_RETURN(Directory * directory, FindDirectory(Split(from).first));
  directory->unsynced.push_back({Split(from).second, Split(to).second, std::move(inode)});
  Apply(directory->current, directory->unsynced.back());
  return OkStatus();
}

Status UnsyncedFileSystem::Remove(const std::string& path) {
  BSUB_RETURN_IF_ERROR(Count("remove", path));
  BSUB_RETURN_IF_ERROR(Find(path));
  BSUB_ASSIGN_OR_RETURN(Directory * directory, FindDirectory(Split(path).first));
  directory->unsynced.push_back({Split(path).second, std::nullopt, nullptr});
  Apply(directory->current, directory->unsynced.back());
  return OkStatus();
}

Status UnsyncedFileSystem::CreateDirectory(const std::string& path) {
  BSUB_RETURN_IF_ERROR(Count("create the directory", path));
  directories_.try_emplace(path);
  return OkStatus();
}

Status UnsyncedFileSystem::SyncDirectory(const std::string& path) {
  BSUB_RETURN_IF_ERROR(Count("sync the directory", path));
  BSUB_ASSIGN_OR_RETURN(Directory * directory, FindDirectory(path));
  directory->durable = directory->current;
  directory->unsynced.clear();
  return OkStatus();
}

Result<std::vector<DirectoryEntry>> UnsyncedFileSystem::List(const std::string& path) {
  BSUB_ASSIGN_OR_RETURN(const Directory* directory, FindDirectory(path));
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, inode] : directory->current) {
    entries.push_back({name, inode->current.size(), inode->modified_at});
  }
  return entries;
}

Result<std::unique_ptr<FileLock>> UnsyncedFileSystem::Lock(const std::string& path) {
  if (!locks_.insert(path).second) return FailedPrecondition(path + " is held");
  return std::unique_ptr<FileLock>(std::make_unique<HeldName>(locks_, path));
}

Status UnsyncedFileSystem::CheckRoom(const Inode& inode, const std::string& path, std::uint64_t size) const {
  if (!full_ || size <= inode.current.size()) return OkStatus();
  return ResourceExhausted("cannot make " + path + " longer: the disk is full");
}

Status UnsyncedFileSystem::WriteTo(Inode& inode, const std::string& path, std::uint64_t offset,
                                   std::string_view bytes) {
  BSUB_RETURN_IF_ERROR(CheckRoom(inode, path, offset + bytes.size()));
  auto counted = Count("write", path);
  if (!counted) {
    if (!fault_->short_write) return counted;
    bytes = bytes.substr(0, bytes.size() / 2);
  }
  if (offset + bytes.size() > inode.current.size()) inode.current.resize(offset + bytes.size());
  std::ranges::copy(bytes, inode.current.begin() + static_cast<std::ptrdiff_t>(offset));
  for (std::size_t at = offset / kSectorBytes; at * kSectorBytes < offset + bytes.size(); ++at)
    inode.dirty.insert(at);
  inode.modified_at = now_;
  return counted;
}

void UnsyncedFileSystem::Resize(Inode& inode, std::uint64_t size) {
  // Sectors that a truncation drops come back as what they were, or as zeros, if power fails before the sync.
  const std::size_t low = std::min<std::size_t>(inode.current.size(), size);
  const std::size_t high = std::max<std::size_t>(inode.current.size(), size);
  for (std::size_t at = low / kSectorBytes; at * kSectorBytes < high; ++at) inode.dirty.insert(at);
  inode.current.resize(size);
  inode.modified_at = now_;
}

Status UnsyncedFileSystem::Sync(Inode& inode, const std::string& path) {
  auto counted = Count("sync", path);
  if (!counted) {
    if (fault_->forgets_unsynced) inode.dirty.clear();
    return counted;
  }
  inode.durable.resize(inode.current.size());
  for (const std::size_t sector : inode.dirty) {
    const std::size_t begin = sector * kSectorBytes;
    if (begin >= inode.current.size()) continue;
    const std::size_t length = std::min(kSectorBytes, inode.current.size() - begin);
    std::copy_n(inode.current.begin() + static_cast<std::ptrdiff_t>(begin), length,
                inode.durable.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  inode.dirty.clear();
  return OkStatus();
}

void UnsyncedFileSystem::LoseUnsynced(Inode& inode, std::mt19937_64& random) {
  std::string disk = inode.durable;
  if (random() % 2 == 0) disk.resize(inode.current.size());
  bool torn_one = false;
  for (const std::size_t sector : inode.dirty) {
    const std::size_t begin = sector * kSectorBytes;
    if (begin >= disk.size() || begin >= inode.current.size() || random() % 2 == 0) continue;
    std::size_t length = std::min({kSectorBytes, disk.size() - begin, inode.current.size() - begin});
    if (!torn_one && random() % 4 == 0) {
      length = random() % length;
      torn_one = true;
    }
    std::copy_n(inode.current.begin() + static_cast<std::ptrdiff_t>(begin), length,
                disk.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  inode.current = disk;
  inode.durable = disk;
  inode.dirty.clear();
}

void UnsyncedFileSystem::LosePower(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  ++power_cycles_;
  fault_.reset();
  for (auto& [path, directory] : directories_) {
    for (const NameChange& change : directory.unsynced) {
      if (random() % 2 == 0) Apply(directory.durable, change);
    }
    directory.unsynced.clear();
    directory.current = directory.durable;
    for (auto& [name, inode] : directory.current) LoseUnsynced(*inode, random);
  }
}

std::string UnsyncedFileSystem::Contents(const std::string& path) const {
  return (*const_cast<UnsyncedFileSystem*>(this)->Find(path))->current;
}

void UnsyncedFileSystem::SetContents(const std::string& path, std::string bytes) {
  const auto [folder, name] = Split(path);
  auto inode = std::make_shared<Inode>();
  inode->current = bytes;
  inode->durable = std::move(bytes);
  inode->modified_at = now_;
  directories_[folder].current[name] = inode;
  directories_[folder].durable[name] = inode;
}

void UnsyncedFileSystem::Forget(const std::string& path) {
  const auto [folder, name] = Split(path);
  directories_[folder].current.erase(name);
  directories_[folder].durable.erase(name);
}

std::vector<std::string> UnsyncedFileSystem::Names(const std::string& directory) const {
  std::vector<std::string> names;
  for (const auto& [name, inode] : directories_.at(directory).current) names.push_back(name);
  return names;
}

}  // namespace bsub::journal::test
