// One job of the kill test: kill_test_task LEDGERS KEY SECONDS
//
// Writes to the ledger LEDGERS/KEY, each line with one write:
//   start PID        it runs
//   double PID PID   ... while an earlier attempt still lives: must never be
//   done PID         its work is complete; the very next thing it does is exit with 0
// LEDGERS/KEY.live names the newest attempt by pid and start time.
//
// A program and not a script, because between "done" and the exit there must be no room for a kill: a shell
// needs about a millisecond from its last command to its exit.
#include <fcntl.h>
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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: kill_test_task LEDGERS KEY SECONDS\n");
    return 2;
  }
  const std::string ledger = std::string(argv[1]) + "/" + argv[2];
  const Live self = Look(getpid());
  Claim(ledger, self);
  Append(ledger, "start " + std::to_string(self.pid) + "\n");
  std::this_thread::sleep_for(std::chrono::duration<double>(std::atof(argv[3])));
  Append(ledger, "done " + std::to_string(self.pid) + "\n");
  _exit(0);
}
