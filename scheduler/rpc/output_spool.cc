#include "scheduler/rpc/output_spool.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace bsub::rpc {
namespace {

namespace fs = std::filesystem;

// First line of a kept file: where its text stood in the attempt's output.
constexpr std::string_view kOffsetMark = "offset ";

}  // namespace

std::string OutputSpool::JobDirectory(JobId job) const {
  return directory_ + "/" + std::to_string(job.value());
}

std::string OutputSpool::FileOf(const sched::AttemptRef& attempt, bool standard_error) const {
  return JobDirectory(attempt.task.job) + "/" + std::to_string(attempt.task.ordinal) + "." +
         std::to_string(attempt.number) + (standard_error ? ".err" : ".out");
}

Status OutputSpool::Keep(const sched::AttemptRef& attempt, bool standard_error, std::int64_t offset,
                         std::string_view data) {
  if (data.empty()) return OkStatus();
  if (data.size() > max_bytes_) {
    offset += static_cast<std::int64_t>(data.size() - max_bytes_);
    data.remove_prefix(data.size() - max_bytes_);
  }
  const std::string path = FileOf(attempt, standard_error);
  const std::string temporary = path + ".tmp";
  std::error_code failed;
  fs::create_directories(JobDirectory(attempt.task.job), failed);
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << kOffsetMark << offset << '\n' << data;
    file.close();
    if (!file)
      return Unavailable("output of job " + std::to_string(attempt.task.job.value()) + ": cannot write " +
                         temporary);
  }
  fs::rename(temporary, path, failed);
  if (failed) return Unavailable("cannot rename " + temporary + ": " + failed.message());
  return OkStatus();
}

Result<KeptOutput> OutputSpool::Read(const sched::AttemptRef& attempt, bool standard_error) const {
  std::ifstream file(FileOf(attempt, standard_error), std::ios::binary);
  std::string mark;
  KeptOutput kept;
  if (!file || !(file >> mark >> kept.offset) || file.get() != '\n') {
    return NotFound("nothing of this output was kept at the scheduler");
  }
  std::ostringstream text;
  text << file.rdbuf();
  kept.data = text.str();
  return kept;
}

void OutputSpool::Forget(JobId job) {
  std::error_code ignored;
  fs::remove_all(JobDirectory(job), ignored);
}

void OutputSpool::ForgetOthers(const std::vector<JobId>& known, JobId next) {
  std::error_code failed;
  for (fs::directory_iterator at(directory_, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename().string();
    std::uint64_t number = 0;
    const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || rest != name.data() + name.size()) continue;  // not ours
    const JobId job(number);
    if (job < next && !std::ranges::binary_search(known, job)) Forget(job);
  }
}

std::string_view TailOf(std::string_view text, std::int64_t bytes, std::int64_t lines) {
  if (bytes > 0 && text.size() > static_cast<std::size_t>(bytes))
    text.remove_prefix(text.size() - static_cast<std::size_t>(bytes));
  if (lines <= 0 || text.empty()) return text;
  std::size_t start = text.size();
  // A line end at the very end closes the last line and begins no new one.
  if (text.back() == '\n') --start;
  while (start > 0) {
    if (text[start - 1] == '\n' && --lines == 0) break;
    --start;
  }
  return text.substr(start);
}

}  // namespace bsub::rpc
