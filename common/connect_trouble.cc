#include "common/connect_trouble.h"

#include <array>

namespace bsub {
namespace {

struct Sign {
  std::string_view words;  // of gRPC 1.51 and OpenSSL 3
  ConnectTrouble trouble;
};
constexpr std::array<Sign, 8> kSigns = {{{"wrong version number", ConnectTrouble::kPeerIsPlain},
                                         {"certificate verify failed", ConnectTrouble::kUntrusted},
                                         {"Peer name", ConnectTrouble::kOtherName},
                                         {"Hostname Verification", ConnectTrouble::kOtherName},
                                         {"Connection refused", ConnectTrouble::kNobodyListens},
                                         {"DNS resolution failed", ConnectTrouble::kNoSuchHost},
                                         {"Domain name not found", ConnectTrouble::kNoSuchHost},
                                         {"Could not contact DNS servers", ConnectTrouble::kNoSuchHost}}};

}  // namespace

ConnectTrouble DiagnoseConnection(std::string_view detail, bool tls) {
  for (const Sign& sign : kSigns) {
    if (detail.find(sign.words) != std::string_view::npos) return sign.trouble;
  }
  const bool closed = detail.find("Socket closed") != std::string_view::npos ||
                      detail.find("Connection reset") != std::string_view::npos;
  return closed && !tls ? ConnectTrouble::kPeerIsTls : ConnectTrouble::kOther;
}

}  // namespace bsub
