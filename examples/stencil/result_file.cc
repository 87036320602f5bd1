#include "examples/stencil/result_file.h"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace stencil {
namespace {

std::string Hexadecimal(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, number);
  return text;
}

std::string Json(const RunResult& r) {
  char text[512];
  std::snprintf(text, sizeof text,
                "{\"size\": %" PRId64 ", \"steps\": %" PRId64 ", \"firstStep\": %" PRId64
                ", \"ranks\": %d, \"fingerprint\": \"%s\", \"largestError\": %.3g, \"heat\": %.15g, "
                "\"seconds\": %.3f}\n",
                r.size, r.steps, r.first_step, r.ranks, Hexadecimal(r.measure.fingerprint).c_str(),
                r.measure.largest_error, r.measure.heat, r.seconds);
  return text;
}

}  // namespace

std::string Sentence(const RunResult& r) {
  char text[512];
  const auto computed = static_cast<double>(r.steps - r.first_step) * static_cast<double>(r.size) *
                        static_cast<double>(r.size) * static_cast<double>(r.size);
  std::snprintf(text, sizeof text,
                "step %" PRId64
                ": fingerprint %s, largest error %.2g, heat %.10g; %d rank%s, %.3f s, %.0f million cells/s",
                r.steps, Hexadecimal(r.measure.fingerprint).c_str(), r.measure.largest_error, r.measure.heat,
                r.ranks, r.ranks == 1 ? "" : "s", r.seconds,
                r.seconds > 0 ? computed / r.seconds / 1e6 : 0.0);
  return text;
}

tl::expected<void, std::string> WriteResultFile(const std::string& path, const RunResult& result) {
  const std::string temporary = path + ".tmp";
  const std::string text = Json(result);
  std::FILE* file = std::fopen(temporary.c_str(), "w");
  bool good = file != nullptr;
  if (good) {
    good = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    good = std::fclose(file) == 0 && good;
  }
  if (!good || std::rename(temporary.c_str(), path.c_str()) != 0)
    return tl::unexpected("cannot write the result to " + path + ": " + std::strerror(errno));
  return {};
}

}  // namespace stencil
