// What gRPC's words about a connection that could not be made mean. It tells causes apart only in its text,
// which is for its developers; clients and agents say each of these in words that name their own setting.
#pragma once

#include <cstdint>
#include <string_view>

namespace bsub {

enum class ConnectTrouble : std::uint8_t {
  kOther,
  kNobodyListens,
  kNoSuchHost,
  kPeerIsPlain,  // we speak TLS, the peer does not
  kPeerIsTls,    // the other way round; a guess: a TLS port closes what is no handshake
  kUntrusted,    // its certificate is not vouched for by the authority that we were given
  kOtherName,    // its certificate is for another host
};

// `detail`: the status text of a call that did not wait for the connection.
ConnectTrouble DiagnoseConnection(std::string_view detail, bool tls);

}  // namespace bsub
