// The attempt's file of how ranks ended (worker/launch/rank_ends.h).
#pragma once

#include <string>

namespace bsub::step {

// Appends lines in one write, so that those of several writers do not mix.
void AppendNote(const std::string& scratch, const std::string& lines);

// All lines so far.
std::string ReadNotes(const std::string& scratch);

// Why something was not started, for the attempt's owner: into that file and on standard error. Returns the
// exit code of a program that was not found.
int Explain(const std::string& scratch, const std::string& why);

}  // namespace bsub::step
