#include "cli/run_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include "cli/pipeline/check.h"
#include "cli/pipeline/parse.h"
#include "common/hash.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

namespace fs = std::filesystem;

std::string HexOf(std::string_view text) {
  std::array<std::uint8_t, 8> bytes{};
  const std::uint64_t hash = Hash64(text);
  std::memcpy(bytes.data(), &hash, sizeof hash);
  return ToHex(bytes);
}

// A job's name allows no more than this of a file's name.
std::string NameFromFile(const fs::path& path) {
  std::string name = path.stem().string().substr(0, PipelineLimits{}.max_name_bytes);
  for (char& c : name) {
    if (!IsAlnum(c) && c != '_' && c != '-' && c != '.') c = '_';
  }
  return name;
}

Result<std::string> ReadPipelineFile(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error))
    return InvalidArgument(path + " is a directory; name the pipeline's file");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidArgument(path + ": " + std::strerror(errno));
  // One byte more than is allowed, so that the reader can say that it is too much.
  std::string text(PipelineLimits{}.max_file_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

// All problems in one message, a line each: "pipeline.yaml:4: …".
Error ProblemsError(const std::string& path, const std::vector<Problem>& problems) {
  std::string text;
  for (const Problem& problem : problems) {
    text += (text.empty() ? "" : "\n") + path + (problem.line > 0 ? ":" + std::to_string(problem.line) : "") +
            ": " + problem.text;
  }
  return InvalidArgument(std::move(text));
}

}  // namespace

Result<LoadedPipeline> LoadPipeline(const std::string& path, std::map<std::string, std::string> set) {
  LoadedPipeline loaded;
  loaded.path = path;
  BSUB_ASSIGN_OR_RETURN(const std::string text, ReadPipelineFile(loaded.path));
  std::error_code error;
  const fs::path canonical = fs::canonical(loaded.path, error);
  if (error) return InvalidArgument(loaded.path + ": " + error.message());
  ParsedPipeline parsed = ParsePipeline({.text = text,
                                         .folder = canonical.parent_path().string(),
                                         .default_name = NameFromFile(canonical),
                                         .set = std::move(set)});
  if (!parsed.problems.empty()) return ProblemsError(loaded.path, parsed.problems);
  CheckedOrder checked = CheckPipeline(parsed.pipeline);
  if (!checked.problems.empty()) return ProblemsError(loaded.path, checked.problems);
  loaded.pipeline = std::move(parsed.pipeline);
  loaded.order = std::move(checked.order);
  loaded.key = {loaded.pipeline.name, HexOf(canonical.string())};
  return loaded;
}

}  // namespace bsub::cli
