// The core on a journal in a test's file system: inputs in, durable entries out, restart at will.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler/journal/disk_journal.h"
#include "scheduler/journal/identity.h"
#include "tests/support/journal/unsynced_file_system.h"

namespace bsub::journal::test {

inline const ClusterUuid kCoreCluster = *ParseUuid("123e4567-e89b-42d3-a456-426614174000");

inline StagedPayload Stage(std::string bytes) {
  auto shared = std::make_shared<const std::string>(std::move(bytes));
  return {HashPayload(*shared), shared};
}

class CoreJournal {
 public:
  explicit CoreJournal(FileSystem& files, std::string directory = "/journal",
                       std::uint64_t segment_bytes = 16384)
      : files_(files) {
    settings.directory = std::move(directory);
    settings.segments = {.segment_bytes = segment_bytes, .salt = 77};
    settings.new_cluster = kCoreCluster;
  }

  // A life of the scheduler begins.
  Status Start() {
    Stop();
    BSUB_ASSIGN_OR_RETURN(opened_, DiskJournal::Open(files_, settings, core_settings));
    now_ = std::max(now_, scheduler().state().last_at + std::chrono::seconds(1));
    return Handle(sched::Started{FormatUuid(journal().cluster()), report().lift_counters_by});
  }
  void Stop() { opened_ = {}; }

  // Decides and makes durable.
  Status Handle(sched::InputBody body, std::vector<StagedPayload> payloads = {}) {
    now_ = now_ + std::chrono::milliseconds(10);
    last_outcome_ = scheduler().Handle({now_, std::move(body)});
    return journal().Append(last_outcome_.entries, payloads);
  }

  Status Submit(const std::string& name, std::optional<ArraySpec> array = std::nullopt,
                const std::string& command = "", const std::string& environment = "PATH=/bin") {
    const StagedPayload staged_command = Stage(command.empty() ? "run " + name : command);
    const StagedPayload staged_environment = Stage(environment);
    auto job_settings = std::make_shared<JobSettings>();
    job_settings->working_directory = "/tmp";
    job_settings->environment = staged_environment.hash;
    job_settings->request.cpu_milli = 1000;
    job_settings->submit_host = "login";
    job_settings->retry.attempts = 3;
    job_settings->tags = {{"team", "a"}};
    sched::Submit submit;
    submit.who = {.uid = 1000, .gid = 1000, .groups = {1000, 2000}, .name = "alice"};
    submit.spec.name = name;
    submit.spec.settings = job_settings;
    submit.spec.command = staged_command.hash;
    submit.spec.array = std::move(array);
    return Handle(std::move(submit), {staged_command, staged_environment});
  }

  Status AddNode(const std::string& name, std::int64_t cpus) {
    sched::NodeHello hello;
    hello.stream = sched::StreamId(++streams_);
    hello.description.name = name;
    hello.description.host = "host";
    hello.description.boot_id = "boot";
    hello.description.spawner_id = name;
    hello.description.version = "1";
    hello.description.total = {.cpu_milli = cpus * 1000, .mem_bytes = std::int64_t{8} << 30, .gpus = 0};
    return Handle(std::move(hello));
  }
  Status Cycle() { return Handle(sched::RunCycle{1000}); }

  // Live attempts of a node end with `code`.
  Status EndAttempts(NodeId node, std::int32_t code) {
    const auto attempts = scheduler().AttemptsOn(node);
    const sched::Node& at = scheduler().state().nodes.at(node);
    for (const sched::AttemptRef& attempt : attempts) {
      BSUB_RETURN_IF_ERROR(Handle(sched::TaskStarted{node, at.incarnation, attempt, 4711}));
      sched::TaskEnded ended{node, at.incarnation, attempt, {}, {}};
      ended.end = {.kind = EndKind::kExited, .code = code, .by = "", .reason = ""};
      ended.usage.user_us = 12'345;
      BSUB_RETURN_IF_ERROR(Handle(std::move(ended)));
    }
    return OkStatus();
  }

  // A busy little cluster: every kind of thing a state holds.
  Status RunSomeWork() {
    BSUB_RETURN_IF_ERROR(AddNode("n1", 4));
    BSUB_RETURN_IF_ERROR(AddNode("n2", 4));
    BSUB_RETURN_IF_ERROR(Submit("plain"));
    BSUB_RETURN_IF_ERROR(Submit("array", *ParseArraySpec("1-200:2%50")));
    BSUB_RETURN_IF_ERROR(Submit("other", std::nullopt, "other command", "HOME=/root"));
    for (int round = 0; round < 6; ++round) {
      BSUB_RETURN_IF_ERROR(Cycle());
      BSUB_RETURN_IF_ERROR(EndAttempts(NodeId(1), round % 2 == 0 ? 0 : 3));
      BSUB_RETURN_IF_ERROR(EndAttempts(NodeId(2), 0));
    }
    sched::Control cancel{{}, {1000, 1000, {}, "alice"}, sched::ControlAction::kCancel, {}, "enough", 0};
    cancel.targets = {{2, 199}};
    BSUB_RETURN_IF_ERROR(Handle(std::move(cancel)));
    return Cycle();
  }

  // What the daemon does when a snapshot is due, up to running the helper.
  Result<std::uint64_t> CloseSegmentWithHash() {
    BSUB_RETURN_IF_ERROR(Handle(sched::RecordStateHash{}));
    return journal().CloseSegment();
  }

  DiskJournal& journal() { return *opened_.journal; }
  sched::Scheduler& scheduler() { return *opened_.scheduler; }
  const RecoveryReport& report() const { return opened_.report; }
  const sched::Outcome& last_outcome() const { return last_outcome_; }
  TimePoint now() const { return now_; }

  DiskJournalSettings settings;
  sched::Settings core_settings;

 private:
  FileSystem& files_;
  OpenedJournal opened_;
  sched::Outcome last_outcome_;
  TimePoint now_{1'700'000'000'000'000};
  std::uint64_t streams_ = 0;
};

}  // namespace bsub::journal::test
