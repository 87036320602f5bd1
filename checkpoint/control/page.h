// The page through which a node tells a running program to save or to stop, and how much time is left.
// Format and rules: docs/formats/control-directory.md. The node writes, any number of processes read; neither
// waits for the other. Depends on nothing but the C library, so that node and library may both use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bsub::control {

inline constexpr std::size_t kPageBytes = 4096;
inline constexpr const char* kPageName = "page";
inline constexpr const char* kReportName = "report";
inline constexpr const char* kNoticeName = "notice.json";

enum class Reason : std::uint32_t {
  kNone = 0,
  kInterruption = 1,
  kDrain = 2,
  kPreempted = 3,
  kTimeLimit = 4,
  kCancelled = 5,
  kDrill = 6,
  kRebalance = 7,
};

// "interruption", "drain", ...; "none". An unknown number is "unknown".
const char* ToString(Reason reason);

struct PageState {
  std::uint64_t save_requests = 0;
  std::uint64_t stop_requests = 0;
  Reason reason = Reason::kNone;
  std::int64_t deadline_ns = 0;  // CLOCK_MONOTONIC of this machine; 0: nobody has said
  std::uint64_t mean_interruption_ms = 0;
  std::uint64_t interval_ms = 0;
  friend bool operator==(const PageState&, const PageState&) = default;
};

// The bytes of a new page with this state.
std::string EncodePage(const PageState& state);

// This machine's CLOCK_MONOTONIC.
std::int64_t MonotonicNs();

// Owns the mapping. Both sides return 0 or an errno; EPROTO: the file is no page of this version.
class PageWriter {
 public:
  PageWriter() = default;
  PageWriter(PageWriter&& other) noexcept;
  PageWriter& operator=(PageWriter&& other) noexcept;
  ~PageWriter();

  // Makes `directory`/page (mode 0644) if it is not there and maps it. A page that is there keeps its counts.
  int Open(const std::string& directory);
  void Write(const PageState& state);
  // What was written last, by this or an earlier process.
  PageState state() const;
  bool is_open() const { return page_ != nullptr; }

 private:
  void* page_ = nullptr;
};

class PageReader {
 public:
  PageReader() = default;
  PageReader(PageReader&& other) noexcept;
  PageReader& operator=(PageReader&& other) noexcept;
  ~PageReader();

  int Open(const std::string& directory);
  // The page as it is now; as it was before if the writer is in the middle of a change for longer than a
  // moment.
  PageState Read();
  bool is_open() const { return page_ != nullptr; }

 private:
  const void* page_ = nullptr;
  PageState last_;
};

}  // namespace bsub::control
