// A scheduler in this process: the real core, loop, committer, gRPC services and Unix socket, with the ports
// in memory.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "api/bsub/v1/scheduler.grpc.pb.h"
#include "api/bsub/v1/worker.grpc.pb.h"
#include "scheduler/core/scheduler.h"
#include "scheduler/daemon/committer.h"
#include "scheduler/daemon/core_loop.h"
#include "scheduler/daemon/slewed_clock.h"
#include "scheduler/rpc/scheduler_server.h"
#include "tests/integration/scheduler/memory_ports.h"

namespace bsub::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bsub-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Polls until `condition` holds. Fails the test after a time that only a hang reaches.
inline void Eventually(const std::function<bool()>& condition, const std::string& what) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "waited in vain: " << what;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

inline std::string FakeProof(std::string_view launch) { return "proof of " + std::to_string(launch.size()); }

// The core's loop, which can be told to have too much to do.
class BusyCore final : public rpc::CorePort {
 public:
  explicit BusyCore(rpc::CorePort& core) : core_(core) {}

  // The next so many looks are refused.
  void RefuseReads(int count) { refusals_ = count; }
  int refusals_left() const { return std::max(refusals_.load(), 0); }

  Status Decide(rpc::DecideFn decide, std::vector<rpc::StagedPayload> payloads, rpc::ReplyFn done) override {
    return core_.Decide(std::move(decide), std::move(payloads), std::move(done));
  }
  Status Read(rpc::ReadFn read) override {
    if (refusals_.load() > 0 && refusals_.fetch_sub(1) > 0)
      return ResourceExhausted("the scheduler has too much to do");
    return core_.Read(std::move(read));
  }
  void SendFromNode(sched::InputBody input) override { core_.SendFromNode(std::move(input)); }

 private:
  rpc::CorePort& core_;
  std::atomic<int> refusals_ = 0;
};

struct ClusterOptions {
  sched::Settings core;
  rpc::RpcSettings rpc;
  daemon::CoreLoopSettings loop;
  std::optional<rpc::TcpSettings> tcp;
  std::string socket_path;  // empty: in the cluster's own directory
  ClusterOptions() { core.authority.cluster_uid = geteuid(); }
};

class TestCluster {
 public:
  explicit TestCluster(ClusterOptions options = {})
      : options_(std::move(options)),
        scheduler_(options_.core),
        clock_(TimePoint()),
        committer_(
            journal_,
            [this](const rpc::EntryBatch& batch) {
              history_.Apply(batch);
              server_->Publish(batch);
            },
            [this](std::vector<sched::Message> messages) { server_->Deliver(std::move(messages)); },
            [this](const Error& error) { failed_ = error.message; }, {.gathered = 10'000}),
        loop_(scheduler_, clock_, journal_, committer_, options_.loop) {
    rpc::ServerSettings settings;
    settings.rpc = options_.rpc;
    settings.policy = options_.core.authority;
    settings.facts = {
        .home = directory_.path(), .version = "test", .pid = getpid(), .started_at = daemon::WallNow()};
    settings.socket_path = socket();
    settings.spool_directory = directory_.path() + "/spool";
    settings.tcp = options_.tcp;
    server_ = std::make_unique<rpc::SchedulerServer>(
        settings, rpc::ServerPorts{.core = busy_,
                                   .history = history_,
                                   .payloads = journal_,
                                   .sign = FakeProof,
                                   .journal_status = [](v1::JournalStatus&, std::vector<std::string>&) {},
                                   .shut_down = [this](bool) { shut_down_ = true; }});
    server_->Load(scheduler_.state());
    loop_.Start("11111111-2222-3333-4444-555555555555");
    const Status listening = server_->Listen(scheduler_.state().cluster_uuid);
    EXPECT_TRUE(listening) << (listening ? "" : listening.error().message);
  }
  ~TestCluster() { Stop(); }

  void Stop() {
    if (std::exchange(stopped_, true)) return;
    server_->BeginStop();
    loop_.Stop();
    committer_.Stop();
    server_->Stop();
  }

  std::string socket() const {
    return options_.socket_path.empty() ? directory_.path() + "/scheduler.sock" : options_.socket_path;
  }
  const std::string& directory() const { return directory_.path(); }
  std::shared_ptr<grpc::Channel> Connect() const {
    return grpc::CreateChannel("unix:" + socket(), grpc::InsecureChannelCredentials());
  }
  std::unique_ptr<v1::Scheduler::Stub> Client() const { return v1::Scheduler::NewStub(Connect()); }
  BusyCore& core() { return busy_; }
  MemoryJournal& journal() { return journal_; }
  MemoryHistory& history() { return history_; }
  rpc::SchedulerServer& server() { return *server_; }
  bool shut_down() const { return shut_down_; }
  const std::string& failed() const { return failed_; }

 private:
  const ClusterOptions options_;
  TemporaryDirectory directory_;
  MemoryJournal journal_;
  MemoryHistory history_;
  sched::Scheduler scheduler_;
  daemon::SlewedClock clock_;
  std::unique_ptr<rpc::SchedulerServer> server_;
  std::string failed_;
  std::atomic<bool> shut_down_ = false;
  bool stopped_ = false;
  daemon::Committer committer_;
  daemon::CoreLoop loop_;
  BusyCore busy_{loop_};
};

}  // namespace bsub::testing
