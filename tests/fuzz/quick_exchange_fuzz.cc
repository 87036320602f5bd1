// What a server says after its first SETTINGS: a call ends well, or does not, however the bytes are cut.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/quick/exchange.h"
#include "common/check.h"

namespace {

using bsub::cli::quick::Exchange;

constexpr std::string_view kSettings("\0\0\0\4\0\0\0\0\0", 9);

// The message of a call that ended well. (Which of several troubles is told depends on the cuts.)
std::optional<std::string> Answered(std::string_view bytes, std::size_t step) {
  Exchange exchange({"/p.S/M", {}, "hello"});
  BSUB_CHECK(exchange.Take(kSettings) && exchange.sent()) << "no request";
  exchange.TakeOutgoing();
  for (std::size_t at = 0; at < bytes.size() && !exchange.end(); at += step) {
    if (!exchange.Take(bytes.substr(at, step))) return std::nullopt;
    exchange.TakeOutgoing();
  }
  if (!exchange.end() || !*exchange.end()) return std::nullopt;
  return exchange.message();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const auto whole = Answered(bytes, bytes.size());
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}})
    BSUB_CHECK(Answered(bytes, step) == whole) << "cut into " << step;
  return 0;
}
