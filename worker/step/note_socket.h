// How a rank's wrapper tells the process that serves its node's connection how the rank ended, before
// mpirun's daemon hears of it: an abstract Unix socket that only processes of the same user are answered on.
// The writer waits until the main node has it, or a moment: the note makes an end plain, it must not delay
// it.
#pragma once

#include <string>

#include "worker/launch/unique_fd.h"

namespace bsub::step {

using worker::UniqueFd;

// Environment variable with the socket's name; not set on the main node.
inline constexpr const char* kNotesName = "BSUB_STEP_NOTES";

UniqueFd ListenForNotes(std::string& name);
// Invalid: no one of this user's.
UniqueFd AcceptNote(int listener);
std::string ReadNote(int writer);

// False: nobody took it.
bool SendNote(const std::string& name, const std::string& note);

}  // namespace bsub::step
