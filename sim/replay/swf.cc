#include "sim/replay/swf.h"

#include <algorithm>
#include <charconv>

#include "jobs/text.h"

namespace bsub::sim {
namespace {

constexpr std::string_view kBlanks = " \t\r";
constexpr std::int64_t kMostOfAField = std::int64_t{1} << 53;  // what a table in JSON still holds exactly

std::string_view NextWord(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

bool ParseField(std::string_view word, std::int64_t& value) {
  const char* const end = word.data() + word.size();
  auto [rest, error] = std::from_chars(word.data(), end, value);
  if (error != std::errc() || value > kMostOfAField || value < -kMostOfAField) return false;
  if (rest != end && *rest == '.')
    rest = std::find_if(rest + 1, end, [](char c) { return c < '0' || c > '9'; });
  return rest == end;
}

// Empty: the line is a job.
std::string ReadRecord(std::string_view line, SwfRecord& record) {
  for (std::size_t i = 0; i < kSwfFields; ++i) {
    const std::string_view word = NextWord(line);
    if (word.empty())
      return "it has " + std::to_string(i) + " fields: expected " + std::to_string(kSwfFields);
    if (!ParseField(word, record.fields[i])) {
      return "field " + std::to_string(i + 1) + " " + Quoted(word) + ": expected a whole number";
    }
  }
  if (NextWord(line).empty()) return "";
  return "it has more than " + std::to_string(kSwfFields) + " fields";
}

// "; MaxProcs: 100"
void ReadHeader(std::string_view line, SwfLog& log) {
  constexpr std::string_view kKey = "MaxProcs:";
  line.remove_prefix(1);
  if (NextWord(line) != kKey) return;
  std::int64_t processors = 0;
  if (ParseField(NextWord(line), processors) && processors > 0) log.max_processors = processors;
}

}  // namespace

SwfLog ParseSwf(std::string_view text) {
  SwfLog log;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t first = line.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) continue;
    if (line[first] == ';') {
      ReadHeader(line.substr(first), log);
      continue;
    }
    SwfRecord record;
    std::string what = ReadRecord(line, record);
    if (what.empty()) {
      log.records.push_back(record);
      continue;
    }
    ++log.bad_line_count;
    if (log.bad_lines.size() < kMostBadLines) log.bad_lines.push_back({number, std::move(what)});
  }
  return log;
}

}  // namespace bsub::sim
