#include "checkpoint/control/page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace bsub::control {
namespace {

static_assert(std::endian::native == std::endian::little, "the page is little-endian and mapped as it is");

// As in docs/formats/control-directory.md.
struct Page {
  char magic[8];
  std::uint32_t version;
  std::uint32_t size;
  std::uint64_t sequence;
  std::uint64_t save_requests;
  std::uint64_t stop_requests;
  std::uint32_t reason;
  std::uint32_t zero;
  std::int64_t deadline_ns;
  std::uint64_t mean_interruption_ms;
  std::uint64_t interval_ms;
};
static_assert(offsetof(Page, sequence) == 16 && offsetof(Page, save_requests) == 24 &&
              offsetof(Page, reason) == 40 && offsetof(Page, deadline_ns) == 48 &&
              offsetof(Page, interval_ms) == 64 && sizeof(Page) == 72);

constexpr char kMagic[8] = {'B', 'S', 'U', 'B', 'C', 'T', 'L', '1'};
constexpr std::uint32_t kVersion = 1;
constexpr int kReadTries = 1000;  // a change takes nanoseconds; a writer that died in between never finishes

// A sequence lock without fences, which the thread sanitizer does not know (H.-J. Boehm, "Can seqlocks get
// along with programming language memory models?", 2012): whoever reads a field of a change in progress sees
// the odd number too.
template <typename T>
T LoadField(const T& field) {
  return std::atomic_ref<T>(const_cast<T&>(field)).load(std::memory_order_acquire);
}

template <typename T>
void StoreField(T& field, T value) {
  std::atomic_ref<T>(field).store(value, std::memory_order_release);
}

PageState FieldsOf(const Page& page) {
  PageState state;
  state.save_requests = LoadField(page.save_requests);
  state.stop_requests = LoadField(page.stop_requests);
  state.reason = static_cast<Reason>(LoadField(page.reason));
  state.deadline_ns = LoadField(page.deadline_ns);
  state.mean_interruption_ms = LoadField(page.mean_interruption_ms);
  state.interval_ms = LoadField(page.interval_ms);
  return state;
}

// Closes the descriptor; 0 and the mapping, or an errno.
int MapPage(int fd, int protection, void** page) {
  struct stat status {};
  int error = 0;
  void* mapped = MAP_FAILED;
  if (::fstat(fd, &status) != 0) {
    error = errno;
  } else if (status.st_size != static_cast<off_t>(kPageBytes)) {
    error = EPROTO;
  } else if ((mapped = ::mmap(nullptr, kPageBytes, protection, MAP_SHARED, fd, 0)) == MAP_FAILED) {
    error = errno;
  }
  ::close(fd);
  if (error != 0) return error;
  const auto& header = *static_cast<const Page*>(mapped);
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0 || header.version != kVersion ||
      header.size != kPageBytes) {
    ::munmap(mapped, kPageBytes);
    return EPROTO;
  }
  *page = mapped;
  return 0;
}

// A complete page under another name, then renamed.
int MakePage(const std::string& directory) {
  const std::string path = directory + "/" + kPageName;
  const std::string fresh = path + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  const std::string bytes = EncodePage({});
  const ssize_t written = ::write(fd, bytes.data(), bytes.size());
  int error = written == static_cast<ssize_t>(bytes.size()) ? 0 : (written < 0 ? errno : ENOSPC);
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(fresh.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(fresh.c_str());
  return error;
}

}  // namespace

const char* ToString(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kInterruption:
      return "interruption";
    case Reason::kDrain:
      return "drain";
    case Reason::kPreempted:
      return "preempted";
    case Reason::kTimeLimit:
      return "time-limit";
    case Reason::kCancelled:
      return "cancelled";
    case Reason::kDrill:
      return "drill";
    case Reason::kRebalance:
      return "rebalance";
  }
  return "unknown";
}

std::string EncodePage(const PageState& state) {
  Page page{};
  std::memcpy(page.magic, kMagic, sizeof(kMagic));
  page.version = kVersion;
  page.size = kPageBytes;
  page.save_requests = state.save_requests;
  page.stop_requests = state.stop_requests;
  page.reason = static_cast<std::uint32_t>(state.reason);
  page.deadline_ns = state.deadline_ns;
  page.mean_interruption_ms = state.mean_interruption_ms;
  page.interval_ms = state.interval_ms;
  std::string bytes(kPageBytes, '\0');
  std::memcpy(bytes.data(), &page, sizeof(page));
  return bytes;
}

std::int64_t MonotonicNs() {
  struct timespec now {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

PageWriter::PageWriter(PageWriter&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}

PageWriter& PageWriter::operator=(PageWriter&& other) noexcept {
  std::swap(page_, other.page_);
  return *this;
}

PageWriter::~PageWriter() {
  if (page_ != nullptr) ::munmap(page_, kPageBytes);
}

int PageWriter::Open(const std::string& directory) {
  const std::string path = directory + "/" + kPageName;
  int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    if (const int error = MakePage(directory)) return error;
    fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  }
  if (fd < 0) return errno;
  return MapPage(fd, PROT_READ | PROT_WRITE, &page_);
}

void PageWriter::Write(const PageState& state) {
  auto& page = *static_cast<Page*>(page_);
  const std::uint64_t before =
      LoadField(page.sequence) | 1;  // already odd: a writer before us died in a change
  StoreField(page.sequence, before);
  StoreField(page.save_requests, state.save_requests);
  StoreField(page.stop_requests, state.stop_requests);
  StoreField(page.reason, static_cast<std::uint32_t>(state.reason));
  StoreField(page.deadline_ns, state.deadline_ns);
  StoreField(page.mean_interruption_ms, state.mean_interruption_ms);
  StoreField(page.interval_ms, state.interval_ms);
  StoreField(page.sequence, before + 1);
}

PageState PageWriter::state() const { return FieldsOf(*static_cast<const Page*>(page_)); }

PageReader::PageReader(PageReader&& other) noexcept
    : page_(std::exchange(other.page_, nullptr)), last_(other.last_) {}

PageReader& PageReader::operator=(PageReader&& other) noexcept {
  std::swap(page_, other.page_);
  std::swap(last_, other.last_);
  return *this;
}

PageReader::~PageReader() {
  if (page_ != nullptr) ::munmap(const_cast<void*>(page_), kPageBytes);
}

int PageReader::Open(const std::string& directory) {
  const std::string path = directory + "/" + kPageName;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  void* page = nullptr;
  const int error = MapPage(fd, PROT_READ, &page);
  page_ = page;
  return error;
}

PageState PageReader::Read() {
  const auto& page = *static_cast<const Page*>(page_);
  auto& sequence = const_cast<std::uint64_t&>(page.sequence);
  for (int i = 0; i < kReadTries; ++i) {
    const std::uint64_t before = std::atomic_ref<std::uint64_t>(sequence).load(std::memory_order_acquire);
    if (before % 2 != 0) continue;
    const PageState state = FieldsOf(page);
    if (LoadField(page.sequence) != before) continue;
    last_ = state;
    break;
  }
  return last_;
}

}  // namespace bsub::control
