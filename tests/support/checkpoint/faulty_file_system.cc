#include "tests/support/checkpoint/faulty_file_system.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace bsub::testing {
namespace {

namespace fs = std::filesystem;
using ckpt::Done;
using ckpt::Outcome;

std::uint64_t InodeOf(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

std::string ContentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void WriteContent(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class CountedFile : public ckpt::File {
 public:
  CountedFile(FaultyFileSystem& files, std::string path, std::unique_ptr<ckpt::File> file)
      : files_(files), path_(std::move(path)), file_(std::move(file)) {}
  Done WriteAt(const void* data, std::uint64_t bytes, std::uint64_t offset) override {
    CKPT_RETURN_IF_FAILED(files_.Count("write " + path_));
    return file_->WriteAt(data, bytes, offset);
  }
  Done ReadAt(void* data, std::uint64_t bytes, std::uint64_t offset) override {
    return file_->ReadAt(data, bytes, offset);
  }
  Outcome<std::uint64_t> Size() override { return file_->Size(); }
  Done Resize(std::uint64_t bytes) override {
    CKPT_RETURN_IF_FAILED(files_.Count("resize " + path_));
    return file_->Resize(bytes);
  }
  Done Sync() override {
    CKPT_RETURN_IF_FAILED(files_.Count("sync " + path_));
    CKPT_RETURN_IF_FAILED(file_->Sync());
    files_.FileSynced(path_);
    return {};
  }

 private:
  FaultyFileSystem& files_;
  std::string path_;
  std::unique_ptr<ckpt::File> file_;
};

}  // namespace

FaultyFileSystem::FaultyFileSystem(std::string root) : root_(std::move(root)) { Learn(root_); }

void FaultyFileSystem::Learn(const std::string& directory) {
  directories_[InodeOf(directory)] = NamesIn(directory);
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string path = entry.path().string();
    if (entry.is_directory()) {
      Learn(path);
    } else {
      contents_[InodeOf(path)] = ContentOf(path);
    }
  }
}

FaultyFileSystem::Names FaultyFileSystem::NamesIn(const std::string& directory) const {
  Names names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    names[entry.path().filename().string()] = InodeOf(entry.path().string());
  }
  return names;
}

void FaultyFileSystem::FailAt(std::uint64_t call, bool for_ever) {
  fail_at_ = call;
  for_ever_ = for_ever;
}

Done FaultyFileSystem::Count(const std::string& what) {
  const std::lock_guard lock(mutex_);
  ++calls_;
  if (fail_at_ == 0 || calls_ < fail_at_ || (calls_ > fail_at_ && !for_ever_)) return {};
  return ckpt::IoFailure("call " + std::to_string(calls_) + ": cannot", what, for_ever_ ? EIO : ENOSPC);
}

void FaultyFileSystem::FileSynced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  contents_[InodeOf(path)] = ContentOf(path);
}

void FaultyFileSystem::AfterPowerLoss(const std::string& root) const { Restore(root_, root, false); }
void FaultyFileSystem::AfterPowerLossNamesFirst(const std::string& root) const { Restore(root_, root, true); }

// `from` names a directory as it is now; its inode says what is durable.
void FaultyFileSystem::Restore(const std::string& from, const std::string& to, bool names_first) const {
  fs::create_directories(to);
  // Inodes of everything there is now, so that a durable name of a file that was renamed since is found.
  std::map<Inode, std::string> now;
  for (const auto& entry : fs::recursive_directory_iterator(root_)) now[InodeOf(entry.path())] = entry.path();
  const auto durable = directories_.find(InodeOf(from));
  Names names = durable == directories_.end() ? Names() : durable->second;
  if (names_first) names = NamesIn(from);
  for (const auto& [name, inode] : names) {
    const std::string target = to + "/" + name;
    if (directories_.contains(inode) || (now.contains(inode) && fs::is_directory(now[inode]))) {
      if (now.contains(inode)) Restore(now[inode], target, names_first);
    } else {
      const auto content = contents_.find(inode);
      WriteContent(target, content == contents_.end() ? "" : content->second);
    }
  }
}

Outcome<std::unique_ptr<ckpt::File>> FaultyFileSystem::OpenForWriting(const std::string& path) {
  CKPT_RETURN_IF_FAILED(Count("open " + path));
  CKPT_ASSIGN_OR_RETURN(std::unique_ptr<ckpt::File> file, ckpt::PosixFileSystem().OpenForWriting(path));
  return std::unique_ptr<ckpt::File>(std::make_unique<CountedFile>(*this, path, std::move(file)));
}

Outcome<std::unique_ptr<ckpt::File>> FaultyFileSystem::OpenForReading(const std::string& path) {
  return ckpt::PosixFileSystem().OpenForReading(path);
}

Outcome<std::unique_ptr<ckpt::File>> FaultyFileSystem::Create(const std::string& path) {
  CKPT_RETURN_IF_FAILED(Count("make " + path));
  WriteContent(path, "");
  return OpenForWriting(path);
}

Done FaultyFileSystem::WriteDurably(const std::string& path, const std::string& bytes) {
  CKPT_RETURN_IF_FAILED(Count("make " + path));
  WriteContent(path, "");
  CKPT_RETURN_IF_FAILED(Count("write half of " + path));
  WriteContent(path, bytes.substr(0, bytes.size() / 2));
  CKPT_RETURN_IF_FAILED(Count("write all of " + path));
  WriteContent(path, bytes);
  CKPT_RETURN_IF_FAILED(Count("sync " + path));
  FileSynced(path);
  return {};
}

Outcome<std::string> FaultyFileSystem::ReadWhole(const std::string& path) {
  return ckpt::PosixFileSystem().ReadWhole(path);
}

Done FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  CKPT_RETURN_IF_FAILED(Count("rename to " + to));
  return ckpt::PosixFileSystem().Rename(from, to);
}

Outcome<bool> FaultyFileSystem::Link(const std::string& from, const std::string& to) {
  CKPT_RETURN_IF_FAILED(Count("link " + to));
  return ckpt::PosixFileSystem().Link(from, to);
}

Outcome<bool> FaultyFileSystem::MakeDirectory(const std::string& path) {
  CKPT_RETURN_IF_FAILED(Count("make directory " + path));
  const auto made = ckpt::PosixFileSystem().MakeDirectory(path);
  const std::lock_guard lock(mutex_);
  if (made && *made) directories_[InodeOf(path)] = {};
  return made;
}

Done FaultyFileSystem::SyncDirectory(const std::string& path) {
  CKPT_RETURN_IF_FAILED(Count("sync " + path));
  const std::lock_guard lock(mutex_);
  directories_[InodeOf(path)] = NamesIn(path);
  return {};
}

Done FaultyFileSystem::RemoveFile(const std::string& path) {
  CKPT_RETURN_IF_FAILED(Count("remove " + path));
  return ckpt::PosixFileSystem().RemoveFile(path);
}

Done FaultyFileSystem::RemoveDirectory(const std::string& path) {
  CKPT_RETURN_IF_FAILED(Count("remove " + path));
  return ckpt::PosixFileSystem().RemoveDirectory(path);
}

Outcome<std::vector<std::string>> FaultyFileSystem::List(const std::string& path) {
  return ckpt::PosixFileSystem().List(path);
}

}  // namespace bsub::testing
