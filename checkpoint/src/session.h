// An open store, as the C ABI sees it: what is declared, what is loaded and saved, when to save, what the
// node is told.
//
// Functions that are collective in bsub/checkpoint.h are collective here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/src/declarations.h"
#include "checkpoint/src/file_system.h"
#include "checkpoint/src/generations.h"
#include "checkpoint/src/node.h"
#include "checkpoint/src/owner.h"
#include "checkpoint/src/pace.h"
#include "checkpoint/src/ranks.h"
#include "checkpoint/src/saver.h"

namespace bsub::ckpt {

struct SessionOptions {
  std::string directory;
  std::string restart_from;
  std::string control_directory;
  SaverSettings saver;
  PaceSettings pace;
  int quarantine_after = 3;
  bool read_only = false;
  bool quiet = false;
  Attempt attempt;
  std::uint64_t saved_before = 0;  // a generation that an attempt before is known to have left; 0: none is
  bool forgive_last_load = false;  // the attempt before was interrupted: it did not crash
  std::string host = HostName();   // whose file system this rank sees
};

struct SessionFacts {
  Committed last_save;
  std::uint64_t generation = 0;
  std::uint64_t step = 0;
  std::uint64_t state_bytes = 0;
  double load_seconds = 0;
};

class Session {
 public:
  // Collective. `ranks` is given back by the session's destructor.
  static Outcome<std::unique_ptr<Session>> Open(FileSystem& files, std::unique_ptr<Ranks> ranks,
                                                const SessionOptions& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Declarations& declarations() { return declarations_; }

  Outcome<std::uint64_t> Load();
  Done Save(std::uint64_t step);
  Done Wait();
  // False also if it cannot be found out: late_failure() says why, and so does the next Step, Wait or Close.
  bool ShouldCheckpoint();
  const std::optional<Failure>& late_failure() const { return late_failure_; }
  bool should_stop() const { return stop_; }
  double RemainingSeconds();
  Done Stopped();
  // *stop: leave the loop.
  Done Step(std::uint64_t step, bool* stop);
  Done Close();
  // Before its destruction: see bsub_checkpoint_abandon.
  void Abandon() { ranks_->Abandon(); }

  const SessionFacts& facts() const { return facts_; }
  double interval() const { return pace_ ? pace_->interval() : 0; }

 private:
  Session(FileSystem& files, std::unique_ptr<Ranks> ranks, const SessionOptions& options);

  Done ShareOptions();
  Done TakeStore();
  Done ExpectWhatWasSaved() const;
  Done TakeEpoch();
  Done Freeze();
  Done CheckCover();
  Outcome<std::uint64_t> LoadFrom(const std::string& directory, bool own);
  bool SeesStore(const std::string& directory, const Manifest& manifest, const std::string& encoded) const;
  Done NobodySees(const std::string& directory, bool own);
  Outcome<bool> Confirm(const std::string& directory, const Manifest& manifest, const Done& mine,
                        const Failure& told);
  Outcome<std::string> Choose(const std::string& directory, bool own, std::uint64_t below);
  Outcome<std::vector<std::string>> LoadsOf(std::uint64_t generation);
  Done CountLoad(const Generation& generation);
  Done NoteLoad(std::uint64_t generation);
  void Reject(const std::string& directory, bool mark, std::uint64_t generation, const std::string& reason);
  void ForgetLoads();
  void Loaded(const std::string& directory, const Manifest& manifest, double seconds);
  Done CompleteSave();
  void TellCommitted(const Committed& save);
  Done LateFailure();
  void TellStopping(std::uint64_t step);
  bool Remember(const Failure& failure);
  void Say(const std::string& line) const;
  double Now() const;

  FileSystem& files_;
  std::unique_ptr<Ranks> ranks_;
  SessionOptions options_;
  Node node_;
  Declarations declarations_;
  bool frozen_ = false;
  Owner owner_;
  std::unique_ptr<Saver> saver_;
  std::optional<Pace> pace_;
  SessionFacts facts_;
  std::uint64_t loaded_generation_ = 0;  // with a note in its loads
  std::optional<Failure> late_failure_;  // of ShouldCheckpoint, which cannot say it
  bool stop_ = false;
  bool in_time_ = true;
  bool stop_told_ = false;
  std::int64_t progress_told_ns_ = 0;
};

}  // namespace bsub::ckpt
