#include "checkpoint/src/checked_text.h"

#include "checkpoint/src/checksum.h"

namespace bsub::ckpt {

std::string AddChecksum(std::string_view format, std::string_view body) {
  std::string text =
      R"({"format":")" + std::string(format) + R"(","version":1,"xxh3":")" + ToHex(Checksum(body));
  text += "\"}\n";
  return text += body;
}

Outcome<std::string_view> CheckChecksum(std::string_view format, std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return Damaged("its first line has no end");
  const std::string_view body = text.substr(end + 1);
  const std::string expected = AddChecksum(format, body);
  if (text == expected) return body;
  const bool same_format =
      text.starts_with(R"({"format":")" + std::string(format) + R"(","version":1,"xxh3":")");
  return Damaged(same_format ? "its checksum does not match"
                             : "its first line is not that of " + std::string(format) + ", version 1");
}

}  // namespace bsub::ckpt
