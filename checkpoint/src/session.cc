#include "checkpoint/src/session.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <sstream>
#include <utility>

#include "checkpoint/src/cover.h"
#include "checkpoint/src/parallel.h"

namespace bsub::ckpt {
namespace {

constexpr std::int64_t kProgressEveryNs = 1'000'000'000;

std::string ParentOf(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

Outcome<std::string> Told(const Done& done) {
  return done ? Outcome<std::string>("good") : Outcome<std::string>(done.error());
}

// Every directory of the path that is missing, durably.
Done MakeDirectories(FileSystem& files, const std::string& path) {
  const std::string parent = ParentOf(path);
  auto made = files.MakeDirectory(path);
  if (!made && parent != path) {
    if (const auto there = files.List(parent); there) return made.error();
    CKPT_RETURN_IF_FAILED(MakeDirectories(files, parent));
    made = files.MakeDirectory(path);
  }
  if (!made) return made.error();
  if (*made) CKPT_RETURN_IF_FAILED(files.SyncDirectory(parent));
  return {};
}

// The directories above a store that the job's node has just made, DIR/ID[/INDEX]. One above them may be
// somebody else's.
Done SyncAbove(FileSystem& files, const std::string& store) {
  CKPT_RETURN_IF_FAILED(files.SyncDirectory(ParentOf(store)));
  static_cast<void>(files.SyncDirectory(ParentOf(ParentOf(store))));
  return {};
}

}  // namespace

Session::Session(FileSystem& files, std::unique_ptr<Ranks> ranks, const SessionOptions& options)
    : files_(files), ranks_(std::move(ranks)), options_(options), node_(options.control_directory) {}

Session::~Session() = default;

double Session::Now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Session::Say(const std::string& line) const {
  if (!options_.quiet) std::fprintf(stderr, "bsub-checkpoint: %s\n", line.c_str());
}

Outcome<std::unique_ptr<Session>> Session::Open(FileSystem& files, std::unique_ptr<Ranks> ranks,
                                                const SessionOptions& options) {
  std::unique_ptr<Session> session(new Session(files, std::move(ranks), options));
  CKPT_RETURN_IF_FAILED(session->ShareOptions());
  Outcome<std::string> taken = std::string();
  if (session->ranks_->is_first()) {
    const Done done = Guard([&] { return session->TakeStore(); });
    if (!done && !options.read_only)
      session->node_.Tell(control::Report("failed").Add("reason", done.error().message));
    taken = done ? Outcome<std::string>(Encode(session->owner_)) : Outcome<std::string>(done.error());
  }
  CKPT_ASSIGN_OR_RETURN(const std::string owner, session->ranks_->Share(std::move(taken)));
  CKPT_ASSIGN_OR_RETURN(session->owner_, DecodeOwner(owner));
  return session;
}

// Collective. Rank 0's options are everybody's: elsewhere a launcher may not have passed on the environment.
Done Session::ShareOptions() {
  SaverSettings& saver = options_.saver;
  std::ostringstream mine;
  mine << saver.asynchronous << ' ' << saver.staging_bytes << ' ' << saver.differential << ' ' << saver.keep
       << ' ' << saver.save.block_bytes << ' ' << saver.save.compression << ' ' << options_.read_only << ' '
       << options_.directory.size() << ' ' << options_.directory << options_.restart_from;
  CKPT_ASSIGN_OR_RETURN(const std::string text, ranks_->Broadcast(ranks_->is_first() ? mine.str() : ""));
  std::istringstream in(text);
  std::size_t length = 0;
  in >> saver.asynchronous >> saver.staging_bytes >> saver.differential >> saver.keep >>
      saver.save.block_bytes >> saver.save.compression >> options_.read_only >> length;
  in.get();
  if (!in) return InternalFailure("rank 0's options are not well formed");
  const std::string paths = text.substr(static_cast<std::size_t>(in.tellg()));
  options_.directory = paths.substr(0, length);
  options_.restart_from = paths.substr(length);
  if (!options_.directory.empty()) return {};
  return Failure{
      BSUB_CHECKPOINT_NO_DIRECTORY,
      "no directory: set options.directory or BSUB_CHECKPOINT_DIR (bsub-lite submit --checkpoint-dir)"};
}

// At rank 0.
Done Session::TakeStore() {
  if (options_.read_only) {
    CKPT_ASSIGN_OR_RETURN(owner_, ReadOwner(files_, options_.directory));
    return {};
  }
  CKPT_RETURN_IF_FAILED(ExpectWhatWasSaved());
  CKPT_RETURN_IF_FAILED(MakeDirectories(files_, options_.directory));
  CKPT_RETURN_IF_FAILED(SyncAbove(files_, options_.directory));
  CKPT_RETURN_IF_FAILED(TakeEpoch());
  node_.Tell(control::Report("opened").Add("store", options_.directory).Add("epoch", owner_.epoch));
  return {};
}

// At rank 0. Where the file system is not mounted there is nothing, and the program would begin anew. An
// attempt that has opened the store, and saved nothing, has left its owner file. This attempt has seen it if
// a program of it has opened it: then the job itself has removed what was there.
Done Session::ExpectWhatWasSaved() const {
  if (options_.saved_before == 0) return {};
  const auto names = files_.List(options_.directory);
  if (!names && names.error().status != BSUB_CHECKPOINT_NOTHING_SAVED) return names.error();
  if ((names && !names->empty()) || node_.WasOpened(options_.directory)) return {};
  return Failure{BSUB_CHECKPOINT_IO,
                 "there is nothing in " + options_.directory + " on host " + options_.host +
                     ", though generation " + std::to_string(options_.saved_before) +
                     " was saved by an attempt before: is its file system mounted? Mount it and run "
                     "bsub-lite requeue; a failed job that is requeued without it begins anew"};
}

// At rank 0. What an older attempt commits between our look at the generations and our owner file it is told
// to be good, so it must count: then the next epoch is taken, which names it. After the first one of ours no
// older attempt is told so any more.
Done Session::TakeEpoch() {
  const std::string& directory = options_.directory;
  CKPT_ASSIGN_OR_RETURN(const Owner before, ReadOwner(files_, directory));
  CKPT_ASSIGN_OR_RETURN(const std::vector<Generation> seen, ReadGenerations(files_, directory, before));
  CKPT_ASSIGN_OR_RETURN(owner_, TakeOver(files_, directory, options_.attempt, LastOfEpochs(seen, before)));
  CKPT_ASSIGN_OR_RETURN(const std::vector<Generation> now, ReadGenerations(files_, directory, before));
  const auto last = LastOfEpochs(now, before);
  if (last == owner_.sealed) return {};
  CKPT_ASSIGN_OR_RETURN(owner_, TakeOver(files_, directory, options_.attempt, last));
  return {};
}

// Collective. From here on the declarations stay as they are; all ranks must have made the same.
Done Session::Freeze() {
  if (frozen_) return {};
  const std::string mine = declarations_.Common();
  CKPT_ASSIGN_OR_RETURN(const std::string first, ranks_->Broadcast(ranks_->is_first() ? mine : ""));
  Done same;
  if (first.compare(mine) != 0) {  // GCC 12 takes the length in operator!= for unbounded
    same = Invalid("the declarations differ from rank 0's: here\n" + mine + "there\n" + first +
                   "all ranks must declare the same names, types and global shapes in the same order");
  }
  CKPT_RETURN_IF_FAILED(ranks_->Agree(same));
  CKPT_RETURN_IF_FAILED(CheckCover());
  declarations_.Freeze();
  frozen_ = true;
  pace_.emplace(options_.pace, declarations_.bytes(), Now());
  if (!options_.read_only) {
    saver_ = std::make_unique<Saver>(files_, *ranks_, options_.directory, owner_, options_.saver);
    saver_->TellCommits([this](const Committed& save) { TellCommitted(save); });
  }
  return {};
}

// Collective. What overlaps or is missing would be found out by a load, when it is too late.
Done Session::CheckCover() {
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::string> texts,
                        ranks_->Gather(EncodeBoxes(declarations_.parts())));
  const auto check = [&]() -> Done {
    std::vector<std::vector<Box>> of_ranks;
    for (const std::string& text : texts) {
      CKPT_ASSIGN_OR_RETURN(std::vector<Box> boxes, DecodeBoxes(text, declarations_.parts()));
      of_ranks.push_back(std::move(boxes));
    }
    return CoverOnce(declarations_.parts(), of_ranks);
  };
  CKPT_ASSIGN_OR_RETURN(const std::string agreed,
                        ranks_->Share(ranks_->is_first() ? Told(Guard(check)) : Outcome<std::string>("")));
  static_cast<void>(agreed);
  return {};
}

Done Session::Save(std::uint64_t step) {
  if (options_.read_only) return Invalid("save: the store was opened read-only");
  CKPT_RETURN_IF_FAILED(Freeze());
  CKPT_RETURN_IF_FAILED(CompleteSave());
  pace_->See(node_.Read(), Now());
  pace_->SaveBegan();
  const Done begun = saver_->Save(declarations_, step);
  if (!begun) {
    pace_->SaveFailed(Now());
    if (ranks_->is_first()) node_.Tell(control::Report("failed").Add("reason", begun.error().message));
    return begun;
  }
  if (ranks_->is_first()) {
    node_.Tell(control::Report("saving").Add("generation", saver_->generation_under_way()).Add("step", step));
  }
  return options_.saver.asynchronous ? Done() : CompleteSave();
}

Done Session::Wait() {
  const Done done = CompleteSave();
  if (saver_) saver_->WaitForPruning();
  return done ? LateFailure() : done;
}

// Told once.
Done Session::LateFailure() {
  const std::optional<Failure> failure = std::exchange(late_failure_, std::nullopt);
  if (failure) return *failure;
  return {};
}

// Collective.
Done Session::CompleteSave() {
  if (!saver_ || !saver_->under_way()) return {};
  const std::uint64_t generation = saver_->generation_under_way();
  const auto outcome = saver_->Complete();
  if (!outcome) {
    pace_->SaveFailed(Now());
    if (ranks_->is_first()) {
      node_.Tell(
          control::Report("failed").Add("generation", generation).Add("reason", outcome.error().message));
    }
    return outcome.error();
  }
  const Committed& save = **outcome;
  facts_.last_save = save;
  facts_.generation = save.generation;
  facts_.step = save.step;
  facts_.state_bytes = save.state_bytes;
  pace_->SaveEnded(save.held_seconds, save.total_seconds, Now(), save.differential);
  ForgetLoads();
  if (ranks_->is_first() && !save.told) TellCommitted(save);
  return {};
}

// At rank 0, also in the thread of an asynchronous save.
void Session::TellCommitted(const Committed& save) {
  node_.Tell(control::Report("committed")
                 .Add("store", options_.directory)
                 .Add("generation", save.generation)
                 .Add("step", save.step)
                 .Add("bytes", save.state_bytes)
                 .Add("written", save.written_bytes)
                 .Add("seconds", save.total_seconds)
                 .Add("held", save.held_seconds));
}

bool Session::ShouldCheckpoint() {
  if (options_.read_only) return false;
  if (const Done frozen = Freeze(); !frozen) return Remember(frozen.error());
  pace_->See(node_.Read(), Now());
  // One reduction for all of it: what any rank says holds.
  enum : std::size_t { kAsked, kDue, kToStop, kTooLate, kStillWriting, kVotes };
  std::vector<std::int64_t> votes(kVotes);
  votes[kAsked] = pace_->SaveRequested();
  votes[kDue] = ranks_->is_first() && pace_->IntervalPassed(Now());
  votes[kToStop] = pace_->StopRequested();
  votes[kTooLate] = !pace_->EnoughTime(control::MonotonicNs(), saver_->next_is_full());
  votes[kStillWriting] = !saver_->written();
  if (const Done voted = ranks_->Maximum(votes); !voted) return Remember(voted.error());
  if (saver_->under_way() && votes[kStillWriting] == 0) {
    if (const Done done = CompleteSave(); !done) late_failure_ = done.error();
  }
  stop_ = votes[kToStop] != 0;
  in_time_ = votes[kTooLate] == 0;
  if (stop_) return in_time_;
  return votes[kAsked] != 0 || (votes[kDue] != 0 && !saver_->under_way());
}

// What cannot be said in a yes or no, for the next call that can. Returns the "no".
bool Session::Remember(const Failure& failure) {
  late_failure_ = failure;
  return false;
}

double Session::RemainingSeconds() {
  if (!pace_) pace_.emplace(options_.pace, declarations_.bytes(), Now());
  pace_->See(node_.Read(), Now());
  return pace_->Remaining(control::MonotonicNs());
}

Done Session::Step(std::uint64_t step, bool* stop) {
  const bool save = ShouldCheckpoint();
  *stop = stop_;
  const std::int64_t now = control::MonotonicNs();
  if (ranks_->is_first() && now - progress_told_ns_ >= kProgressEveryNs) {
    node_.Tell(control::Report("progress").Add("step", step));
    progress_told_ns_ = now;
  }
  TellStopping(step);
  Done saved = LateFailure();
  if (save) saved = Save(step);
  if (!stop_) return saved;
  const Done stopped = Stopped();
  return saved ? stopped : saved;
}

// Once, of each request.
void Session::TellStopping(std::uint64_t step) {
  if (stop_ && !stop_told_ && ranks_->is_first()) node_.Tell(control::Report("stopping").Add("step", step));
  stop_told_ = stop_;
}

// Collective.
Done Session::Stopped() {
  const Done done = CompleteSave();
  ForgetLoads();
  TellStopping(facts_.step);
  if (!ranks_->is_first()) return done;
  if (stop_ && !in_time_) {
    const std::string words = "less time is left than a save takes; the job resumes from generation " +
                              std::to_string(facts_.generation);
    Say(words);
    node_.Tell(control::Report("failed").Add("reason", words));
  }
  node_.Tell(control::Report("stopped").Add("generation", facts_.generation).Add("step", facts_.step));
  return done;
}

Done Session::Close() {
  const Done done = Wait();
  ForgetLoads();
  return done;
}

}  // namespace bsub::ckpt
