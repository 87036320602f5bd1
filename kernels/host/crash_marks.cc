#include "kernels/host/crash_marks.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

namespace bsub::kernels {
namespace {

constexpr int kFaults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
constexpr std::size_t kSignalStackBytes = 64 * 1024;

// A signal handler has nothing else to find its thread by.
thread_local Slot* this_slot = nullptr;

void Mark(Outcome outcome) {
  if (this_slot == nullptr || this_slot->child.load() == kNoChild) return;
  this_slot->blamed.store(static_cast<std::uint16_t>(outcome));
}

// The handler was reset on entry (SA_RESETHAND), so raising the signal again ends the process as it would
// have without us.
void OnFault(int signal) {
  Mark(OutcomeOfSignal(signal));
  ::raise(signal);
}

// A kernel that calls exit() ends the process here: going on would destroy what other threads still use.
void OnExit() {
  if (this_slot == nullptr || this_slot->child.load() == kNoChild) return;
  Mark(Outcome::kEndedProcess);
  ::_exit(EXIT_FAILURE);
}

}  // namespace

void MarkCrashes() {
  struct sigaction action {};
  action.sa_handler = OnFault;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
  for (const int signal : kFaults) ::sigaction(signal, &action, nullptr);
  std::atexit(OnExit);
}

MarkedThread::MarkedThread(Slot& slot) : signal_stack_(new char[kSignalStackBytes]) {
  stack_t stack{};
  stack.ss_sp = signal_stack_.get();
  stack.ss_size = kSignalStackBytes;
  ::sigaltstack(&stack, nullptr);
  this_slot = &slot;
}

MarkedThread::~MarkedThread() {
  this_slot = nullptr;
  stack_t off{};
  off.ss_flags = SS_DISABLE;
  ::sigaltstack(&off, nullptr);
}

}  // namespace bsub::kernels
