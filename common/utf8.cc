#include "common/utf8.h"

namespace bsub {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// What a first byte says: how many bytes follow it, and between which bounds the first of these is. The
// bounds exclude overlong forms, surrogates and what lies beyond U+10FFFF (the Unicode standard, table 3-7).
struct Lead {
  std::size_t followers = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
};

Lead LeadOf(unsigned char first) {
  if (first >= 0xc2 && first <= 0xdf) return {1};
  if (first == 0xe0) return {2, 0xa0, 0xbf};
  if (first == 0xed) return {2, 0x80, 0x9f};
  if (first >= 0xe1 && first <= 0xef) return {2};
  if (first == 0xf0) return {3, 0x90, 0xbf};
  if (first >= 0xf1 && first <= 0xf3) return {3};
  if (first == 0xf4) return {3, 0x80, 0x8f};
  return {};
}

// The bytes of the character that the text begins with; 0: it begins with none.
std::size_t CharacterSize(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const Lead lead = LeadOf(first);
  if (lead.followers == 0 || text.size() <= lead.followers) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  if (second < lead.low || second > lead.high) return 0;
  for (std::size_t i = 2; i <= lead.followers; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  return lead.followers + 1;
}

}  // namespace

std::string ToUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t size = CharacterSize(bytes);
    if (size > 0) {
      text.append(bytes.substr(0, size));
      bytes.remove_prefix(size);
      continue;
    }
    const auto byte = static_cast<unsigned char>(bytes[0]);
    text.append({'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xf]});
    bytes.remove_prefix(1);
  }
  return text;
}

std::string_view CutUtf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t end = max_bytes;
  while (end > 0 && IsContinuation(text[end])) --end;
  return text.substr(0, end);
}

}  // namespace bsub
