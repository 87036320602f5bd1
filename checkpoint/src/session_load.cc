// Session: which generation is loaded, what is done about bad ones, and how loads are counted.
#include <algorithm>
#include <utility>

#include "checkpoint/src/block_reader.h"
#include "checkpoint/src/load.h"
#include "checkpoint/src/parallel.h"
#include "checkpoint/src/session.h"

namespace bsub::ckpt {
namespace {

Failure CannotSee(const std::string& directory, const Failure& failure) {
  return {BSUB_CHECKPOINT_IO, failure.message + "; the generation's manifest is not seen on host " +
                                  HostName() + " as rank 0 sees it: is the file system of " + directory +
                                  " mounted there?"};
}

// Of "+host" and "-host", by rank: the first that found its part good, on a node of which nobody complains if
// there is one. -1: nobody did.
int VerifierOf(const std::vector<std::string>& findings) {
  const auto complains = [&](const std::string& host) {
    return std::ranges::find(findings, "-" + host) != findings.end();
  };
  int good = -1;
  for (std::size_t rank = 0; rank < findings.size(); ++rank) {
    if (findings[rank].front() == '-') continue;
    if (!complains(findings[rank].substr(1))) return static_cast<int>(rank);
    if (good < 0) good = static_cast<int>(rank);
  }
  return good;
}

bool HasCompleteBelow(const std::vector<Generation>& generations, std::uint64_t number) {
  return std::ranges::any_of(generations, [&](const Generation& generation) {
    return generation.number < number && generation.state == GenerationState::kComplete;
  });
}

}  // namespace

Outcome<std::uint64_t> Session::Load() {
  CKPT_RETURN_IF_FAILED(Freeze());
  CKPT_RETURN_IF_FAILED(CompleteSave());
  auto step = LoadFrom(options_.directory, true);
  if (!step && step.error().status == BSUB_CHECKPOINT_NOTHING_SAVED && !options_.restart_from.empty()) {
    step = LoadFrom(options_.restart_from, false);
  }
  return step;
}

// Collective. The newest generation that is good; `own`: bad ones may be marked.
Outcome<std::uint64_t> Session::LoadFrom(const std::string& directory, bool own) {
  const LoadingRank me{ranks_->rank(), ranks_->size(), options_.saver.save.threads};
  for (std::uint64_t below = UINT64_MAX;;) {
    const double began = Now();
    Outcome<std::string> chosen = std::string();
    if (ranks_->is_first()) chosen = Choose(directory, own, below);
    chosen = ranks_->Share(std::move(chosen));
    if (!chosen && chosen.error().status == BSUB_CHECKPOINT_NOTHING_SAVED)
      CKPT_RETURN_IF_FAILED(NobodySees(directory, own));
    CKPT_ASSIGN_OR_RETURN(const std::string text, std::move(chosen));
    CKPT_ASSIGN_OR_RETURN(const Manifest manifest, Decode(text));
    Done mine = Guard([&] { return LoadGeneration(files_, directory, manifest, declarations_, me); });
    if (!mine && mine.error().status == BSUB_CHECKPOINT_DAMAGED && !SeesStore(directory, manifest, text)) {
      mine = CannotSee(directory, mine.error());
    }
    const Done done = ranks_->Agree(mine);
    if (done) {
      Loaded(directory, manifest, Now() - began);
      CKPT_RETURN_IF_FAILED(
          ranks_->Agree(ranks_->is_first() && own ? NoteLoad(manifest.generation) : Done()));
      return manifest.step;
    }
    if (done.error().status != BSUB_CHECKPOINT_DAMAGED) return done.error();
    CKPT_ASSIGN_OR_RETURN(const bool wrong, Confirm(directory, manifest, mine, done.error()));
    if (ranks_->is_first()) Reject(directory, own && wrong, manifest.generation, done.error().message);
    below = manifest.generation;
  }
}

// On a node that has lost the file system everything is missing.
bool Session::SeesStore(const std::string& directory, const Manifest& manifest,
                        const std::string& encoded) const {
  const auto text =
      files_.ReadWhole(directory + "/" + std::to_string(manifest.generation) + "/" + kManifestName);
  return text && *text == encoded;
}

// Collective. Where rank 0 finds nothing: a node that has lost the file system would have the job begin anew.
Done Session::NobodySees(const std::string& directory, bool own) {
  const auto look = [&]() -> Done {
    if (ranks_->is_first()) return {};
    Owner owner = owner_;
    if (!own) {
      CKPT_ASSIGN_OR_RETURN(owner, ReadOwner(files_, directory));
    }
    const auto generations = ReadGenerations(files_, directory, owner);
    if (!generations || !HasCompleteBelow(*generations, UINT64_MAX)) return {};
    return Failure{BSUB_CHECKPOINT_IO, "there are generations in " + directory + " on host " + options_.host +
                                           ", and rank 0 sees none: is the file system mounted on its host?"};
  };
  return ranks_->Agree(Guard(look));
}

// Collective. What one rank does not find may be the fault of its node, so one on another node that found its
// own part good reads all of it. False: nobody knows it to be wrong, it can only not be read now.
Outcome<bool> Session::Confirm(const std::string& directory, const Manifest& manifest, const Done& mine,
                               const Failure& told) {
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::string> findings,
                        ranks_->Gather((mine ? "+" : "-") + options_.host));
  CKPT_ASSIGN_OR_RETURN(const std::string chosen,
                        ranks_->Broadcast(ranks_->is_first() ? std::to_string(VerifierOf(findings)) : ""));
  const bool verifies = chosen == std::to_string(ranks_->rank());
  const Done found = !verifies ? mine : Guard([&] {
    return VerifyGeneration(files_, directory, manifest, options_.saver.save.threads);
  });
  Done not_alike;
  if (verifies && found) {
    not_alike = Failure{BSUB_CHECKPOINT_IO, "host " + options_.host + " reads well what is told to be bad (" +
                                                told.message +
                                                "): the file system is not seen alike on all nodes; "
                                                "nothing is set aside"};
  }
  CKPT_RETURN_IF_FAILED(ranks_->Agree(not_alike));
  const bool wrong = !found && found.error().status == BSUB_CHECKPOINT_DAMAGED && !found.error().unreadable;
  std::vector<std::int64_t> votes = {wrong, verifies && !wrong};
  CKPT_RETURN_IF_FAILED(ranks_->Maximum(votes));
  const bool anyone_finds_it_wrong = votes[0] != 0;
  const bool verifier_does_not = votes[1] != 0;
  return anyone_finds_it_wrong && !verifier_does_not;
}

// At rank 0. The manifest of the newest generation below that number that may be loaded.
Outcome<std::string> Session::Choose(const std::string& directory, bool own, std::uint64_t below) {
  Owner owner = owner_;
  if (!own) {
    CKPT_ASSIGN_OR_RETURN(owner, ReadOwner(files_, directory));
  }
  auto generations = ReadGenerations(files_, directory, owner);
  if (!generations) return generations.error();
  bool any_bad = false;
  for (const Generation& generation : *generations) {
    const bool bad =
        generation.state == GenerationState::kDamaged || generation.state == GenerationState::kSetAside;
    any_bad = any_bad || bad;
    if (generation.number >= below) continue;
    if (generation.state == GenerationState::kDamaged)
      Reject(directory, own && !generation.unreadable, generation.number, generation.reason);
    if (generation.state == GenerationState::kFenced) {
      Say("generation " + std::to_string(generation.number) + " in " + directory +
          " is not used: it was saved by an attempt that had been given up");
    }
    if (generation.state == GenerationState::kSetAside) {
      Say("generation " + std::to_string(generation.number) + " in " + directory +
          " stays set aside: " + generation.reason);
    }
    if (generation.state != GenerationState::kComplete) continue;
    const Done counted = own ? CountLoad(generation) : Done();
    if (counted) return Encode(generation.manifest);
    // A suspicion is no reason to lose everything: the last one that there is stays in use.
    if (counted.error().status == BSUB_CHECKPOINT_DAMAGED &&
        !HasCompleteBelow(*generations, generation.number)) {
      Say("generation " + std::to_string(generation.number) +
          " would be set aside, but there is no other: " + counted.error().message);
      return Encode(generation.manifest);
    }
    if (counted.error().status != BSUB_CHECKPOINT_DAMAGED) return counted.error();
    Reject(directory, own, generation.number, counted.error().message);
    any_bad = true;
  }
  if (any_bad || below != UINT64_MAX) {
    return Damaged("no generation in " + directory + " can be used; bsub-lite checkpoint ls " + directory +
                   " shows why each was set aside");
  }
  return Failure{BSUB_CHECKPOINT_NOTHING_SAVED, "nothing is saved in " + directory};
}

// At rank 0. Without that of the attempt before, if it was interrupted: it has not crashed.
Outcome<std::vector<std::string>> Session::LoadsOf(std::uint64_t generation) {
  CKPT_ASSIGN_OR_RETURN(std::vector<std::string> loads, ReadLoads(files_, options_.directory, generation));
  if (!options_.forgive_last_load || loads.empty()) return loads;
  const Attempt& mine = options_.attempt;
  const std::string before = mine.job.empty() ? mine.words() : Attempt{mine.job, mine.number - 1}.words();
  if (loads.back().starts_with(before + ",")) loads.pop_back();
  return loads;
}

// At rank 0. DAMAGED: this generation has been loaded too often without progress.
Done Session::CountLoad(const Generation& generation) {
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::string> loads, LoadsOf(generation.number));
  if (loads.size() < static_cast<std::size_t>(options_.quarantine_after)) return {};
  return Damaged("quarantined: it was loaded " + std::to_string(loads.size()) +
                 " times and its program ended each time before it saved again; the last was " +
                 loads.back());
}

// At rank 0.
Done Session::NoteLoad(std::uint64_t generation) {
  if (options_.read_only) return {};
  CKPT_ASSIGN_OR_RETURN(std::vector<std::string> loads, LoadsOf(generation));
  loads.push_back(options_.attempt.words() + ", epoch " + std::to_string(owner_.epoch));
  CKPT_RETURN_IF_FAILED(WriteLoads(files_, options_.directory, generation, loads));
  loaded_generation_ = generation;
  return {};
}

// The program went on from what it loaded: it was no reason to crash.
void Session::ForgetLoads() {
  if (loaded_generation_ == 0 || !ranks_->is_first()) return;
  static_cast<void>(Guard([&] { return WriteLoads(files_, options_.directory, loaded_generation_, {}); }));
  loaded_generation_ = 0;
}

// At rank 0. `mark`: also for later attempts.
void Session::Reject(const std::string& directory, bool mark, std::uint64_t generation,
                     const std::string& reason) {
  Say("generation " + std::to_string(generation) + " in " + directory +
      (mark ? " is set aside: " : " is not used: ") + reason);
  node_.Tell(control::Report("set-aside")
                 .Add("store", directory)
                 .Add("generation", generation)
                 .Add("reason", reason));
  if (!mark || options_.read_only) return;
  const Done marked = Guard([&] { return SetAside(files_, directory, generation, reason); });
  if (!marked) Say(marked.error().message);
}

void Session::Loaded(const std::string& directory, const Manifest& manifest, double seconds) {
  facts_.generation = manifest.generation;
  facts_.step = manifest.step;
  facts_.state_bytes = manifest.state_bytes();
  facts_.load_seconds = seconds;
  pace_->SaveFailed(Now());  // the interval begins here
  if (!ranks_->is_first()) return;
  node_.Tell(control::Report("loaded")
                 .Add("store", directory)
                 .Add("generation", manifest.generation)
                 .Add("step", manifest.step)
                 .Add("bytes", manifest.state_bytes())
                 .Add("seconds", seconds)
                 .Add("ranks", static_cast<std::uint64_t>(ranks_->size())));
}

}  // namespace bsub::ckpt
