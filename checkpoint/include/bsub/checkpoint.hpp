// bsub/checkpoint.h for C++: the same calls with types, spans and ownership. Nothing throws; a Status says
// how it went.
//
//   bsub::checkpoint::Store store;
//   if (auto opened = store.Open(); !opened) { std::cerr << opened.message() << "\n"; ... }
//   store.Dataset("u", {nz, ny, nx}, {first, 0, 0}, {mine, ny, nx}, u.data());
//   std::uint64_t step = 0;
//   store.Load(step);                       // false with nothing_saved() at the first start
//   for (bool stop = false; step < steps && !stop;) { Compute(u); stop = store.Step(++step).stop; }
#pragma once

#include <bsub/checkpoint.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace bsub::checkpoint {

// What bsub_checkpoint_dataset calls the elements of type T: float, double, long double or an integer but
// bool.
template <typename T>
constexpr bsub_checkpoint_type TypeOf() {
  if constexpr (std::is_same_v<T, float>) {
    return BSUB_CHECKPOINT_FLOAT32;
  } else if constexpr (std::is_same_v<T, double>) {
    return BSUB_CHECKPOINT_FLOAT64;
  } else if constexpr (std::is_same_v<T, long double>) {
    return BSUB_CHECKPOINT_LONG_DOUBLE;
  } else {
    static_assert(std::is_integral_v<T> && !std::is_same_v<T, bool>, "a dataset holds numbers");
    constexpr int kWidth = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return static_cast<bsub_checkpoint_type>(1 + 2 * kWidth + (std::is_unsigned_v<T> ? 1 : 0));
  }
}

// How a call went. True: BSUB_CHECKPOINT_OK. Else code() says what kind of failure it was and message(), one
// line, what was wrong and where.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(bsub_checkpoint_status code, const char* message) : code_(code), message_(message) {}
  explicit operator bool() const { return code_ == BSUB_CHECKPOINT_OK; }
  bsub_checkpoint_status code() const { return code_; }
  const std::string& message() const { return message_; }
  // Of Load: the normal first start, not an error.
  bool nothing_saved() const { return code_ == BSUB_CHECKPOINT_NOTHING_SAVED; }

 private:
  bsub_checkpoint_status code_ = BSUB_CHECKPOINT_OK;
  std::string message_;
};

// The defaults and the job's environment, as bsub_checkpoint_options_init; then set what is to be otherwise.
// The strings that its pointers point to must live until Open returns.
struct Options : bsub_checkpoint_options {
  Options() { bsub_checkpoint_options_init(this); }
};

// A program's declared arrays and numbers, and their saves in one directory. What is declared is kept by
// address: it stays where it is until Close, or until Move names another place. Calls on a store that is not
// open are BSUB_CHECKPOINT_INVALID. What is collective in bsub/checkpoint.h is so here.
class Store {
 public:
  using Extent = std::initializer_list<std::uint64_t>;  // 1 to 4 numbers, slowest dimension first

  struct Stepped {
    Status status;      // of the save, if there was one
    bool stop = false;  // leave the loop, close, end with code 0
  };

  Store() = default;
  Store(Store&& other) noexcept : store_(std::exchange(other.store_, nullptr)) {}
  Store& operator=(Store&& other) noexcept {
    std::swap(store_, other.store_);
    return *this;
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  // For a program that ends by an error: nothing collective, see bsub_checkpoint_abandon. Close() is the end
  // in order.
  ~Store() { bsub_checkpoint_abandon(store_); }

  // Makes the directory if need be and takes it over from earlier attempts. The collectives are null for a
  // single process; see bsub/checkpoint_mpi.h.
  Status Open(const Options& options = {}, const bsub_checkpoint_collectives* collectives = nullptr) {
    bsub_checkpoint_close(std::exchange(store_, nullptr));
    return Say(bsub_checkpoint_open(&options, collectives, &store_));
  }
  // Finishes an asynchronous save; how that went.
  Status Close() {
    const bsub_checkpoint_status code = bsub_checkpoint_close(std::exchange(store_, nullptr));
    return {code, code == BSUB_CHECKPOINT_OK ? "" : "the last save was not committed"};
  }

  // This rank's part of an array of shape `global`: it begins at `offset`, has the shape `count`, and its
  // elements, count[0] * count[1] * ..., are at `data`, row-major and without gaps. All three have as many
  // numbers as the array has dimensions. Parts of ranks do not overlap; together they are the whole array. A
  // count of 0: no part, and `data` may be null. Before the first Load or Save.
  template <typename T>
  Status Dataset(std::string_view name, Extent global, Extent offset, Extent count, T* data) {
    if (offset.size() != global.size() || count.size() != global.size()) {
      return {BSUB_CHECKPOINT_INVALID, "global shape, offset and count have different numbers of dimensions"};
    }
    return Say(bsub_checkpoint_dataset(store_, std::string(name).c_str(), TypeOf<T>(),
                                       static_cast<std::int32_t>(global.size()), global.begin(),
                                       offset.begin(), count.begin(), data));
  }
  // The whole array belongs to this process: `shape` elements at `data`.
  template <typename T>
  Status Dataset(std::string_view name, Extent shape, T* data) {
    const std::array<std::uint64_t, BSUB_CHECKPOINT_MAX_DIMENSIONS> zero{};
    return Say(bsub_checkpoint_dataset(store_, std::string(name).c_str(), TypeOf<T>(),
                                       static_cast<std::int32_t>(shape.size()), shape.begin(), zero.data(),
                                       shape.begin(), data));
  }
  // Another address for a dataset's part, of the same shape and type: for programs that swap two buffers.
  template <typename T>
  Status Move(std::string_view name, T* data) {
    return Say(bsub_checkpoint_move(store_, std::string(name).c_str(), data));
  }
  // One number that all ranks have alike, as a time or a seed. Rank 0's is saved, all ranks get it at Load.
  template <typename T>
  Status Value(std::string_view name, T& value) {
    return Say(bsub_checkpoint_value(store_, std::string(name).c_str(), TypeOf<T>(), 1, &value));
  }
  // `count` of them at `values`, at most 32 KiB.
  template <typename T>
  Status Values(std::string_view name, std::uint64_t count, T* values) {
    return Say(bsub_checkpoint_value(store_, std::string(name).c_str(), TypeOf<T>(), count, values));
  }
  // A word for people and other programs (name "units", text "m"), written with each later save and never
  // read back. `dataset` empty: of the file.
  Status Attribute(std::string_view dataset, std::string_view name, std::string_view text) {
    const std::string of(dataset);
    return Say(bsub_checkpoint_attribute_text(store_, of.empty() ? nullptr : of.c_str(),
                                              std::string(name).c_str(), std::string(text).c_str()));
  }

  // Reads the newest good save into what is declared; `step` becomes what that save was given, the steps
  // completed. If nothing was loaded, as at the first start, `step` is 0 and what is declared may hold
  // anything.
  Status Load(std::uint64_t& step) { return Say(bsub_checkpoint_load(store_, &step)); }
  // Now, whatever the interval says. Asynchronous: true means that the state was copied, and Wait says how it
  // went.
  Status Save(std::uint64_t step) { return Say(bsub_checkpoint_save(store_, step)); }
  Status Wait() { return Say(bsub_checkpoint_wait(store_)); }
  // For programs that do not call Step; see there and bsub_checkpoint_should_checkpoint.
  bool ShouldCheckpoint() { return bsub_checkpoint_should_checkpoint(store_) != 0; }
  bool ShouldStop() { return bsub_checkpoint_should_stop(store_) != 0; }
  Status Stopped() { return Say(bsub_checkpoint_stopped(store_)); }
  // At the end of each step: saves if it is time, and says whether the program is to stop.
  Stepped Step(std::uint64_t steps_completed) {
    std::int32_t stop = 0;
    Status status = Say(bsub_checkpoint_step(store_, steps_completed, &stop));
    return {std::move(status), stop != 0};
  }
  // What the last save or load did; all zero before, and if the store is not open.
  bsub_checkpoint_facts Facts() {
    bsub_checkpoint_facts facts{};
    facts.size = sizeof(facts);
    bsub_checkpoint_describe(store_, &facts);
    return facts;
  }
  // For the C calls; still this store's.
  bsub_checkpoint* get() const { return store_; }

 private:
  Status Say(bsub_checkpoint_status code) {
    return {code, code == BSUB_CHECKPOINT_OK ? "" : bsub_checkpoint_message(store_)};
  }

  bsub_checkpoint* store_ = nullptr;
};

}  // namespace bsub::checkpoint
