#include "common/connect_trouble.h"

#include <gtest/gtest.h>

namespace bsub {
namespace {

// As gRPC 1.51 wrote them.
constexpr std::string_view kPlainPeer =
    "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:33035: Ssl handshake failed: "
    "SSL_ERROR_SSL: error:0A00010B:SSL routines::wrong version number";
constexpr std::string_view kUntrusted =
    "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:38967: Ssl handshake failed: "
    "SSL_ERROR_SSL: error:0A000086:SSL routines::certificate verify failed";
constexpr std::string_view kClosed =
    "failed to connect to all addresses; last error: UNAVAILABLE: ipv4:127.0.0.1:38967: Socket closed";

TEST(DiagnoseConnection, TellsCausesApart) {
  EXPECT_EQ(DiagnoseConnection(kPlainPeer, true), ConnectTrouble::kPeerIsPlain);
  EXPECT_EQ(DiagnoseConnection(kUntrusted, true), ConnectTrouble::kUntrusted);
  EXPECT_EQ(DiagnoseConnection(kClosed, false), ConnectTrouble::kPeerIsTls);
  EXPECT_EQ(
      DiagnoseConnection("last error: UNKNOWN: Failed to connect to remote host: Connection refused", true),
      ConnectTrouble::kNobodyListens);
}

TEST(DiagnoseConnection, GuessesNothingElse) {
  EXPECT_EQ(DiagnoseConnection(kClosed, true), ConnectTrouble::kOther) << "a scheduler that ends";
  EXPECT_EQ(DiagnoseConnection("Deadline Exceeded", false), ConnectTrouble::kOther);
  EXPECT_EQ(DiagnoseConnection("", false), ConnectTrouble::kOther);
}

}  // namespace
}  // namespace bsub
