// How ranks of an MPI job ended badly, and why others were not started: one line each in a file of the
// attempt's directory, written by what starts the ranks, read by the spawner when the attempt ends. mpirun's
// own exit status tells neither which rank it was nor on which node.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bsub::worker {

inline constexpr std::string_view kRankEndsName = "ends";

// The line of a rank that ended with this status of wait(2); empty: it ended well. `rank`: its number, or
// what else is known of it.
std::string RankEndLine(std::string_view rank, std::string_view node, int wait_status);

// The line of why something was not started.
std::string NeverStartedLine(std::string_view why);

// The line of a connection to another node that broke: that node, or what ran there, is gone.
std::string LostNodeLine(std::string_view why);

// Whether one of the lines is of a rank that failed by itself: it was not told to end.
bool TellsOfFailure(std::string_view lines);

// Of all lines the one that tells why the attempt failed: the first of those that are no consequence of
// another (mpirun ends the rest by TERM and KILL). Empty: there is none.
std::string ReasonFrom(std::string_view lines);

}  // namespace bsub::worker
