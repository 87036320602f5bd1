// The disk below task output: whether there is room on it, and how a file that outgrew its limit gives room
// back.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace bsub::spawner {

// Unavailable if the file system of the spool (its descriptor; `path` is for the message) is read-only or has
// less than `min_free` bytes left.
Status CheckRoom(int spool, const std::string& path, std::int64_t min_free);

// Whether what is written to this file now is likely to be lost: its file system has next to nothing left.
// `privileged`: the writer may use what is reserved for root.
bool IsDiskFull(int directory, const std::string& path, bool privileged);

// Gives back the middle of a file that occupies more than `limit` bytes: its first quarter of the limit
// stays, and its last half. Offsets do not change (the rest is a hole), so writers that append and readers
// that follow go on. Returns the bytes that are gone; 0: it was small enough, or the file system cannot do it
// (then errno says so).
std::int64_t DropMiddle(int fd, std::int64_t limit);

}  // namespace bsub::spawner
