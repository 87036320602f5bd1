#include "tests/integration/spawner/spawner_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace bsub::spawner_test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPollMs = 2;

int MillisUntil(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

}  // namespace

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + kPatience;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    poll(nullptr, 0, kPollMs);
  }
  return true;
}

std::string Slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

void Spill(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

bool ProcessRuns(long pid) {
  const std::string stat = Slurp("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat[name_end + 2] != 'Z' && stat[name_end + 2] != 'X';
}

std::unique_ptr<Client> Client::Dial(const std::string& socket_path) {
  worker::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return nullptr;
  return std::unique_ptr<Client>(new Client(std::move(fd)));
}

std::unique_ptr<Client> Client::Connect(const std::string& socket_path) {
  auto client = Dial(socket_path);
  if (!client) return nullptr;
  client->Hello(1, 1);
  const auto hello = client->Next();
  if (!hello || !hello->has_hello()) return nullptr;
  client->hello_ = hello->hello();
  client->ReadList(client->known_);
  return client;
}

void Client::ReadList(std::vector<wire::TaskStatus>& into) {
  while (const auto message = Next()) {
    if (message->has_task()) reports_.push_back(message->task());
    if (!message->has_tasks()) continue;
    into.insert(into.end(), message->tasks().tasks().begin(), message->tasks().tasks().end());
    if (message->tasks().last()) return;
  }
  ADD_FAILURE() << "no whole task list came";
}

void Client::SendRaw(const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t put = send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (put <= 0) return;
    sent += static_cast<std::size_t>(put);
  }
}

void Client::Send(const wire::ToSpawner& message) {
  std::string frame;
  worker::AppendMessageFrame(frame, message);
  SendRaw(frame);
}

std::optional<wire::FromSpawner> Client::Next() {
  const auto deadline = Clock::now() + kPatience;
  for (;;) {
    const auto payload = reader_.Next();
    if (!payload) return std::nullopt;
    if (*payload) {
      wire::FromSpawner message;
      EXPECT_TRUE(message.ParseFromArray((*payload)->data(), static_cast<int>((*payload)->size())));
      return message;
    }
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (poll(&waiting, 1, MillisUntil(deadline)) <= 0) return std::nullopt;
    char chunk[65536];
    const ssize_t got = recv(fd_.get(), chunk, sizeof chunk, 0);
    if (got <= 0) return std::nullopt;
    reader_.Append({chunk, static_cast<std::size_t>(got)});
  }
}

void Client::Hello(int protocol, int min_protocol) {
  wire::ToSpawner message;
  message.mutable_hello()->set_protocol(protocol);
  message.mutable_hello()->set_min_protocol(min_protocol);
  Send(message);
}

void Client::Start(const v1::Launch& launch, const std::string& proof) {
  wire::ToSpawner message;
  *message.mutable_start()->mutable_attempt() = launch.attempt();
  message.mutable_start()->set_launch(launch.SerializeAsString());
  message.mutable_start()->set_proof(proof);
  Send(message);
}

void Client::Stop(const v1::AttemptKey& key, std::int64_t grace_us) {
  wire::ToSpawner message;
  *message.mutable_stop()->mutable_attempt() = key;
  message.mutable_stop()->set_grace_us(grace_us);
  message.mutable_stop()->set_reason("cancelled by a test");
  Send(message);
}

void Client::Ack(const v1::AttemptKey& key) {
  wire::ToSpawner message;
  *message.mutable_ack()->mutable_attempt() = key;
  Send(message);
}

void Client::Lease(std::int64_t remaining_us) {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  wire::ToSpawner message;
  message.mutable_lease()->set_ends_us(now.tv_sec * 1'000'000 + now.tv_nsec / 1000 + remaining_us);
  message.mutable_lease()->set_kill_on_loss(true);
  Send(message);
}

std::vector<wire::TaskStatus> Client::List() {
  wire::ToSpawner message;
  message.mutable_list();
  Send(message);
  std::vector<wire::TaskStatus> tasks;
  ReadList(tasks);
  return tasks;
}

wire::TaskStatus Client::Await(std::uint64_t job,
                               const std::function<bool(const wire::TaskStatus&)>& wanted) {
  const auto take = [&]() -> std::optional<wire::TaskStatus> {
    for (auto it = reports_.begin(); it != reports_.end(); ++it) {
      if (it->attempt().job() != job || !wanted(*it)) continue;
      wire::TaskStatus found = *it;
      reports_.erase(it);
      return found;
    }
    return std::nullopt;
  };
  for (;;) {
    if (auto found = take()) return *found;
    const auto message = Next();
    if (!message) {
      ADD_FAILURE() << "no such report for job " << job;
      return {};
    }
    if (message->has_task()) reports_.push_back(message->task());
  }
}

wire::TaskStatus Client::AwaitStarted(std::uint64_t job) {
  return Await(job, [](const wire::TaskStatus& s) { return s.started() && !s.has_ended(); });
}

wire::Ended Client::AwaitEnded(std::uint64_t job) {
  return Await(job, [](const wire::TaskStatus& s) { return s.has_ended(); }).ended();
}

void SpawnerTest::SetUp() {
  std::string name = (std::filesystem::temp_directory_path() / "spawner-XXXXXX").string();
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  dir_ = name;
  chmod(dir_.c_str(), 0755);
  state_ = dir_ + "/state";
  work_ = dir_ + "/work";
  std::filesystem::create_directory(work_);
}

void SpawnerTest::TearDown() {
  if (spawner_ > 0) {
    kill(spawner_, SIGTERM);
    kill(spawner_, SIGTERM);
    EndSpawner();
  }
  if (HasFailure()) {
    std::fprintf(stderr, "spawner's log:\n%s\n", Log().c_str());
  } else {
    std::filesystem::remove_all(dir_);
  }
}

std::vector<std::string> SpawnerTest::Arguments() const {
  const char* build = std::getenv("BSUB_BUILD_DIR");
  std::vector<std::string> arguments = {
      std::string(build == nullptr ? "." : build) + "/bin/bsub-lite-spawner", "--state", state_};
  arguments.insert(arguments.end(), extra_.begin(), extra_.end());
  return arguments;
}

pid_t SpawnerTest::Spawn(const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  execv(argv[0], argv.data());
  _exit(126);
}

void SpawnerTest::StartSpawner() {
  const std::size_t before = Log().size();
  spawner_ = Spawn(Arguments(), dir_ + "/spawner.log");
  ASSERT_TRUE(Eventually([&] { return Log().find("event=ready", before) != std::string::npos; })) << Log();
}

void SpawnerTest::KillSpawner() {
  kill(spawner_, SIGKILL);
  waitpid(spawner_, nullptr, 0);
  spawner_ = -1;
}

int SpawnerTest::EndSpawner() {
  kill(spawner_, SIGTERM);
  int status = 0;
  if (!Eventually([&] { return waitpid(spawner_, &status, WNOHANG) == spawner_; })) {
    ADD_FAILURE() << "the spawner does not end";
    kill(spawner_, SIGKILL);
    waitpid(spawner_, &status, 0);
  }
  spawner_ = -1;
  return status;
}

v1::Launch SpawnerTest::Launch(std::uint64_t job, const std::vector<std::string>& argv) const {
  v1::Launch launch;
  launch.mutable_attempt()->set_job(job);
  launch.mutable_attempt()->set_number(1);
  launch.set_incarnation(1);
  launch.set_uid(geteuid());
  launch.set_gid(getegid());
  launch.set_job_name("test");
  launch.set_queue("default");
  launch.set_node("n1");
  launch.set_working_directory(work_);
  launch.set_umask(022);
  launch.set_cpu_milli(1000);
  launch.set_stop_grace_us(20'000'000);
  for (const std::string& a : argv) launch.mutable_command()->add_argv(a);
  launch.mutable_environment()->add_variables("PATH=/usr/local/bin:/usr/bin:/bin");
  return launch;
}

std::string SpawnerTest::Output(const v1::Launch& launch) const {
  const v1::AttemptKey& key = launch.attempt();
  return Slurp(state_ + "/output/" + std::to_string(key.job()) + "/" + std::to_string(key.ordinal()) + "." +
               std::to_string(key.number()) + ".out");
}

}  // namespace bsub::spawner_test
