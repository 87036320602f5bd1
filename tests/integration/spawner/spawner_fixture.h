// A real bsub-lite-spawner in a directory of its own, and a client that plays the agent.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/bsub/v1/spawner.pb.h"
#include "worker/launch/frame.h"
#include "worker/launch/unique_fd.h"

namespace bsub::spawner_test {

namespace wire = v1::spawner;

// A safety net, never an expectation of speed.
inline constexpr std::chrono::seconds kPatience{60};

// True once `condition` holds; false after kPatience.
bool Eventually(const std::function<bool()>& condition);
bool ProcessRuns(long pid);  // and is no zombie
std::string Slurp(const std::string& path);
void Spill(const std::string& path, const std::string& bytes);

// One connection of an agent.
class Client {
 public:
  // Connects and says hello; the spawner's answer is in hello() and known().
  static std::unique_ptr<Client> Connect(const std::string& socket_path);
  // Connects only.
  static std::unique_ptr<Client> Dial(const std::string& socket_path);

  void Send(const wire::ToSpawner& message);
  void SendRaw(const std::string& bytes);
  std::optional<wire::FromSpawner> Next();  // nothing: the connection ended, or patience did

  void Hello(int protocol, int min_protocol);
  void Start(const v1::Launch& launch, const std::string& proof = {});
  void Stop(const v1::AttemptKey& key, std::int64_t grace_us);
  void Ack(const v1::AttemptKey& key);
  void Lease(std::int64_t remaining_us);
  std::vector<wire::TaskStatus> List();

  // The first report for this job that `wanted` accepts; others are kept for later questions.
  wire::TaskStatus Await(std::uint64_t job, const std::function<bool(const wire::TaskStatus&)>& wanted);
  wire::TaskStatus AwaitStarted(std::uint64_t job);
  wire::Ended AwaitEnded(std::uint64_t job);

  const wire::SpawnerHello& hello() const { return hello_; }
  const std::vector<wire::TaskStatus>& known() const { return known_; }

 private:
  explicit Client(worker::UniqueFd fd) : fd_(std::move(fd)) {}
  void ReadList(std::vector<wire::TaskStatus>& into);

  worker::UniqueFd fd_;
  worker::FrameReader reader_{64u << 20};
  std::deque<wire::TaskStatus> reports_;
  wire::SpawnerHello hello_;
  std::vector<wire::TaskStatus> known_;
};

class SpawnerTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  std::vector<std::string> Arguments() const;  // of a spawner for state_
  pid_t Spawn(const std::vector<std::string>& arguments, const std::string& log);
  // Starts the fixture's spawner and waits until it listens.
  void StartSpawner();
  void KillSpawner();  // kill -9, and reap
  int EndSpawner();    // TERM; its wait status
  std::unique_ptr<Client> Connect() { return Client::Connect(state_ + "/spawner.sock"); }
  std::string Log() const { return Slurp(dir_ + "/spawner.log"); }

  v1::Launch Launch(std::uint64_t job, const std::vector<std::string>& argv) const;
  v1::Launch Shell(std::uint64_t job, const std::string& script) const {
    return Launch(job, {"/bin/sh", "-c", script});
  }
  std::string Output(const v1::Launch& launch) const;

  std::string dir_;                 // of this test
  std::string state_;               // of its spawner
  std::string work_;                // of its tasks
  std::vector<std::string> extra_;  // arguments
  pid_t spawner_ = -1;
};

}  // namespace bsub::spawner_test
