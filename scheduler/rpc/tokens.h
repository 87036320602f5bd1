// Tokens for connections that do not come over the Unix socket: one line each, "NAME SECRET ROLE".
//
//   ada    6b1f…  user 1000     jobs of this token belong to ada, uid 1000
//   ops    93c2…  admin         may do everything
//   nodes  7e0d…  node          may connect worker nodes and nothing else
//
// '#' begins a comment. The file must belong to the scheduler's user or root and be readable by its owner
// alone. A line that cannot be understood is an error; one of a user who is gone lets nobody in, and is told.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/rpc/identity.h"

namespace bsub::rpc {

class TokenTable {
 public:
  // `cluster_uid` is whose an admin's jobs are.
  static Result<TokenTable> Parse(std::string_view text, std::uint32_t cluster_uid);
  // Checks owner and mode, then parses; messages name the file.
  static Result<TokenTable> Load(const std::string& path, std::uint32_t cluster_uid);

  // Takes the same time whatever the secret is; null if it is nobody's.
  const Identity* Find(std::string_view secret) const;
  std::size_t size() const { return tokens_.size(); }
  // Of lines whose user does not exist: one text each, which names the line (and the file, after Load).
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  struct Token {
    std::string digest;                // SHA-256 of the secret: equal lengths, and no secret in memory
    std::optional<Identity> identity;  // nothing: of a user who is gone
  };
  Status AddLine(int line, const std::vector<std::string>& words, std::uint32_t cluster_uid);
  const Token* FindToken(std::string_view secret) const;

  std::vector<Token> tokens_;
  std::vector<std::string> warnings_;
};

// Takes "authorization: Bearer SECRET" from a call's metadata.
class TokenIdentifier final : public Identifier {
 public:
  explicit TokenIdentifier(TokenTable tokens) : tokens_(std::move(tokens)) {}
  Result<Identity> Identify(const grpc::ServerContextBase& context) const override;

 private:
  TokenTable tokens_;
};

}  // namespace bsub::rpc
