// The byte stream between agent and spawner: the same frames come out however the stream is cut.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/check.h"
#include "worker/launch/frame.h"

namespace {

constexpr std::size_t kMaxPayload = 4096;

// Ends with "!" if the stream was refused.
std::vector<std::string> Frames(std::string_view stream, std::size_t step) {
  bsub::worker::FrameReader reader(kMaxPayload);
  std::vector<std::string> frames;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    reader.Append(stream.substr(at, step));
    while (true) {
      const auto frame = reader.Next();
      if (!frame) return frames.emplace_back("!"), frames;
      if (!*frame) break;
      BSUB_CHECK((*frame)->size() <= kMaxPayload) << (*frame)->size();
      frames.emplace_back(**frame);
    }
  }
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  if (stream.empty()) return 0;
  const std::vector<std::string> whole = Frames(stream, stream.size());
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}})
    BSUB_CHECK(Frames(stream, step) == whole) << "cut into " << step;
  return 0;
}
