#include "worker/step/program_mpi.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "worker/launch/unique_fd.h"

namespace bsub::step {
namespace {

constexpr std::size_t kMostHeaders = 256;
constexpr std::size_t kMostEntries = 4096;
constexpr std::size_t kLongestName = 256;

// An ELF file read piece by piece: a program may be large, and nothing in it is to be trusted.
class ElfFile {
 public:
  explicit ElfFile(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    struct stat info {};
    const bool plain = fd_.valid() && fstat(fd_.get(), &info) == 0 && S_ISREG(info.st_mode);
    valid_ = plain && Read(0, &header_, sizeof header_) &&
             std::equal(header_.e_ident, header_.e_ident + SELFMAG, ELFMAG) &&
             header_.e_ident[EI_CLASS] == ELFCLASS64;
    if (valid_) LoadSegments();
  }

  bool valid() const { return valid_; }

  std::vector<Elf64_Dyn> Dynamic() const {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type != PT_DYNAMIC) continue;
      std::vector<Elf64_Dyn> entries(
          std::min<std::size_t>(segment.p_filesz / sizeof(Elf64_Dyn), kMostEntries));
      if (Read(segment.p_offset, entries.data(), entries.size() * sizeof(Elf64_Dyn))) return entries;
    }
    return {};
  }

  // Where in the file an address of the program is.
  std::optional<std::uint64_t> OffsetOf(std::uint64_t address) const {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
      if (address - segment.p_vaddr < segment.p_filesz) return segment.p_offset + (address - segment.p_vaddr);
    }
    return std::nullopt;
  }

  std::string NameAt(std::uint64_t offset) const {
    std::string name(kLongestName, '\0');
    const ssize_t n = pread(fd_.get(), name.data(), name.size(), static_cast<off_t>(offset));
    name.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return name.substr(0, name.find('\0'));
  }

 private:
  bool Read(std::uint64_t offset, void* to, std::size_t bytes) const {
    return pread(fd_.get(), to, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
  }
  void LoadSegments() {
    if (header_.e_phentsize != sizeof(Elf64_Phdr)) return;
    segments_.resize(std::min<std::size_t>(header_.e_phnum, kMostHeaders));
    if (!Read(header_.e_phoff, segments_.data(), segments_.size() * sizeof(Elf64_Phdr))) segments_.clear();
  }

  worker::UniqueFd fd_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  bool valid_ = false;
};

}  // namespace

MpiKind MpiOfLibrary(std::string_view name) {
  constexpr std::string_view kMpi = "libmpi.so.";
  constexpr int kFirstOfOpenMpi = 20;  // MPICH's ABI stays at 12 (www.mpich.org/abi)
  if (name.starts_with("libmpich.so") || name.starts_with("libmpicxx.so")) return MpiKind::kHydra;
  if (!name.starts_with(kMpi)) return MpiKind::kUnknown;
  const int version = std::atoi(std::string(name.substr(kMpi.size())).c_str());
  return version >= kFirstOfOpenMpi ? MpiKind::kOpenMpi : MpiKind::kHydra;
}

MpiKind MpiOfProgram(const std::string& path) {
  const ElfFile file(path);
  if (!file.valid()) return MpiKind::kUnknown;
  const std::vector<Elf64_Dyn> dynamic = file.Dynamic();
  const auto names = std::find_if(dynamic.begin(), dynamic.end(),
                                  [](const Elf64_Dyn& entry) { return entry.d_tag == DT_STRTAB; });
  if (names == dynamic.end()) return MpiKind::kUnknown;
  const auto table = file.OffsetOf(names->d_un.d_ptr);
  if (!table) return MpiKind::kUnknown;
  for (const Elf64_Dyn& entry : dynamic) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag != DT_NEEDED) continue;
    if (const MpiKind kind = MpiOfLibrary(file.NameAt(*table + entry.d_un.d_val)); kind != MpiKind::kUnknown)
      return kind;
  }
  return MpiKind::kUnknown;
}

}  // namespace bsub::step
