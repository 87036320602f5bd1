#include "scheduler/journal/identity.h"

#include <random>

#include "common/hash.h"

namespace bsub::journal {
namespace {

constexpr std::string_view kName = "identity";
constexpr std::string_view kFirstLine = "bsub-lite journal\n";
constexpr std::string_view kLabel = "cluster ";
constexpr std::size_t kUuidChars = 36;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string FormatUuid(const ClusterUuid& uuid) {
  std::string text = ToHex(uuid.bytes);
  for (const std::size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

Result<ClusterUuid> ParseUuid(std::string_view text) {
  const Error bad = InvalidArgument("cluster UUID \"" + std::string(text.substr(0, 64)) +
                                    "\": expected 8-4-4-4-12 digits 0-9a-f, as in "
                                    "123e4567-e89b-42d3-a456-426614174000");
  if (text.size() != kUuidChars) return bad;
  ClusterUuid uuid;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const int digit = HexDigit(text[i]);
    if (dash ? text[i] != '-' : digit < 0) return bad;
    if (dash) continue;
    std::uint8_t& byte = uuid.bytes[digits / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | digit);
    ++digits;
  }
  return uuid;
}

ClusterUuid RandomUuid() {
  std::random_device device;
  ClusterUuid uuid;
  for (std::uint8_t& byte : uuid.bytes) byte = static_cast<std::uint8_t>(device());
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
  return uuid;
}

Result<std::optional<ClusterUuid>> ReadIdentity(FileSystem& files, const std::string& directory) {
  const std::string path = Join(directory, kName);
  auto text = ReadWhole(files, path);
  if (!text && text.error().code == Code::kNotFound) return std::optional<ClusterUuid>();
  if (!text) return Error(std::move(text).error());
  const std::string_view rest = std::string_view(*text).substr(std::min(kFirstLine.size(), text->size()));
  const bool shaped =
      text->substr(0, kFirstLine.size()) == kFirstLine && rest.substr(0, kLabel.size()) == kLabel;
  const auto uuid = ParseUuid(shaped ? rest.substr(kLabel.size(), kUuidChars) : rest);
  if (!uuid) {
    return DataLoss(path +
                    " is damaged: it should name this journal's cluster; write \"cluster UUID\" of bsub-lite "
                    "journal dump --summary into its second line");
  }
  return std::optional<ClusterUuid>(*uuid);
}

Status WriteIdentity(FileSystem& files, const std::string& directory, const ClusterUuid& uuid) {
  const std::string text = std::string(kFirstLine) + std::string(kLabel) + FormatUuid(uuid) + "\n";
  return WriteAtomically(files, directory, std::string(kName), text);
}

}  // namespace bsub::journal
