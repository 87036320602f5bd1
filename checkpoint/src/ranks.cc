#include "checkpoint/src/ranks.h"

#include <cstdlib>

namespace bsub::ckpt {
namespace {

Failure TableFailed(const char* which, int code) {
  return {BSUB_CHECKPOINT_COLLECTIVE,
          std::string("the collective ") + which + " failed with code " + std::to_string(code)};
}

std::string Pack(const Failure& failure) { return std::to_string(failure.status) + " " + failure.message; }

Failure Unpack(const std::string& text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string::npos) return InternalFailure("a rank's message is not well formed");
  return {static_cast<bsub_checkpoint_status>(std::atoi(text.c_str())), text.substr(blank + 1)};
}

}  // namespace

Ranks::Ranks() : table_{} { table_.ranks = 1; }

Ranks::~Ranks() {
  if (table_.release != nullptr) table_.release(table_.context);
}

Done Ranks::Maximum(std::vector<std::int64_t>& values) const {
  if (size() == 1) return {};
  const int code = table_.maximum(table_.context, values.data(), static_cast<std::uint32_t>(values.size()));
  if (code != 0) return TableFailed("maximum", code);
  return {};
}

Outcome<std::string> Ranks::Broadcast(std::string text) const {
  if (size() == 1) return text;
  std::uint64_t bytes = text.size();
  if (const int code = table_.broadcast(table_.context, &bytes, sizeof(bytes), 0)) {
    return TableFailed("broadcast", code);
  }
  text.resize(bytes);
  if (bytes == 0) return text;
  if (const int code = table_.broadcast(table_.context, text.data(), bytes, 0)) {
    return TableFailed("broadcast", code);
  }
  return text;
}

Outcome<std::vector<std::string>> Ranks::Gather(std::string_view text) const {
  if (size() == 1) return std::vector<std::string>{std::string(text)};
  const auto ranks = static_cast<std::size_t>(size());
  const std::uint64_t bytes = text.size();
  std::vector<std::uint64_t> of_numbers(ranks, sizeof(bytes));
  std::vector<std::uint64_t> lengths(ranks, 0);
  if (const int code =
          table_.gather(table_.context, &bytes, sizeof(bytes), lengths.data(), of_numbers.data(), 0)) {
    return TableFailed("gather", code);
  }
  std::uint64_t total = 0;
  if (is_first()) {
    for (const std::uint64_t length : lengths) total += length;
  }
  std::string all(total, '\0');
  if (const int code = table_.gather(table_.context, text.data(), bytes, all.data(), lengths.data(), 0)) {
    return TableFailed("gather", code);
  }
  std::vector<std::string> texts;
  if (!is_first()) return texts;
  std::uint64_t at = 0;
  for (const std::uint64_t length : lengths) {
    texts.push_back(all.substr(at, length));
    at += length;
  }
  return texts;
}

Done Ranks::Agree(const Done& mine) const {
  if (size() == 1) return mine;
  // The lowest rank that failed has the largest number.
  const std::int64_t none = -static_cast<std::int64_t>(size());
  std::vector<std::int64_t> worst = {mine ? none : -static_cast<std::int64_t>(rank())};
  CKPT_RETURN_IF_FAILED(Maximum(worst));
  if (worst[0] == none) return {};
  CKPT_ASSIGN_OR_RETURN(const std::vector<std::string> all, Gather(mine ? "" : Pack(mine.error())));
  const auto failed = static_cast<std::size_t>(-worst[0]);
  CKPT_ASSIGN_OR_RETURN(const std::string told, Broadcast(is_first() ? all[failed] : ""));
  Failure failure = Unpack(told);
  failure.message = "rank " + std::to_string(failed) + ": " + failure.message;
  return failure;
}

Outcome<std::string> Ranks::Share(Outcome<std::string> of_first) const {
  if (size() == 1) return of_first;
  std::string text;
  if (is_first()) text = of_first ? "+" + *of_first : "-" + Pack(of_first.error());
  CKPT_ASSIGN_OR_RETURN(text, Broadcast(std::move(text)));
  if (text.empty()) return InternalFailure("rank 0's message is empty");
  if (text.front() == '-') return Unpack(text.substr(1));
  return text.substr(1);
}

}  // namespace bsub::ckpt
