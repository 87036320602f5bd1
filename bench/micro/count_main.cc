// A fixed piece of work for counting instructions: so many submits, or whole lives of jobs, from the wire's
// message through the core into a journal on disk. bench/instructions runs it under callgrind.
//
//   bench-count submit|finish JOBS DIRECTORY
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/core/core_driver.h"
#include "bench/micro/submit_request.h"
#include "scheduler/journal/disk_journal.h"
#include "scheduler/journal/posix_file_system.h"
#include "scheduler/rpc/submit_translation.h"

namespace bsub::bench {
namespace {

constexpr int kJobsPerBatch = 50;  // that share a write and a sync

[[noreturn]] void Fail(const Error& error) {
  std::fprintf(stderr, "bench-count: %s\n", error.message.c_str());
  std::exit(1);
}

class Daemon {
 public:
  explicit Daemon(const std::string& directory) : driver_(true) {
    journal::DiskJournalSettings settings;
    settings.directory = directory;
    settings.segments.salt = 1;
    auto opened = journal::DiskJournal::Open(files_, settings, {});
    if (!opened) Fail(opened.error());
    journal_ = std::move(opened->journal);
    driver_.AddNodes(1, kJobsPerBatch);
    Sync();
  }

  void Submit(std::uint64_t seed) {
    const Principal who{.uid = 1000, .gid = 1000, .groups = {1000}, .name = "ada"};
    auto translated = rpc::TranslateSubmit(TypicalSubmit(seed), who, nullptr, {}, {});
    if (!translated) Fail(translated.error());
    for (rpc::StagedPayload& payload : translated->payloads)
      payloads_.push_back({payload.hash, std::move(payload.bytes)});
    driver_.Submit(std::move(translated->spec));
  }

  void StartWhatFits() { driver_.Cycle(); }
  void FinishAll() {
    for (const Running& task : std::exchange(driver_.running(), {})) driver_.Finish(task);
  }

  void Sync() {
    const std::vector<sched::JournalEntry> entries = driver_.TakeEntries();
    if (const Status done = journal_->Append(entries, std::exchange(payloads_, {})); !done)
      Fail(done.error());
  }

 private:
  journal::PosixFileSystem files_;
  CoreDriver driver_;
  std::unique_ptr<journal::DiskJournal> journal_;
  std::vector<journal::StagedPayload> payloads_;
};

void Work(Daemon& daemon, int jobs, bool finish) {
  for (int done = 0; done < jobs; done += kJobsPerBatch) {
    for (int i = 0; i < kJobsPerBatch; ++i) daemon.Submit(static_cast<std::uint64_t>(done + i + 1));
    daemon.Sync();
  }
  for (int done = 0; finish && done < jobs; done += kJobsPerBatch) {
    daemon.StartWhatFits();
    daemon.Sync();
    daemon.FinishAll();
    daemon.Sync();
  }
}

}  // namespace
}  // namespace bsub::bench

int main(int argc, char** argv) {
  const std::string_view what = argc == 4 ? argv[1] : "";
  const int jobs = argc == 4 ? std::atoi(argv[2]) : 0;
  if ((what != "submit" && what != "finish") || jobs < 1 || jobs % bsub::bench::kJobsPerBatch != 0) {
    std::fprintf(stderr,
                 "usage: bench-count submit|finish JOBS DIRECTORY\n"
                 "JOBS is a multiple of %d; DIRECTORY is where the journal is made\n",
                 bsub::bench::kJobsPerBatch);
    return 2;
  }
  bsub::bench::Daemon daemon(argv[3]);
  bsub::bench::Work(daemon, jobs, what == "finish");
  return 0;
}
