// What the programs of this folder share about processes and signals.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

namespace bsub::step {

// Exit codes as shells have them.
inline constexpr int kNotFound = 127;
inline constexpr int kCannotServe = 126;

// Environment variable with the TMPDIR that the user gave, empty if none, where it is another for a while.
inline constexpr const char* kUsersTmpdirName = "BSUB_STEP_TMPDIR";

// Of this process's environment; empty if it is not set.
std::string Variable(const char* name);

// Kills every child but those that are `spared`, and what they leave behind, of which this process is the
// subreaper, until there is none.
void KillAllChildren(const std::function<bool(pid_t)>& spared = [](pid_t) { return false; });

// Whether a process is known to have begun without `variable`, NAME=VALUE, in its environment. False where
// that may not be read; such a process takes no signal of ours either, as a rule.
bool BeganWithout(pid_t process, const std::string& variable);

// As programs expect them at their start.
void UnblockSignals();

}  // namespace bsub::step
