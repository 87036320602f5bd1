#include "cli/address.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/quick/socket_call.h"
#include "cli/read_text.h"
#include "cli/supervisor/files.h"
#include "cli/supervisor/home_layout.h"
#include "cli/supervisor/unique_fd.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScheme = "unix:";
constexpr std::size_t kMostSecretBytes = std::size_t{1}
                                         << 20;  // a token is a line, certificates are a few pages
constexpr std::size_t kLongestSocketPath = 107;  // sun_path of sockaddr_un without its final NUL

// A token is a password: a file that others can read has already given it away.
Result<std::string> ReadToken(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return InvalidArgument("BSUB_LITE_TOKEN_FILE " + Quoted(path) + ": cannot be read (" +
                           std::strerror(errno) + ")");
  }
  if ((info.st_mode & 077) != 0) {
    return InvalidArgument("BSUB_LITE_TOKEN_FILE " + Quoted(path) + ": others can read it; run chmod 600 " +
                           path);
  }
  BSUB_ASSIGN_OR_RETURN(const std::string text,
                        ReadTextFile("BSUB_LITE_TOKEN_FILE " + Quoted(path), path, kMostSecretBytes));
  const std::string token(Trim(text));
  if (token.empty()) return InvalidArgument("BSUB_LITE_TOKEN_FILE " + Quoted(path) + ": is empty");
  return token;
}

Result<std::chrono::milliseconds> FindPatience(const Context& context) {
  const std::string text = context.Variable("BSUB_LITE_PATIENCE");
  if (text.empty()) return kPatience;
  const auto patience = ParseDuration(text);
  if (!patience) return InvalidArgument("BSUB_LITE_PATIENCE: " + patience.error().message);
  return std::chrono::duration_cast<std::chrono::milliseconds>(*patience);
}

Result<Address> RemoteAddress(const Context& context, std::string server) {
  const std::size_t colon = server.rfind(':');
  if (colon == std::string::npos || !AllDigits(std::string_view(server).substr(colon + 1))) {
    return InvalidArgument("BSUB_LITE_SERVER " + Quoted(server) + ": expected host:port");
  }
  Address address;
  address.local = false;
  address.server = std::move(server);
  const std::string token_file = context.Variable("BSUB_LITE_TOKEN_FILE");
  if (token_file.empty()) {
    return InvalidArgument(
        "BSUB_LITE_SERVER is set but BSUB_LITE_TOKEN_FILE is not; name the file with your token");
  }
  BSUB_ASSIGN_OR_RETURN(address.token, ReadToken(token_file));
  const std::string ca = context.Variable("BSUB_LITE_TLS_CA");
  if (!ca.empty()) {
    BSUB_ASSIGN_OR_RETURN(address.tls_ca,
                          ReadTextFile("BSUB_LITE_TLS_CA " + Quoted(ca), ca, kMostSecretBytes));
  }
  return address;
}

bool PlainForUri(std::string_view path) {
  return std::ranges::all_of(
      path, [](char c) { return IsAlnum(c) || std::string_view("/._-").find(c) != std::string_view::npos; });
}

}  // namespace

std::string Address::Name() const { return local ? "the cluster in " + home : "the scheduler at " + server; }

Result<std::string> FindHome(const Context& context) {
  std::string home = context.Variable("BSUB_LITE_HOME");
  if (home.empty()) {
    std::string user_home = context.Variable("HOME");
    if (user_home.empty()) {
      const passwd* entry = getpwuid(geteuid());
      if (entry == nullptr)
        return InvalidArgument("neither BSUB_LITE_HOME nor HOME is set; set BSUB_LITE_HOME to a directory");
      user_home = entry->pw_dir;
    }
    home = user_home + "/.bsub-lite";
  }
  std::error_code error;
  const fs::path absolute = fs::absolute(home, error);
  if (error) return InvalidArgument("BSUB_LITE_HOME " + Quoted(home) + ": " + error.message());
  std::string text = absolute.lexically_normal().string();
  if (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

Result<Address> FindAddress(const Context& context) {
  BSUB_ASSIGN_OR_RETURN(const std::chrono::milliseconds patience, FindPatience(context));
  std::string server = context.Variable("BSUB_LITE_SERVER");
  if (!server.empty()) {
    BSUB_ASSIGN_OR_RETURN(Address address, RemoteAddress(context, std::move(server)));
    address.patience = patience;
    return address;
  }
  Address address;
  address.patience = patience;
  BSUB_ASSIGN_OR_RETURN(address.home, FindHome(context));
  address.socket_path = HomeLayout{address.home}.SchedulerSocket();
  return address;
}

bool HoldsCluster(const std::string& home) {
  std::error_code error;
  for (fs::directory_iterator it(home, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".lock") return true;
  }
  // A home that serves other users can be passed through, but not listed by them.
  return error == std::errc::permission_denied;
}

bool IsDown(Address& address) {
  if (!address.local) return false;
  if (UniqueFd connection = quick::ConnectTo(address.socket_path); connection.valid()) {
    address.connection = std::make_shared<UniqueFd>(std::move(connection));
    return false;
  }
  const HomeLayout layout{address.home};
  for (const std::string& lock : {layout.SupervisorLock(), layout.UpLock()}) {
    if (LockFile::IsHeld(lock).value_or(false)) return false;
  }
  return true;
}

Error DownError(const Address& address) {
  return Unavailable(address.Name() + " is down; start it with bsub-lite up");
}

Result<std::string> UnixTarget(const std::string& socket_path) {
  if (socket_path.size() <= kLongestSocketPath && PlainForUri(socket_path))
    return std::string(kScheme) + socket_path;
  const fs::path path(socket_path);
  const int directory = open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) {
    return Unavailable("socket " + Quoted(socket_path) + ": its directory cannot be opened (" +
                       std::strerror(errno) + ")");
  }
  return std::string(kScheme) + "/proc/self/fd/" + std::to_string(directory) + "/" + path.filename().string();
}

}  // namespace bsub::cli
