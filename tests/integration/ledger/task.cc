// One job of the kill test and of the soak test: ledger_task LEDGERS KEY SECONDS [FAILURES [AFTER]]
//
// Writes to the ledger LEDGERS/KEY (of an array's child: LEDGERS/KEY.INDEX), each line with one write:
//   start PID        it runs
//   double PID PID   ... while an earlier attempt still lives: must never be
//   early PID        ... before the ledger AFTER has a "done": must never be
//   failed PID       the very next thing it does is exit with 1; while there are fewer than FAILURES such
//   lines done PID         its work is complete; the very next thing it does is exit with 0
// LEDGERS/KEY.live names the newest attempt by pid and start time. A folder in KEY is made where it is
// missing.
//
// A program and not a script, because between "done" and the exit there must be no room for a kill: a shell
// needs about a millisecond from its last command to its exit. A TERM that comes there is not heard any more.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace {

struct Live {
  long pid = 0;
  std::string start;  // /proc/PID/stat, field 22
  char state = 'X';
};

Live Look(long pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(text.substr(name_end + 1));
  Live live{.pid = pid, .start = {}, .state = 'X'};
  std::string word;
  constexpr int kState = 3, kStart = 22;
  for (int field = kState; fields >> word && field <= kStart; ++field) {
    if (field == kState) live.state = word[0];
    if (field == kStart) live.start = word;
  }
  return live;
}

void Append(const std::string& path, const std::string& line) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd < 0 || write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(3);
  close(fd);
}

// The attempt that LEDGER.live names, if it lives.
long OtherLivesIn(const std::string& path) {
  std::ifstream file(path);
  long pid = 0;
  std::string start;
  if (!(file >> pid >> start)) return 0;
  const Live other = Look(pid);
  return other.start == start && other.state != 'Z' && other.state != 'X' ? pid : 0;
}

// Becomes the newest attempt. What it finds was put there whole, by link or rename.
void Claim(const std::string& ledger, const Live& self) {
  const std::string claim = ledger + ".claim." + std::to_string(self.pid);
  Append(claim, std::to_string(self.pid) + " " + self.start + "\n");
  const std::string live = ledger + ".live";
  if (link(claim.c_str(), live.c_str()) == 0) {
    unlink(claim.c_str());
    return;
  }
  if (const long other = OtherLivesIn(live); other != 0) {
    Append(ledger, "double " + std::to_string(self.pid) + " " + std::to_string(other) + "\n");
  }
  if (rename(claim.c_str(), live.c_str()) != 0) _exit(4);
}

int Count(const std::string& ledger, const std::string& word) {
  std::ifstream file(ledger);
  int count = 0;
  for (std::string line; std::getline(file, line);) count += line.rfind(word + " ", 0) == 0 ? 1 : 0;
  return count;
}

[[noreturn]] void End(const std::string& ledger, const std::string& word, int code) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, nullptr);
  std::printf("%s\n", ledger.c_str());
  std::fflush(stdout);
  Append(ledger, word + " " + std::to_string(getpid()) + "\n");
  _exit(code);
}

std::string LedgerOf(const std::string& folder, const std::string& key) {
  const char* index = std::getenv("BSUB_ARRAY_INDEX");
  const std::string ledger = folder + "/" + key + (index == nullptr ? "" : std::string(".") + index);
  mkdir(ledger.substr(0, ledger.rfind('/')).c_str(), 0755);
  return ledger;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc > 6) {
    std::fprintf(stderr, "usage: ledger_task LEDGERS KEY SECONDS [FAILURES [AFTER]]\n");
    return 2;
  }
  const std::string ledger = LedgerOf(argv[1], argv[2]);
  const Live self = Look(getpid());
  Claim(ledger, self);
  Append(ledger, "start " + std::to_string(self.pid) + "\n");
  if (argc > 5 && Count(std::string(argv[1]) + "/" + argv[5], "done") == 0)
    Append(ledger, "early " + std::to_string(self.pid) + "\n");
  std::this_thread::sleep_for(std::chrono::duration<double>(std::atof(argv[3])));
  if (argc > 4 && Count(ledger, "failed") < std::atoi(argv[4])) End(ledger, "failed", 1);
  End(ledger, "done", 0);
}
