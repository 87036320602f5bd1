// What the disk itself does: a file written and read past the page cache by a number of threads, each of
// which takes the next 8 MiB that nobody has taken. One thread goes front to back.
#pragma once

#include <cstdint>
#include <string>

namespace bsub::bench {

// Seconds for writing `bytes` (a multiple of 8 MiB) with O_DIRECT into a new file, fdatasync included. Ends
// the program with a message if that cannot be done. The file stays.
double RawWriteSeconds(const std::string& path, std::uint64_t bytes, int threads);
// Seconds for reading it again.
double RawReadSeconds(const std::string& path, std::uint64_t bytes, int threads);

double Now();

}  // namespace bsub::bench
