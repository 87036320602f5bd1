// What the disk itself does: a file written and read past the page cache, front to back, by one thread.
#pragma once

#include <cstdint>
#include <string>

namespace bsub::bench {

// Seconds for writing `bytes` (a multiple of 8 MiB) with O_DIRECT into a new file, fdatasync included. Ends
// the program with a message if that cannot be done. The file stays.
double RawWriteSeconds(const std::string& path, std::uint64_t bytes);
// Seconds for reading it again.
double RawReadSeconds(const std::string& path, std::uint64_t bytes);

double Now();

}  // namespace bsub::bench
