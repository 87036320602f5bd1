#include "checkpoint/src/saver.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <utility>
#include <vector>

#include "checkpoint/src/checksum.h"
#include "checkpoint/src/parallel.h"
#include "checkpoint/src/shard_notes.h"

namespace bsub::ckpt {
namespace {

using Clock = std::chrono::steady_clock;

// How often rank 0 looks for the other ranks' notes, and how long it does when the program ends without a
// call: a rank that has died leaves none.
constexpr std::chrono::milliseconds kFirstLook{5};
constexpr std::chrono::milliseconds kLongestPause{500};
constexpr std::chrono::seconds kLastLook{10};

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string UtcNow() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace

// A save under way.
struct Saver::Flight {
  Clock::time_point began = Clock::now();
  std::atomic<double> held_seconds{0};
  std::string word;    // that no other save has
  Manifest manifest;   // without shards and, until it is made, the master's checksum
  std::string master;  // the bytes of the master file
  std::vector<Attribute> attributes;
  std::unique_ptr<ShardSave> shard_save;
  Outcome<Shard> shard = InternalFailure("not written");
  double written_seconds = 0;  // from the beginning until this rank's shard was durable
  std::atomic<bool> written{false};
  // A single process commits behind the program's back too.
  std::optional<Outcome<Committed>> committed;
  // So does rank 0 of several, if nobody calls before it has seen all notes: what WriteManifest returned, and
  // of which shards.
  std::optional<Outcome<std::string>> unasked;
  std::vector<Shard> noted;
  bool named = false;  // the manifest: the generation exists, whatever is told of it
  bool told = false;
  std::mutex mutex;
  std::condition_variable changed;
  Clock::time_point look_until = Clock::time_point::max();  // for notes
  std::jthread thread;

  void LookUntil(Clock::time_point until) {
    const std::lock_guard lock(mutex);
    look_until = until;
    changed.notify_all();
  }
  // False: no more looks.
  bool Pause(std::chrono::milliseconds pause) {
    std::unique_lock lock(mutex);
    const Clock::time_point next = Clock::now() + pause;
    changed.wait_until(lock, next, [&] { return Clock::now() >= std::min(next, look_until); });
    return Clock::now() < look_until;
  }
};

Saver::Saver(FileSystem& files, const Ranks& ranks, std::string directory, Owner owner,
             const SaverSettings& settings)
    : files_(files),
      ranks_(ranks),
      directory_(std::move(directory)),
      owner_(std::move(owner)),
      settings_(settings) {}

Saver::~Saver() {
  if (!flight_) return;
  flight_->LookUntil(Clock::now() + kLastLook);
  if (flight_->thread.joinable()) flight_->thread.join();
}

std::string Saver::generation_directory() const {
  return directory_ + "/" + std::to_string(flight_->manifest.generation);
}

std::uint64_t Saver::generation_under_way() const { return flight_ ? flight_->manifest.generation : 0; }

bool Saver::written() const { return flight_ == nullptr || flight_->written; }

Done Saver::Save(const Declarations& declarations, std::uint64_t step) {
  bool agreed = false;  // on how the writing began
  const Done done = Guard([&]() -> Done {
    flight_ = std::make_unique<Flight>();
    WaitForPruning();
    CKPT_RETURN_IF_FAILED(Begin(declarations, step));
    if (!settings_.asynchronous) return Write();
    Done started = ranks_.Agree(StartWriting(declarations));
    agreed = started || started.error().status != BSUB_CHECKPOINT_COLLECTIVE;
    return started;
  });
  if (!flight_) return done;
  flight_->held_seconds = SecondsSince(flight_->began);
  if (!done) {
    flight_->LookUntil(Clock::now());
    if (flight_->thread.joinable()) flight_->thread.join();
    // Nothing is taken away while another rank still writes.
    if (agreed) static_cast<void>(ranks_.Agree({}));
    Discard();
    flight_.reset();
    pool_.reset();  // some of its buffers may not have come back
  }
  return done;
}

Done Saver::Begin(const Declarations& declarations, std::uint64_t step) {
  Outcome<std::string> made = std::string();
  if (ranks_.is_first()) {
    const Done owned = CheckOwner(files_, directory_, owner_);
    const auto number = owned ? NewGeneration(files_, directory_) : Outcome<std::uint64_t>(owned.error());
    const std::string now = std::to_string(Clock::now().time_since_epoch().count());
    made = number ? Outcome<std::string>(std::to_string(*number) + " " + now)
                  : Outcome<std::string>(number.error());
  }
  CKPT_ASSIGN_OR_RETURN(const std::string number, ranks_.Share(std::move(made)));
  flight_->word = std::to_string(owner_.epoch) + " " + number + " " + std::to_string(step);
  Manifest& manifest = flight_->manifest;
  manifest.generation = std::stoull(number);
  manifest.step = step;
  manifest.epoch = owner_.epoch;
  manifest.attempt = owner_.attempt.words();
  manifest.saved_utc = UtcNow();
  manifest.datasets = declarations.Shapes();
  manifest.values = declarations.SavedValues();
  flight_->attributes = declarations.attributes();
  const ShardSave::Target target{generation_directory(), manifest.generation, step, ranks_.rank()};
  auto save = ShardSave::Begin(files_, target, declarations.parts(), settings_.save,
                               next_is_full() ? nullptr : &history_);
  CKPT_RETURN_IF_FAILED(ranks_.Agree(save ? Done() : Done(save.error())));
  flight_->shard_save = std::move(*save);
  return MakeMasterFile(declarations);
}

// Collective.
Done Saver::MakeMasterFile(const Declarations& declarations) {
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::string> texts,
                        ranks_.Gather(EncodeMappings(flight_->shard_save->Mappings())));
  const auto make = [&]() -> Done {
    Master master{flight_->manifest.generation, flight_->manifest.step, declarations.Shapes(),
                  declarations.SavedValues(),   flight_->attributes,    {}};
    for (const std::string& text : texts) {
      CKPT_ASSIGN_OR_RETURN(const std::vector<Mapping> mappings, DecodeMappings(text));
      master.mappings.insert(master.mappings.end(), mappings.begin(), mappings.end());
    }
    CKPT_ASSIGN_OR_RETURN(flight_->master, MakeMaster(master));
    flight_->manifest.master_bytes = flight_->master.size();
    flight_->manifest.master_checksum = Checksum(flight_->master);
    return {};
  };
  return ranks_.Agree(ranks_.is_first() ? Guard(make) : Done());
}

Done Saver::Write() {
  Done done = flight_->shard_save->WriteNow();
  if (done) {
    flight_->shard = flight_->shard_save->Finish();
    if (!flight_->shard) done = flight_->shard.error();
  }
  flight_->written_seconds = SecondsSince(flight_->began);
  flight_->written = true;
  return ranks_.Agree(done);
}

Done Saver::StartWriting(const Declarations& declarations) {
  return Guard([&]() -> Done {
    const std::uint64_t buffer = ShardSave::BufferBytes(declarations.parts(), settings_.save);
    const std::uint64_t wanted =
        settings_.staging_bytes > 0 ? settings_.staging_bytes : declarations.bytes() + buffer;
    // One more than fits exactly, for the ends of parts; two so that copying and writing go on at once.
    const std::uint64_t payload = std::max<std::uint64_t>(1, buffer - kDirectAlignment);
    const std::uint64_t all = (wanted + payload - 1) / payload + declarations.parts().size();
    const std::uint64_t count = settings_.staging_bytes > 0
                                    ? std::max<std::uint64_t>(2, settings_.staging_bytes / buffer)
                                    : std::max<std::uint64_t>(2, all);
    if (!pool_ || pool_->buffer_bytes() != buffer || pool_->count() != count) {
      pool_.reset();
      pool_ = std::make_unique<StagingPool>(buffer, count);
    }
    CKPT_RETURN_IF_FAILED(flight_->shard_save->Stage(*pool_));
    flight_->thread = std::jthread([this] { WriteBehind(); });
    return {};
  });
}

// In a thread of its own, beside the program.
void Saver::WriteBehind() {
  Done done = Guard([&]() -> Done {
    CKPT_RETURN_IF_FAILED(flight_->shard_save->WriteStaged());
    flight_->shard = flight_->shard_save->Finish();
    flight_->written_seconds = SecondsSince(flight_->began);
    if (!flight_->shard) return flight_->shard.error();
    if (ranks_.size() == 1) flight_->committed = GuardedCommit();
    if (flight_->committed && *flight_->committed) Tell(**flight_->committed);
    return {};
  });
  if (!done) flight_->shard = done.error();
  // Without a note the next call commits.
  if (done && !ranks_.is_first())
    static_cast<void>(Guard([&] {
      return LeaveNote(files_, {generation_directory(), flight_->word}, *flight_->shard);
    }));
  flight_->written = true;
  if (done && ranks_.is_first() && ranks_.size() > 1)
    static_cast<void>(Guard([&] { return CommitUnasked(); }));
}

// At rank 0. The program may be in a long step, or at its end.
Done Saver::CommitUnasked() {
  const NoteOf notes{generation_directory(), flight_->word};
  std::vector<Shard>& shards = flight_->noted;
  shards = {*flight_->shard};
  const auto all = static_cast<std::size_t>(ranks_.size());
  for (auto pause = kFirstLook; shards.size() < all; pause = std::min(2 * pause, kLongestPause)) {
    while (shards.size() < all) {
      auto shard = ReadNote(files_, notes, static_cast<std::int32_t>(shards.size()));
      if (!shard) break;
      shards.push_back(std::move(*shard));
    }
    if (shards.size() < all && !flight_->Pause(pause)) return {};
  }
  const Clock::time_point began = Clock::now();
  flight_->unasked = GuardedManifest(shards);
  flight_->written_seconds += SecondsSince(began);
  if (*flight_->unasked) Tell(CommittedAs(**flight_->unasked));
  return {};
}

// In the writing thread, at rank 0.
void Saver::Tell(Committed committed) {
  if (!tell_) return;
  if (committed.total_seconds == 0) committed.total_seconds = flight_->written_seconds;
  committed.held_seconds = flight_->held_seconds;
  tell_(committed);
  flight_->told = true;
}

Outcome<std::optional<Committed>> Saver::Complete() {
  if (!flight_) return std::optional<Committed>();
  const Clock::time_point began = Clock::now();
  flight_->LookUntil(began);
  if (flight_->thread.joinable()) flight_->thread.join();
  if (!flight_->committed) flight_->committed = GuardedCommit();
  Outcome<Committed> committed = std::move(*flight_->committed);
  if (!committed) {
    Discard();
    flight_.reset();
    return std::move(committed).error();
  }
  // What cannot be remembered makes the next save a full one.
  has_history_ = static_cast<bool>(Guard([&]() -> Done {
    history_ = flight_->shard_save->TakeHistory();
    return {};
  }));
  if (ranks_.is_first()) StartPruning();
  committed->held_seconds = flight_->held_seconds + SecondsSince(began);
  committed->told = flight_->told;
  flight_.reset();
  return std::optional<Committed>(*committed);
}

// Collective.
Outcome<Committed> Saver::Commit() {
  const Clock::time_point began = Clock::now();
  CKPT_RETURN_IF_FAILED(ranks_.Agree(flight_->shard ? Done() : Done(flight_->shard.error())));
  CKPT_ASSIGN_OR_RETURN(const std::vector<Shard> shards, GatherShards());
  Outcome<std::string> told = std::string();
  if (ranks_.is_first()) told = flight_->unasked ? *flight_->unasked : GuardedManifest(shards);
  if (flight_->unasked && shards != flight_->noted)
    told = InternalFailure("what the ranks say of their shards is not what their notes said");
  CKPT_ASSIGN_OR_RETURN(const std::string numbers, ranks_.Share(std::move(told)));
  Committed committed = CommittedAs(numbers);
  // Not the time in which the program did something else before it came here.
  std::vector<std::int64_t> written_us = {static_cast<std::int64_t>(flight_->written_seconds * 1e6)};
  CKPT_RETURN_IF_FAILED(ranks_.Maximum(written_us));
  committed.total_seconds = static_cast<double>(written_us[0]) / 1e6 + SecondsSince(began);
  return committed;
}

// `numbers`: what WriteManifest returns.
Committed Saver::CommittedAs(const std::string& numbers) const {
  const Manifest& manifest = flight_->manifest;
  Committed committed{
      manifest.generation, manifest.step, numbers.front() == 'd', manifest.state_bytes(), 0, 0, 0};
  committed.written_bytes = std::stoull(numbers.substr(1));
  return committed;
}

Outcome<Committed> Saver::GuardedCommit() {
  Outcome<Committed> committed = Committed();
  Done done = Guard([&]() -> Done {
    committed = Commit();
    return {};
  });
  if (!done) committed = std::move(done).error();
  return committed;
}

// Collective.
Outcome<std::vector<Shard>> Saver::GatherShards() {
  std::vector<Shard> shards;
  if (ranks_.size() == 1) {
    shards.push_back(*flight_->shard);
    return shards;
  }
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::string> texts, ranks_.Gather(EncodeShard(*flight_->shard)));
  Done decoded;
  for (const std::string& text : texts) {
    auto shard = DecodeShard(text);
    if (!shard) decoded = shard.error();
    if (shard) shards.push_back(std::move(*shard));
  }
  CKPT_RETURN_IF_FAILED(ranks_.Agree(decoded));
  return shards;
}

Outcome<std::string> Saver::GuardedManifest(const std::vector<Shard>& shards) {
  Outcome<std::string> told = std::string();
  const Done guarded = Guard([&]() -> Done {
    told = WriteManifest(shards);
    return {};
  });
  if (!guarded) told = guarded.error();
  return told;
}

// At rank 0. The commit itself. Returns 'd' (differential) or 'f' and the bytes written by all ranks.
Outcome<std::string> Saver::WriteManifest(const std::vector<Shard>& shards) {
  Manifest manifest = flight_->manifest;
  manifest.shards = shards;
  const std::vector<std::uint64_t> sources = manifest.sources();
  if (sources.front() != manifest.generation) manifest.base = sources.front();
  const std::string master = generation_directory() + "/" + kMasterName;
  CKPT_RETURN_IF_FAILED(files_.WriteDurably(master + ".tmp", flight_->master));
  CKPT_RETURN_IF_FAILED(files_.Rename(master + ".tmp", master));
  const std::string path = generation_directory() + "/" + kManifestName;
  CKPT_RETURN_IF_FAILED(files_.WriteDurably(path + ".tmp", Encode(manifest)));
  // Everything the manifest names has its name durably before the manifest has.
  CKPT_RETURN_IF_FAILED(files_.SyncDirectory(generation_directory()));
  CKPT_RETURN_IF_FAILED(CheckOwner(files_, directory_, owner_));
  CKPT_RETURN_IF_FAILED(files_.Rename(path + ".tmp", path));
  flight_->named = true;
  CKPT_RETURN_IF_FAILED(files_.SyncDirectory(generation_directory()));
  CKPT_RETURN_IF_FAILED(CheckOwner(files_, directory_, owner_));
  return (manifest.base > 0 ? "d" : "f") + std::to_string(manifest.written_bytes());
}

// To read all manifests and to remove large files takes long. A program that saves asynchronously is not held
// for it.
void Saver::StartPruning() {
  const Done started = Guard([&]() -> Done {
    if (settings_.asynchronous) {
      pruning_ = std::jthread([this, generation = generation_directory(), ranks = ranks_.size()] {
        RemoveNotes(files_, generation, ranks);
        Prune();
      });
    } else {
      Prune();
    }
    return {};
  });
  static_cast<void>(started);
}

void Saver::WaitForPruning() {
  if (pruning_.joinable()) pruning_.join();
}

// Old generations that cannot be removed now are tried again after the next save.
void Saver::Prune() {
  const Done pruned = Guard([&]() -> Done {
    // Which generations count is for the newest owner to say.
    CKPT_RETURN_IF_FAILED(CheckOwner(files_, directory_, owner_));
    CKPT_ASSIGN_OR_RETURN(const std::vector<Generation> generations,
                          ReadGenerations(files_, directory_, owner_));
    for (const std::uint64_t generation : Removable(generations, settings_.keep)) {
      static_cast<void>(RemoveGeneration(files_, directory_, generation));
    }
    return {};
  });
  static_cast<void>(pruned);
}

void Saver::Discard() {
  if (!ranks_.is_first() || flight_->manifest.generation == 0 || flight_->named) return;
  flight_->shard_save.reset();
  static_cast<void>(
      Guard([&] { return RemoveGeneration(files_, directory_, flight_->manifest.generation); }));
}

}  // namespace bsub::ckpt
