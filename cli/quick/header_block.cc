#include "cli/quick/header_block.h"

#include <array>
#include <cstdint>
#include <optional>

namespace bsub::cli::quick {
namespace {

constexpr std::uint64_t kStaticEntries = 61;
constexpr std::uint64_t kFirstStatus = 8;  // :status with these values
constexpr std::array<std::string_view, 7> kStatuses = {"200", "204", "206", "304", "400", "404", "500"};
constexpr std::uint64_t kLongestString = std::uint64_t{1} << 24;

// An integer that shares its first byte with `flags` (RFC 7541, 5.1).
void AppendInteger(std::string& block, std::uint8_t flags, int prefix_bits, std::uint64_t value) {
  const std::uint64_t most = (1u << prefix_bits) - 1;
  if (value < most) {
    block.push_back(static_cast<char>(flags | value));
    return;
  }
  block.push_back(static_cast<char>(flags | most));
  for (value -= most; value >= 128; value /= 128) block.push_back(static_cast<char>(128 + value % 128));
  block.push_back(static_cast<char>(value));
}

void AppendText(std::string& block, std::string_view text) {
  AppendInteger(block, 0, 7, text.size());
  block.append(text);
}

class Reader {
 public:
  explicit Reader(std::string_view block) : rest_(block) {}

  bool AtEnd() const { return rest_.empty(); }
  std::uint8_t Peek() const { return static_cast<std::uint8_t>(rest_.front()); }

  std::optional<std::uint64_t> Integer(int prefix_bits) {
    if (rest_.empty()) return std::nullopt;
    const std::uint64_t most = (1u << prefix_bits) - 1;
    std::uint64_t value = Peek() & most;
    rest_.remove_prefix(1);
    if (value < most) return value;
    for (int shift = 0; shift <= 28; shift += 7) {
      if (rest_.empty()) return std::nullopt;
      const std::uint64_t byte = Peek();
      rest_.remove_prefix(1);
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    return std::nullopt;
  }

  // Empty if it is Huffman-coded.
  std::optional<std::string> Text() {
    if (rest_.empty()) return std::nullopt;
    const bool coded = (Peek() & 0x80) != 0;
    const auto size = Integer(7);
    if (!size || *size > kLongestString || *size > rest_.size()) return std::nullopt;
    std::string text(coded ? std::string_view() : rest_.substr(0, *size));
    rest_.remove_prefix(*size);
    return text;
  }

  std::optional<Header> Indexed() {
    const auto index = Integer(7);
    if (!index || *index == 0 || *index > kStaticEntries) return std::nullopt;
    if (*index < kFirstStatus || *index >= kFirstStatus + kStatuses.size()) return Header{};
    return Header{":status", std::string(kStatuses[*index - kFirstStatus])};
  }

  std::optional<Header> Literal(int prefix_bits) {
    const auto index = Integer(prefix_bits);
    if (!index || *index > kStaticEntries) return std::nullopt;
    Header header;
    if (*index == 0) {
      auto name = Text();
      if (!name) return std::nullopt;
      header.name = std::move(*name);
    } else if (*index >= kFirstStatus && *index < kFirstStatus + kStatuses.size()) {
      header.name = ":status";
    }
    auto value = Text();
    if (!value) return std::nullopt;
    header.value = std::move(*value);
    return header;
  }

 private:
  std::string_view rest_;
};

}  // namespace

void AppendHeader(std::string& block, std::string_view name, std::string_view value) {
  block.push_back(0);
  AppendText(block, name);
  AppendText(block, value);
}

Result<std::vector<Header>> ReadHeaderBlock(std::string_view block) {
  std::vector<Header> headers;
  for (Reader reader(block); !reader.AtEnd();) {
    const std::uint8_t first = reader.Peek();
    if ((first & 0xe0) == 0x20) {  // a new size of the dynamic table
      if (reader.Integer(5) != std::uint64_t{0}) return DataLoss("the answer's headers use a table");
      continue;
    }
    const auto header = (first & 0x80) != 0   ? reader.Indexed()
                        : (first & 0x40) != 0 ? reader.Literal(6)
                                              : reader.Literal(4);
    if (!header) return DataLoss("the answer's headers cannot be read");
    headers.push_back(*header);
  }
  return headers;
}

}  // namespace bsub::cli::quick
