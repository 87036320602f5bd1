#include "scheduler/rpc/tokens.h"

#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/rpc/payloads.h"

namespace bsub::rpc {
namespace {

constexpr std::size_t kShortestSecret = 32;  // characters; 128 bits in hexadecimal
constexpr std::int64_t kLargestId = 4294967294;
constexpr std::string_view kScheme = "Bearer ";

std::string Digest(std::string_view secret) {
  const PayloadHash hash = Sha256(secret);
  return std::string(reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size());
}

Error AtLine(int line, const std::string& message) {
  return InvalidArgument("line " + std::to_string(line) + ": " + message);
}

// UID, or UID:GID for a user whom this machine's user database does not know. Nothing: it had to know him.
Result<std::optional<Principal>> UserOf(const std::string& word) {
  const std::size_t colon = word.find(':');
  const auto uid = ParseInteger(word.substr(0, colon), 0, kLargestId);
  if (!uid) return InvalidArgument("uid: " + uid.error().message);
  const auto user = static_cast<std::uint32_t>(*uid);
  if (colon != std::string::npos) {
    const auto gid = ParseInteger(word.substr(colon + 1), 0, kLargestId);
    if (!gid) return InvalidArgument("gid: " + gid.error().message);
    return std::optional(LocalPrincipal(user, static_cast<std::uint32_t>(*gid), {}));
  }
  return DatabasePrincipal(user);
}

std::string GoneText(int line, const std::string& name, const std::string& uid) {
  return "line " + std::to_string(line) + ": uid " + uid +
         " is not in this machine's user database, so its group is not known: the token of " + name +
         " lets nobody in; remove the line, write " + uid + ":GID, or add the user";
}

}  // namespace

Result<TokenTable> TokenTable::Parse(std::string_view text, std::uint32_t cluster_uid) {
  TokenTable table;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream fields(line.substr(0, line.find('#')));
    std::vector<std::string> words;
    for (std::string word; fields >> word;) words.push_back(word);
    if (!words.empty()) BSUB_RETURN_IF_ERROR(table.AddLine(number, words, cluster_uid));
  }
  if (table.tokens_.empty())
    return InvalidArgument("no token in it; write lines NAME SECRET admin|node|user UID[:GID]");
  return table;
}

Status TokenTable::AddLine(int line, const std::vector<std::string>& words, std::uint32_t cluster_uid) {
  const bool user = words.size() == 4 && words[2] == "user";
  const bool other = words.size() == 3 && (words[2] == "admin" || words[2] == "node");
  if (!user && !other)
    return AtLine(line, "expected NAME SECRET admin, NAME SECRET node or NAME SECRET user UID[:GID]");
  if (words[1].size() < kShortestSecret) {
    return AtLine(line, "the secret of " + words[0] + " has " + std::to_string(words[1].size()) +
                            " characters; at least " + std::to_string(kShortestSecret) +
                            " are needed; make one with 'openssl rand -hex 32'");
  }
  if (FindToken(words[1])) return AtLine(line, "the secret of " + words[0] + " is another token's too");
  Identity identity;
  identity.node_only = words[2] == "node";
  if (user) {
    auto owner = UserOf(words[3]);
    if (!owner) return AtLine(line, owner.error().message);
    if (!*owner) {
      warnings_.push_back(GoneText(line, words[0], words[3]));
      tokens_.push_back({Digest(words[1]), std::nullopt});
      return OkStatus();
    }
    identity.principal = **std::move(owner);
  } else {
    identity.principal = DatabasePrincipal(cluster_uid).value_or(LocalPrincipal(cluster_uid, getegid(), {}));
  }
  identity.principal.name = words[0];
  tokens_.push_back({Digest(words[1]), std::move(identity)});
  return OkStatus();
}

Result<TokenTable> TokenTable::Load(const std::string& path, std::uint32_t cluster_uid) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return InvalidArgument("token file " + path + ": " + std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return InvalidArgument("token file " + path + ": not a regular file");
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return PermissionDenied("token file " + path + ": belongs to uid " + std::to_string(info.st_uid) +
                            "; it must belong to the scheduler's user or root");
  }
  if ((info.st_mode & 077) != 0) {
    return PermissionDenied("token file " + path + ": others may read or write it; run 'chmod 600 " + path +
                            "'");
  }
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return InvalidArgument("token file " + path + ": cannot be read");
  auto table = Parse(text.str(), cluster_uid);
  if (!table) return Error{table.error().code, "token file " + path + ": " + table.error().message};
  for (std::string& warning : table->warnings_) warning = "token file " + path + ": " + warning;
  return table;
}

const TokenTable::Token* TokenTable::FindToken(std::string_view secret) const {
  const std::string digest = Digest(secret);
  const Token* found = nullptr;
  for (const Token& token : tokens_) {
    if (CRYPTO_memcmp(token.digest.data(), digest.data(), digest.size()) == 0) found = &token;
  }
  return found;
}

const Identity* TokenTable::Find(std::string_view secret) const {
  const Token* token = FindToken(secret);
  return token != nullptr && token->identity ? &*token->identity : nullptr;
}

Result<Identity> TokenIdentifier::Identify(const grpc::ServerContextBase& context) const {
  const auto& metadata = context.client_metadata();
  const auto it = metadata.find("authorization");
  if (it == metadata.end()) {
    return Error{Code::kUnauthenticated, "no token was sent; name its file in BSUB_LITE_TOKEN_FILE"};
  }
  const std::string_view value(it->second.data(), it->second.size());
  const Identity* identity =
      value.starts_with(kScheme) ? tokens_.Find(value.substr(kScheme.size())) : nullptr;
  if (!identity)
    return Error{Code::kUnauthenticated, "wrong token; ask the cluster's administrator for a valid one"};
  return *identity;
}

}  // namespace bsub::rpc
