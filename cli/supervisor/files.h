// Small files that must be whole or absent, and locks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/supervisor/unique_fd.h"
#include "common/result.h"

namespace bsub::cli {

enum class Durable { kNo, kYes };

// By a temporary name and rename. With kYes it survives power loss once this returns; with kNo it is written
// over what is there where the disk has no room for another.
Status WriteFileWhole(const std::string& path, std::string_view text, Durable durable);

// Of our own files and the kernel's; what a user names is read by cli/read_text.h. NotFound if there is none.
Result<std::string> ReadWholeFile(const std::string& path, std::size_t max_bytes = 1 << 20);

// The last lines of a file that may be large or missing; without a final newline.
std::string LastLines(const std::string& path, int lines);

// Makes the directory and its parents; an existing one is fine. The message says what to do.
Status MakeDirectory(const std::string& path, unsigned mode = 0755);

// flock(2): gone with the process, not inherited by what it executes.
class LockFile {
 public:
  // Nothing: somebody else has it.
  static Result<std::optional<LockFile>> Try(const std::string& path);
  static Result<bool> IsHeld(const std::string& path);  // by another process

 private:
  explicit LockFile(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace bsub::cli
