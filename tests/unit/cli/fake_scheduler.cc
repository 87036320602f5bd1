#include "tests/unit/cli/fake_scheduler.h"

#include "cli/address.h"
#include "cli/supervisor/home_layout.h"
#include "common/check.h"

namespace bsub::cli {

FakeScheduler::FakeScheduler(const std::string& folder) : home_(directory_.path() + "/" + folder) {
  std::filesystem::create_directories(home_ + "/run");
  auto lock = LockFile::Try(HomeLayout{home_}.SupervisorLock());
  BSUB_CHECK(lock && *lock);
  supervisor_ = std::move(*lock);
  Start();
}

void FakeScheduler::Start() {
  const auto target = UnixTarget(home_ + "/run/scheduler.sock");
  BSUB_CHECK(target.has_value());
  grpc::ServerBuilder builder;
  builder.AddListeningPort(*target, grpc::InsecureServerCredentials());
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  BSUB_CHECK(server_ != nullptr) << *target;
}

void FakeScheduler::Stop() {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  server_.reset();
}

CliRun FakeScheduler::Cli() const {
  CliRun run;
  run.environment.push_back("BSUB_LITE_HOME=" + home_);
  run.environment.push_back("BSUB_LITE_PATIENCE=5s");
  return run;
}

}  // namespace bsub::cli
