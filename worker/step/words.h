// What the launch agent on the main node (bsub-lite-rsh) and the step server of another node say to each
// other once they know each other: words of a kind and some bytes, each with its length before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bsub::step {

enum class WordKind : std::uint8_t {
  kRun = 1,     // to the server: the command, for /bin/sh -c
  kInput = 2,   // to the server: bytes for its standard input; none: there are no more
  kOutput = 3,  // to the agent: bytes of its standard output
  kErrors = 4,  // to the agent: bytes of its standard error
  kNote = 5,    // to the agent: how a rank ended (rank_ends.h)
  kNoted = 6,   // to the server: it is written down
  kEnded = 7,   // to the agent: exit status as a shell has it, in decimal
};

struct Word {
  WordKind kind = WordKind::kRun;
  std::string bytes;
};

inline constexpr std::size_t kMostWordBytes = std::size_t{16} << 20;  // a command line may be long

// Words on their way to the other side, which takes them when it can: whoever waited for it while it waits
// for us would wait for ever.
class WordSender {
 public:
  void Add(WordKind kind, std::string_view bytes);
  bool empty() const { return sent_ == buffer_.size(); }
  // Nothing is to be read meanwhile that would have to be sent on.
  bool full() const { return buffer_.size() - sent_ >= kMostUnsent; }
  // Sends what the connection takes now; false: the other side is gone.
  bool Flush(int fd);
  void Discard() { buffer_.clear(), sent_ = 0; }

 private:
  static constexpr std::size_t kMostUnsent = std::size_t{1} << 20;

  std::string buffer_;
  std::size_t sent_ = 0;
};

// Cuts a stream into words.
class WordReader {
 public:
  void Append(std::string_view bytes) { buffer_.append(bytes); }
  // The next whole word, if there is one.
  std::optional<Word> Next();
  // What was sent is no word: nothing more is to be had.
  bool broken() const { return broken_; }

 private:
  std::string buffer_;
  bool broken_ = false;
};

// Reads what is there; false: the other side is gone. EAGAIN counts as nothing.
bool ReadSome(int fd, std::string& to);

}  // namespace bsub::step
