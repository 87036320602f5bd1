#include "checkpoint/control/report.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "checkpoint/control/page.h"

namespace bsub::control {
namespace {

constexpr std::size_t kLongestLine = 4096;

bool IsKindLetter(char c) { return (c >= 'a' && c <= 'z') || c == '-'; }
bool IsNameLetter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

std::string Escaped(std::string_view value) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '%') {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool Unescape(std::string_view value, std::string& out) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    if (byte <= 0x20 || byte >= 0x7f) return false;
    if (value[i] != '%') {
      out += value[i];
      continue;
    }
    if (i + 2 >= value.size()) return false;
    const int high = HexDigit(value[i + 1]);
    const int low = HexDigit(value[i + 2]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

// The first blank-separated word of `rest`, which loses it.
std::string_view TakeWord(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return word;
}

std::string Line(const Report& report) {
  std::string line = report.kind;
  for (const auto& [name, value] : report.fields) line += " " + name + "=" + Escaped(value);
  return line + "\n";
}

}  // namespace

Report& Report::Add(std::string_view name, std::string_view value) {
  fields.emplace_back(name, value);
  return *this;
}

Report& Report::Add(std::string_view name, std::uint64_t value) { return Add(name, std::to_string(value)); }

Report& Report::Add(std::string_view name, double seconds) {
  char text[512];  // printf would write the decimal point of the program's locale
  const auto [end, error] = std::to_chars(text, text + sizeof(text), seconds, std::chars_format::fixed, 6);
  return Add(name, error == std::errc() ? std::string_view(text, end) : std::string_view("0"));
}

std::string_view Report::Text(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::uint64_t Report::Number(std::string_view name) const {
  const std::string_view text = Text(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return UINT64_MAX;
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

double Report::Seconds(std::string_view name) const {
  double value = 0;
  const std::string_view text = Text(name);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0 && value < 1e18 ? value : 0;
}

std::string FormatReport(const Report& report) {
  std::string line = Line(report);
  if (line.size() <= kLongestLine) return line;
  Report shorter = report;
  while (line.size() > kLongestLine && !shorter.fields.empty()) {
    const auto longest =
        std::ranges::max_element(shorter.fields, {}, [](const auto& field) { return field.second.size(); });
    // An escaped byte takes three.
    const std::size_t excess = (line.size() - kLongestLine + 2) / 3;
    longest->second.resize(longest->second.size() -
                           std::min(longest->second.size(), std::max<std::size_t>(excess, 1)));
    if (longest->second.empty()) shorter.fields.erase(longest);
    line = Line(shorter);
  }
  return line;
}

bool ParseReport(std::string_view line, Report& report) {
  report = Report();
  if (line.size() >= kLongestLine) return false;
  const std::string_view kind = TakeWord(line);
  if (kind.empty() || !std::ranges::all_of(kind, IsKindLetter)) return false;
  report.kind = kind;
  while (!line.empty()) {
    const std::string_view word = TakeWord(line);
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    const std::string_view name = word.substr(0, equals);
    std::string value;
    if (!std::ranges::all_of(name, IsNameLetter) || !Unescape(word.substr(equals + 1), value)) return false;
    report.fields.emplace_back(name, std::move(value));
  }
  return true;
}

std::size_t TakeReports(std::string_view text, std::vector<Report>& reports) {
  std::size_t taken = 0;
  for (;;) {
    const std::string_view rest = text.substr(taken);
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) {
      // Its end, when it comes, is then the end of a line that is passed over.
      return rest.size() > kLongestLine ? text.size() : taken;
    }
    Report report;
    if (ParseReport(rest.substr(0, end), report)) reports.push_back(std::move(report));
    taken += end + 1;
  }
}

int AppendReport(const std::string& directory, Report report) {
  report.Add("at", static_cast<std::uint64_t>(MonotonicNs()));
  const std::string line = FormatReport(report);
  const std::string path = directory + "/" + kReportName;
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  const ssize_t written = ::write(fd, line.data(), line.size());
  int error = written == static_cast<ssize_t>(line.size()) ? 0 : (written < 0 ? errno : ENOSPC);
  if (::close(fd) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace bsub::control
