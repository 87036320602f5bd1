#include "scheduler/daemon/log.h"

#include <grpc/support/log.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace bsub::daemon {
namespace {

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

LogLevel ParseLevel(std::string_view text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "warning") return LogLevel::kWarning;
  return text == "error" ? LogLevel::kError : LogLevel::kInfo;
}

// What gRPC says is for us, not for an operator: what matters comes back as a status.
void LogGrpc(gpr_log_func_args* args) { Log(LogLevel::kDebug, {{"event", "grpc"}, {"text", args->message}}); }

bool NeedsQuotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \"=\n\t") != std::string_view::npos;
}

std::string Quote(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c == '\n' ? ' ' : c;
  }
  return text + "\"";
}

}  // namespace

void StartLog(std::string_view level) {
  auto logger = spdlog::stderr_logger_mt("bsub-lite");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ level=%l %v", spdlog::pattern_time_type::utc);
  logger->set_level(ToSpdlog(ParseLevel(level)));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
  gpr_set_log_function(LogGrpc);
}

std::string FormatFields(std::initializer_list<Field> fields) {
  std::string line;
  for (const auto& [key, value] : fields) {
    if (!line.empty()) line += ' ';
    line.append(key).append("=").append(NeedsQuotes(value) ? Quote(value) : value);
  }
  return line;
}

void Log(LogLevel level, std::initializer_list<Field> fields) { LogLine(level, FormatFields(fields)); }

void LogLine(LogLevel level, const std::string& line) {
  spdlog::default_logger_raw()->log(ToSpdlog(level), "{}", line);
}

}  // namespace bsub::daemon
