// bsub/checkpoint.h over Session: arguments checked, exceptions stopped, messages kept.
#include <bsub/checkpoint.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <thread>

#include "checkpoint/src/hdf5_support.h"
#include "checkpoint/src/parallel.h"
#include "checkpoint/src/session.h"

using bsub::ckpt::Done;
using bsub::ckpt::Failure;
using bsub::ckpt::Guard;
using bsub::ckpt::Session;

struct bsub_checkpoint {
  std::unique_ptr<Session> session;  // null: open failed
  std::string message;
};

namespace {

thread_local int hdf5_locks = 0;  // that this thread holds by bsub_checkpoint_lock_hdf5

// The defaults that bsub/checkpoint.h documents for bsub_checkpoint_options.
constexpr int kFewestThreads = 4;  // of which most wait for the disk
constexpr int kUsualKeep = 2;
constexpr int kUsualQuarantine = 3;
constexpr std::uint64_t kUsualBlock = std::uint64_t{1} << 20;

// What an option may be at most or at least. What is beyond is taken for a mistake, not for a wish.
constexpr int kMostCompression = 9;  // zlib's levels
constexpr int kMostThreads = 1024;
constexpr int kMostCount = 1'000'000;  // of generations, of loads
constexpr std::uint64_t kLeastBlock = 512;
constexpr std::uint64_t kMostBlock = std::uint64_t{256} << 20;

// Wholly a number, whatever the program's locale.
bool IsNumber(std::string_view text, double& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

double NumberFrom(const char* name) {
  const char* text = std::getenv(name);
  double number = 0;
  return text != nullptr && IsNumber(text, number) && number > 0 ? number : 0;
}

// What NumberFrom would pass over.
Done CheckEnvironment() {
  for (const char* name :
       {"BSUB_CHECKPOINT_INTERVAL", "BSUB_CHECKPOINT_MTBF", "BSUB_CHECKPOINT_ASYNC",
        "BSUB_CHECKPOINT_COMPRESSION", "BSUB_CHECKPOINT_DIFFERENTIAL", "BSUB_CHECKPOINT_KEEP"}) {
    const char* text = std::getenv(name);
    double number = 0;
    if (text == nullptr || *text == '\0' || IsNumber(text, number)) continue;
    return bsub::ckpt::Invalid(std::string(name) + ": '" + text + "'; expected a number, as 30 or 2.5");
  }
  return {};
}

const char* WordFrom(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0' ? text : nullptr;
}

std::string Or(const char* text, const char* fallback) {
  return text != nullptr ? text : fallback != nullptr ? fallback : "";
}

// The caller's structure may be an older, shorter one.
bsub_checkpoint_options Complete(const bsub_checkpoint_options* given) {
  bsub_checkpoint_options options;
  bsub_checkpoint_options_init(&options);
  if (given == nullptr) return options;
  std::memcpy(&options, given, std::min<std::size_t>(given->size, sizeof(options)));
  return options;
}

bsub::ckpt::SaverSettings SaverSettingsOf(const bsub_checkpoint_options& options) {
  bsub::ckpt::SaverSettings settings;
  settings.save.block_bytes = options.block_bytes > 0 ? options.block_bytes : kUsualBlock;
  settings.save.compression = options.compression;
  const int cpus = static_cast<int>(std::thread::hardware_concurrency());
  settings.save.threads = options.threads > 0 ? options.threads : std::max(kFewestThreads, cpus);
  settings.asynchronous = options.asynchronous != 0;
  settings.staging_bytes = options.staging_bytes;
  settings.differential = options.differential;
  settings.keep = static_cast<std::uint64_t>(options.keep > 0 ? options.keep : kUsualKeep);
  return settings;
}

Done CheckRange(const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value == 0 || (value >= least && value <= most)) return {};
  return bsub::ckpt::Invalid(std::string("options.") + name + ": " + std::to_string(value) + "; " +
                             std::to_string(least) + " to " + std::to_string(most) +
                             " are possible, 0 is the default");
}

Done CheckOptions(const bsub_checkpoint_options& options) {
  CKPT_RETURN_IF_FAILED(CheckRange("compression", options.compression, 1, kMostCompression));
  CKPT_RETURN_IF_FAILED(CheckRange("differential", options.differential, 1, bsub::ckpt::kLongestChain));
  CKPT_RETURN_IF_FAILED(CheckRange("keep", options.keep, 1, kMostCount));
  CKPT_RETURN_IF_FAILED(CheckRange("threads", options.threads, 1, kMostThreads));
  CKPT_RETURN_IF_FAILED(CheckRange("quarantine_after", options.quarantine_after, 1, kMostCount));
  return CheckRange("block_bytes", static_cast<std::int64_t>(options.block_bytes), kLeastBlock, kMostBlock);
}

// DIR/ID, of a child DIR/ID/INDEX: what the job's node names. A script may have put another one in its place,
// such as one below it for each of its programs.
bool IsJobsOwn(const std::string& directory) {
  const char* job = WordFrom("BSUB_JOB_ID");
  if (job == nullptr) return false;
  std::string end = "/";
  end += job;
  if (const char* index = WordFrom("BSUB_ARRAY_INDEX")) {
    end += "/";
    end += index;
  }
  return directory == Or(WordFrom("BSUB_CHECKPOINT_DIR"), nullptr) && directory.ends_with(end);
}

bsub::ckpt::SessionOptions SessionOptionsOf(const bsub_checkpoint_options& options) {
  bsub::ckpt::SessionOptions session;
  session.directory = Or(options.directory, WordFrom("BSUB_CHECKPOINT_DIR"));
  while (session.directory.size() > 1 && session.directory.back() == '/') session.directory.pop_back();
  session.restart_from = Or(options.restart_from, WordFrom("BSUB_CHECKPOINT_RESTART_FROM"));
  session.control_directory = Or(WordFrom("BSUB_CONTROL_DIR"), nullptr);
  session.saver = SaverSettingsOf(options);
  session.pace = {options.interval_seconds, options.mean_seconds_between_interruptions};
  session.quarantine_after = options.quarantine_after > 0 ? options.quarantine_after : kUsualQuarantine;
  session.read_only = options.read_only != 0;
  session.quiet = options.quiet != 0;
  session.attempt = bsub::ckpt::AttemptFromEnvironment();
  // Of a store elsewhere nobody knows anything.
  if (IsJobsOwn(session.directory))
    session.saved_before = static_cast<std::uint64_t>(std::min(NumberFrom("BSUB_SAVED_GENERATION"), 1e15));
  session.forgive_last_load = Or(WordFrom("BSUB_PREVIOUS_END"), nullptr) == "interrupted";
  return session;
}

Done CheckTable(const bsub_checkpoint_collectives& table) {
  const bool whole = table.size >= sizeof(bsub_checkpoint_collectives) && table.broadcast != nullptr &&
                     table.gather != nullptr && table.maximum != nullptr;
  if (whole && table.ranks >= 1 && table.rank >= 0 && table.rank < table.ranks) return {};
  return bsub::ckpt::Invalid(
      "collectives: size, rank, ranks and three functions must be set; see bsub/checkpoint_mpi.h");
}

// Keeps the failure's words for bsub_checkpoint_message.
bsub_checkpoint_status Tell(bsub_checkpoint* store, const Done& done) {
  if (done) {
    store->message.clear();
    return BSUB_CHECKPOINT_OK;
  }
  try {
    store->message = done.error().message;
  } catch (const std::bad_alloc&) {
    store->message.clear();
  }
  return done.error().status;
}

// Runs work(session) of a store that is open.
template <typename Work>
bsub_checkpoint_status With(bsub_checkpoint* store, Work work) {
  if (store == nullptr) return BSUB_CHECKPOINT_INVALID;
  return Tell(store, Guard([&]() -> Done {
                if (!store->session) return bsub::ckpt::Invalid("the store is not open");
                if (hdf5_locks > 0) {
                  return bsub::ckpt::Invalid(
                      "this thread holds bsub_checkpoint_lock_hdf5; unlock it first: other threads of a save "
                      "need it");
                }
                return work(*store->session);
              }));
}

}  // namespace

extern "C" {

void bsub_checkpoint_options_init(bsub_checkpoint_options* options) {
  if (options == nullptr) return;
  *options = bsub_checkpoint_options{};
  options->size = sizeof(*options);
  options->directory = WordFrom("BSUB_CHECKPOINT_DIR");
  options->restart_from = WordFrom("BSUB_CHECKPOINT_RESTART_FROM");
  options->interval_seconds = NumberFrom("BSUB_CHECKPOINT_INTERVAL");
  options->mean_seconds_between_interruptions = NumberFrom("BSUB_CHECKPOINT_MTBF");
  options->asynchronous = NumberFrom("BSUB_CHECKPOINT_ASYNC") > 0 ? 1 : 0;
  options->compression =
      static_cast<std::int32_t>(std::min(NumberFrom("BSUB_CHECKPOINT_COMPRESSION"), 100.0));
  options->differential =
      static_cast<std::int32_t>(std::min(NumberFrom("BSUB_CHECKPOINT_DIFFERENTIAL"), 100.0));
  options->keep = static_cast<std::int32_t>(std::min(NumberFrom("BSUB_CHECKPOINT_KEEP"), 1e6));
}

bsub_checkpoint_status bsub_checkpoint_open(const bsub_checkpoint_options* given,
                                            const bsub_checkpoint_collectives* collectives,
                                            bsub_checkpoint** store) {
  if (store == nullptr) return BSUB_CHECKPOINT_INVALID;
  *store = new (std::nothrow) bsub_checkpoint;
  if (*store == nullptr) return BSUB_CHECKPOINT_NO_MEMORY;
  const Done done = Guard([&]() -> Done {
    if (collectives != nullptr) CKPT_RETURN_IF_FAILED(CheckTable(*collectives));
    auto ranks = collectives != nullptr ? std::make_unique<bsub::ckpt::Ranks>(*collectives)
                                        : std::make_unique<bsub::ckpt::Ranks>();
    const bsub_checkpoint_options options = Complete(given);
    Done good = CheckEnvironment();
    if (good) good = CheckOptions(options);
    CKPT_RETURN_IF_FAILED(ranks->Agree(good));
    const bsub::ckpt::SessionOptions settings = SessionOptionsOf(options);
    CKPT_ASSIGN_OR_RETURN((*store)->session,
                          Session::Open(bsub::ckpt::PosixFileSystem(), std::move(ranks), settings));
    return {};
  });
  return Tell(*store, done);
}

bsub_checkpoint_status bsub_checkpoint_dataset(bsub_checkpoint* store, const char* name,
                                               bsub_checkpoint_type type, int32_t dimensions,
                                               const uint64_t* global, const uint64_t* offset,
                                               const uint64_t* count, void* data) {
  return With(store, [&](Session& session) {
    return session.declarations().AddDataset(name, type, {dimensions, global, offset, count, data});
  });
}

bsub_checkpoint_status bsub_checkpoint_move(bsub_checkpoint* store, const char* name, void* data) {
  return With(store, [&](Session& session) { return session.declarations().Move(name, data); });
}

bsub_checkpoint_status bsub_checkpoint_value(bsub_checkpoint* store, const char* name,
                                             bsub_checkpoint_type type, uint64_t count, void* data) {
  return With(store,
              [&](Session& session) { return session.declarations().AddValue(name, type, count, data); });
}

bsub_checkpoint_status bsub_checkpoint_attribute_text(bsub_checkpoint* store, const char* dataset,
                                                      const char* name, const char* text) {
  return With(store, [&](Session& session) {
    bsub::ckpt::Attribute attribute;
    attribute.text = text == nullptr ? "" : text;
    return session.declarations().AddAttribute(dataset, name, std::move(attribute));
  });
}

bsub_checkpoint_status bsub_checkpoint_attribute_number(bsub_checkpoint* store, const char* dataset,
                                                        const char* name, double number) {
  return With(store, [&](Session& session) {
    bsub::ckpt::Attribute attribute;
    attribute.is_text = false;
    attribute.number = number;
    return session.declarations().AddAttribute(dataset, name, std::move(attribute));
  });
}

bsub_checkpoint_status bsub_checkpoint_load(bsub_checkpoint* store, uint64_t* step) {
  if (step != nullptr) *step = 0;
  return With(store, [&](Session& session) -> Done {
    CKPT_ASSIGN_OR_RETURN(const std::uint64_t loaded, session.Load());
    if (step != nullptr) *step = loaded;
    return {};
  });
}

bsub_checkpoint_status bsub_checkpoint_save(bsub_checkpoint* store, uint64_t step) {
  return With(store, [&](Session& session) { return session.Save(step); });
}

bsub_checkpoint_status bsub_checkpoint_wait(bsub_checkpoint* store) {
  return With(store, [](Session& session) { return session.Wait(); });
}

int32_t bsub_checkpoint_should_checkpoint(bsub_checkpoint* store) {
  int32_t should = 0;
  With(store, [&](Session& session) -> Done {
    should = session.ShouldCheckpoint() ? 1 : 0;
    return session.late_failure() ? Done(*session.late_failure()) : Done();
  });
  return should;
}

int32_t bsub_checkpoint_should_stop(bsub_checkpoint* store) {
  return store != nullptr && store->session && store->session->should_stop() ? 1 : 0;
}

double bsub_checkpoint_remaining_seconds(bsub_checkpoint* store) {
  double seconds = -1;
  With(store, [&](Session& session) -> Done {
    seconds = session.RemainingSeconds();
    return {};
  });
  return seconds;
}

bsub_checkpoint_status bsub_checkpoint_stopped(bsub_checkpoint* store) {
  return With(store, [](Session& session) { return session.Stopped(); });
}

bsub_checkpoint_status bsub_checkpoint_step(bsub_checkpoint* store, uint64_t step, int32_t* stop) {
  bool leave = false;
  const bsub_checkpoint_status status =
      With(store, [&](Session& session) { return session.Step(step, &leave); });
  if (stop != nullptr) *stop = leave ? 1 : 0;
  return status;
}

bsub_checkpoint_status bsub_checkpoint_describe(bsub_checkpoint* store, bsub_checkpoint_facts* facts) {
  return With(store, [&](Session& session) -> Done {
    if (facts == nullptr) return bsub::ckpt::Invalid("facts is NULL");
    const bsub::ckpt::SessionFacts& of = session.facts();
    bsub_checkpoint_facts all{};
    all.size = static_cast<std::uint32_t>(std::min<std::size_t>(facts->size, sizeof(all)));
    all.differential = of.last_save.differential ? 1 : 0;
    all.generation = of.generation;
    all.step = of.step;
    all.state_bytes = of.state_bytes;
    all.written_bytes = of.last_save.written_bytes;
    all.held_seconds = of.last_save.held_seconds;
    all.save_seconds = of.last_save.total_seconds;
    all.load_seconds = of.load_seconds;
    all.interval_seconds = session.interval();
    std::memcpy(facts, &all, all.size);
    return {};
  });
}

const char* bsub_checkpoint_message(const bsub_checkpoint* store) {
  return store == nullptr ? "" : store->message.c_str();
}

bsub_checkpoint_status bsub_checkpoint_close(bsub_checkpoint* store) {
  if (store == nullptr) return BSUB_CHECKPOINT_OK;
  const std::unique_ptr<bsub_checkpoint> owned(store);
  if (!owned->session) return BSUB_CHECKPOINT_OK;
  const Done done = Guard([&] { return owned->session->Close(); });
  return done ? BSUB_CHECKPOINT_OK : done.error().status;
}

void bsub_checkpoint_abandon(bsub_checkpoint* store) {
  const std::unique_ptr<bsub_checkpoint> owned(store);
  if (owned && owned->session) owned->session->Abandon();
}

void bsub_checkpoint_lock_hdf5(void) {
  bsub::ckpt::Hdf5Mutex().lock();
  ++hdf5_locks;
}

void bsub_checkpoint_unlock_hdf5(void) {
  --hdf5_locks;
  bsub::ckpt::Hdf5Mutex().unlock();
}

const char* bsub_checkpoint_status_name(bsub_checkpoint_status status) {
  switch (status) {
    case BSUB_CHECKPOINT_OK:
      return "ok";
    case BSUB_CHECKPOINT_NOTHING_SAVED:
      return "nothing-saved";
    case BSUB_CHECKPOINT_INVALID:
      return "invalid";
    case BSUB_CHECKPOINT_NO_DIRECTORY:
      return "no-directory";
    case BSUB_CHECKPOINT_IO:
      return "io";
    case BSUB_CHECKPOINT_DAMAGED:
      return "damaged";
    case BSUB_CHECKPOINT_FENCED:
      return "fenced";
    case BSUB_CHECKPOINT_MISMATCH:
      return "mismatch";
    case BSUB_CHECKPOINT_COLLECTIVE:
      return "collective";
    case BSUB_CHECKPOINT_NO_MEMORY:
      return "no-memory";
    case BSUB_CHECKPOINT_INTERNAL:
      return "internal";
  }
  return "unknown";
}

}  // extern "C"
