// What is measured, how often and with which sizes: the same on all ranks.
#pragma once

#include <cstddef>
#include <string>

namespace netbench {

struct Options {
  int repetitions = 1;               // of everything
  int iterations = 20;               // timed together, of messages up to 64 KiB; of larger ones a quarter
  int first = -1, second = -1;       // ranks of the ping-pong; -1: of the slowest pair of nodes
  std::size_t largest = 4 << 20;     // bytes, of ping-pong and allreduce
  std::size_t pair_bytes = 4 << 20;  // of the large message between each pair
  std::size_t block_bytes =
      64 << 10;  // from each rank to each other in alltoall, and of one face of the halo
};

// Empty: `options` is filled. Else what is wrong, one line; "help": the usage was asked for.
std::string ReadOptions(int argc, char** argv, Options& options);
const char* Usage();

}  // namespace netbench
