#include "cli/submit_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string_view>

#include "cli/read_text.h"
#include "jobs/directives.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kElfMagic =
    "\x7f"
    "ELF";

std::string BaseName(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool IsRegularFile(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

Result<std::string> ReadScript(const std::string& path) {
  return ReadTextFile("script " + Quoted(path), path);
}

bool IsCompiled(const std::string& path) {
  std::string magic(kElfMagic.size(), '\0');
  std::ifstream(path, std::ios::binary).read(magic.data(), static_cast<std::streamsize>(magic.size()));
  return magic == kElfMagic;
}

// The text of a file that is taken for a script; nothing for a compiled program or one that cannot be read.
std::optional<std::string> ScriptText(const std::string& path) {
  if (!IsRegularFile(path) || IsCompiled(path)) return std::nullopt;
  auto text = ReadScript(path);
  if (!text) return std::nullopt;
  return std::move(*text);
}

Result<JobSource> FromScript(std::string text, std::string name, std::vector<std::string> arguments) {
  const bool blank = text.find_first_not_of(" \t\r\n") == std::string::npos;
  if (blank) return InvalidArgument("No command is specified: the script " + Quoted(name) + " is empty");
  JobSource source;
  BSUB_ASSIGN_OR_RETURN(source.interpreter, ScriptInterpreter(text));
  source.script = std::move(text);
  source.argv = std::move(arguments);
  source.name = std::move(name);
  return source;
}

JobSource FromProgram(std::vector<std::string> argv) {
  JobSource source;
  source.name = BaseName(argv.front());
  source.argv = std::move(argv);
  return source;
}

// One word with blanks is a line for the shell, as LSF takes it.
JobSource FromShellLine(const std::string& line) {
  JobSource source;
  const std::string_view trimmed = Trim(line);
  source.name = BaseName(std::string(trimmed.substr(0, trimmed.find(' '))));
  source.argv = {"/bin/sh", "-c", line};
  return source;
}

}  // namespace

Result<JobSource> FindJobSource(Context& context, const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words();
  if (const auto script = arguments.Get("script")) {
    BSUB_ASSIGN_OR_RETURN(std::string text, ReadScript(*script));
    return FromScript(std::move(text), BaseName(*script), words);
  }
  if (!words.empty() && words.front().empty())
    return InvalidArgument("No command is specified: the first word is empty");
  if (words.size() == 1 && !arguments.separator()) {
    if (auto text = ScriptText(words.front()))
      return FromScript(std::move(*text), BaseName(words.front()), {});
    if (words.front().find_first_of(" \t\n") != std::string::npos) return FromShellLine(words.front());
  }
  if (!words.empty()) return FromProgram(words);
  if (arguments.Has("definition")) return JobSource{};
  if (context.terminal.in) {
    return InvalidArgument(
        "No command is specified; give a program, a script file or a script on standard input");
  }
  BSUB_ASSIGN_OR_RETURN(std::string text, ReadText("the script on standard input", context.in));
  if (text.empty()) return InvalidArgument("No command is specified and standard input is empty");
  return FromScript(std::move(text), "", {});
}

}  // namespace bsub::cli
