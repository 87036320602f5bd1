#include "cli/submit_surroundings.h"

#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>
#include <sstream>

#include "cli/read_text.h"
#include "common/hash.h"
#include "common/utf8.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

constexpr std::size_t kTokenBytes = 16;

struct LimitName {
  const char* name;  // as in limits.conf
  int resource;
};
constexpr LimitName kLimits[] = {{"as", RLIMIT_AS},         {"core", RLIMIT_CORE},
                                 {"cpu", RLIMIT_CPU},       {"data", RLIMIT_DATA},
                                 {"fsize", RLIMIT_FSIZE},   {"memlock", RLIMIT_MEMLOCK},
                                 {"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC},
                                 {"rss", RLIMIT_RSS},       {"sigpending", RLIMIT_SIGPENDING},
                                 {"stack", RLIMIT_STACK}};

std::int64_t LimitValue(rlim_t value) {
  return value == RLIM_INFINITY || value > static_cast<rlim_t>(INT64_MAX) ? -1
                                                                          : static_cast<std::int64_t>(value);
}

bool SameDirectory(const std::string& a, const char* b) {
  struct stat first {};
  struct stat second {};
  return stat(a.c_str(), &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

std::string FromHex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    if (error != std::errc() || end != text.data() + i + 2) return "";
    bytes.push_back(static_cast<char>(value));
  }
  return bytes;
}

void AppendBytes(std::string& out, std::uint64_t value) {
  std::array<char, 8> raw{};
  std::memcpy(raw.data(), &value, raw.size());
  out.append(raw.data(), raw.size());
}

}  // namespace

Result<std::string> WorkingDirectory(const Context& context) {
  const std::string logical = context.Variable("PWD");
  if (logical.starts_with('/') && SameDirectory(logical, ".")) return logical;
  std::array<char, PATH_MAX> buffer{};
  if (getcwd(buffer.data(), buffer.size()) == nullptr) {
    return FailedPrecondition(std::string("the current directory has no name (") + std::strerror(errno) +
                              "); name one with --workdir");
  }
  return std::string(buffer.data());
}

void AddProcessState(api::SubmitRequest& request) {
  const mode_t mask = umask(0);
  umask(mask);
  request.set_umask(mask & 0777);
  for (const LimitName& known : kLimits) {
    rlimit value{};
    if (getrlimit(static_cast<__rlimit_resource_t>(known.resource), &value) != 0) continue;
    api::ProcessLimit& limit = *request.add_limits();
    limit.set_name(known.name);
    limit.set_soft(LimitValue(value.rlim_cur));
    limit.set_hard(LimitValue(value.rlim_max));
  }
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) request.set_submit_host(ToUtf8(host.data()));
}

std::map<std::string, std::string> EnvironmentMap(const std::vector<std::string>& entries) {
  std::map<std::string, std::string> variables;
  for (const std::string& entry : entries) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    variables[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return variables;
}

Result<std::vector<std::string>> ReadEnvironmentFile(const std::string& path) {
  BSUB_ASSIGN_OR_RETURN(std::string text, ReadTextFile("--env-file " + Quoted(path), path));
  std::istringstream file(std::move(text));
  std::vector<std::string> entries;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string_view entry = Trim(line);
    if (entry.empty() || entry.front() == '#') continue;
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return InvalidArgument("--env-file " + Quoted(path) + " line " + std::to_string(number) + ": " +
                             Quoted(entry) + "; expected NAME=VALUE");
    }
    entries.emplace_back(entry);
  }
  return entries;
}

namespace {

Result<std::string> RandomToken() {
  std::array<char, kTokenBytes> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return Internal(std::string("no random bytes for the submit token: ") + std::strerror(errno));
  }
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace

Result<std::string> SubmitTokenBytes(const std::string& text) {
  if (text.empty()) return RandomToken();
  if (text.size() == 2 * kTokenBytes) {
    std::string given = FromHex(text);
    if (given.size() == kTokenBytes) return given;
  }
  std::string bytes;
  AppendBytes(bytes, Hash64(text, 1));
  AppendBytes(bytes, Hash64(text, 2));
  return bytes;
}

}  // namespace bsub::cli
