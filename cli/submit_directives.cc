#include "cli/submit_directives.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <optional>
#include <utility>

#include "common/time.h"
#include "jobs/directives.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

using Words = std::vector<std::string>;

constexpr std::int64_t kMegabyte = 1024 * 1024;  // LSF_UNIT_FOR_LIMITS as we ship it

// "[hours:]minutes[/host]" with decimal minutes allowed, in seconds.
Result<std::string> Minutes(std::string_view text) {
  const std::string_view amount = text.substr(0, text.find('/'));
  const std::size_t colon = amount.find(':');
  double hours = 0;
  double minutes = 0;
  const auto read = [](std::string_view part, double& value) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc() && end == part.data() + part.size() && value >= 0 && value < 1e7;
  };
  const bool good = colon == std::string_view::npos
                        ? read(amount, minutes)
                        : read(amount.substr(0, colon), hours) && read(amount.substr(colon + 1), minutes);
  const double seconds = std::ceil(hours * 3600 + minutes * 60);
  if (!good || seconds < 1)
    return InvalidArgument("-W " + Quoted(text) + ": expected [hours:]minutes, such as 90 or 1:30");
  return std::to_string(static_cast<std::int64_t>(seconds)) + "s";
}

Result<std::string> Memory(std::string_view option, std::string_view text) {
  const auto bytes = ParseBytes(text, kMegabyte);
  if (!bytes)
    return InvalidArgument(std::string(option) + " " + Quoted(text) +
                           ": expected a size such as 4GB, or megabytes");
  return std::to_string(*bytes);
}

// "4" or "4,8": the smaller number is enough for the job.
std::string Slots(std::string_view text) { return std::string(text.substr(0, text.find(','))); }

// "name[1-10:2]%5": the array is written behind the name.
Words Name(std::string text) {
  const std::size_t open = text.find('[');
  const std::size_t close = text.rfind(']');
  const bool is_array = open != std::string::npos && close != std::string::npos && close > open &&
                        (close + 1 == text.size() || text[close + 1] == '%');
  if (!is_array) return {"--name", std::move(text)};
  const std::string spec = text.substr(open + 1, close - open - 1) + text.substr(close + 1);
  if (open == 0) return {"--array", spec};
  return {"--name", text.substr(0, open), "--array", spec};
}

// "rusage[mem=4096:tmp=1]" and the sections that hold on every cluster of ours: span[hosts=1], order, same.
// What would change where the job runs and is not understood is refused: ignoring it would hide wrong
// results.
Result<Words> Resource(std::string_view text) {
  Words words;
  std::string_view rest = Trim(text);
  while (!rest.empty()) {
    const std::size_t open = rest.find('[');
    const std::size_t close = rest.find(']');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
      return InvalidArgument("-R " + Quoted(text) + ": expected a section such as rusage[mem=4096]");
    }
    const std::string_view section = Trim(rest.substr(0, open));
    const std::string_view body = rest.substr(open + 1, close - open - 1);
    rest = Trim(rest.substr(close + 1));
    if (section == "order" || section == "same" || (section == "span" && body == "hosts=1")) continue;
    const bool memory = (section == "rusage" && body.starts_with("mem=")) ||
                        (section == "select" && (body.starts_with("mem>=") || body.starts_with("mem>")));
    if (!memory || body.find_first_of(",:&|") != std::string_view::npos) {
      return InvalidArgument("-R " + Quoted(text) +
                             ": only rusage[mem=N], select[mem>N] and span[hosts=1] are understood here");
    }
    const std::string_view amount = body.substr(body.find_first_of("=>") + 1);
    BSUB_ASSIGN_OR_RETURN(std::string bytes,
                          Memory("-R", amount.starts_with('=') ? amount.substr(1) : amount));
    words = {"--memory", std::move(bytes)};
  }
  return words;
}

// "num=2", "num=1/task", "num=1:mode=shared".
Result<std::string> Gpus(std::string_view text) {
  if (!text.starts_with("num=")) return InvalidArgument("-gpu " + Quoted(text) + ": expected num=N");
  const std::string_view number = text.substr(4, text.find_first_of("/:", 4) - 4);
  if (!AllDigits(number)) return InvalidArgument("-gpu " + Quoted(text) + ": expected num=N");
  return std::string(number);
}

// mktime(3), which takes the 31st of February for a day in March; nothing where there is no such moment.
std::optional<std::time_t> ExactMoment(std::tm asked, bool with_day) {
  asked.tm_isdst = -1;
  std::tm found = asked;
  const std::time_t time = std::mktime(&found);
  const bool same = found.tm_min == asked.tm_min && found.tm_hour == asked.tm_hour &&
                    (!with_day || found.tm_mday == asked.tm_mday);
  return same ? std::optional(time) : std::nullopt;
}

// "[[[year:]month:]day:]hour:minute" in local time, the next such moment after `now`; nothing if it is
// written otherwise, or never comes.
std::optional<std::time_t> LsfMoment(std::string_view text, std::time_t now) {
  std::vector<int> numbers;
  while (true) {
    const std::size_t colon = text.find(':');
    int number = 0;
    const std::string_view part = text.substr(0, colon);
    if (!AllDigits(part) || std::from_chars(part.data(), part.data() + part.size(), number).ec != std::errc())
      return std::nullopt;
    numbers.push_back(number);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  if (numbers.size() < 2 || numbers.size() > 5) return std::nullopt;
  std::tm moment{};
  if (localtime_r(&now, &moment) == nullptr) return std::nullopt;
  moment.tm_sec = 0;
  const std::size_t given = numbers.size();
  moment.tm_min = numbers[given - 1];
  moment.tm_hour = numbers[given - 2];
  if (given > 2) moment.tm_mday = numbers[given - 3];
  if (given > 3) moment.tm_mon = numbers[given - 4] - 1;
  if (given > 4) moment.tm_year = numbers[given - 5] - 1900;
  if (moment.tm_min > 59 || moment.tm_hour > 23 || moment.tm_mon < 0 || moment.tm_mon > 11)
    return std::nullopt;
  const auto time = ExactMoment(moment, given > 2);
  if (!time || *time > now || given > 4) return time;
  // What is past today, this month or this year means the next one.
  (given == 2 ? moment.tm_mday : given == 3 ? moment.tm_mon : moment.tm_year) += 1;
  return ExactMoment(moment, given > 2);
}

Words Begin(const std::string& text) {
  const auto moment = LsfMoment(text, std::time(nullptr));
  return {"--begin", moment ? FormatUtc(TimePoint(static_cast<std::int64_t>(*moment) * 1'000'000)) : text};
}

// "all", "none", "all,NAME=VALUE", "NAME=VALUE".
Result<Words> Environment(std::string_view text) {
  Words words;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = Trim(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (item.empty() || item == "all") continue;
    if (item == "none") {
      words.emplace_back("--env-none");
    } else {
      words.emplace_back("--env");
      words.emplace_back(item);
    }
  }
  return words;
}

struct Renamed {
  std::string_view lsf;
  std::string_view ours;
};
// Same meaning, other spelling.
constexpr Renamed kRenamed[] = {{"-w", "--depends"}, {"-P", "--project"}, {"-cwd", "--workdir"},
                                {"-oo", "--output"}, {"-eo", "--error"},  {"-G", "--share"},
                                {"-K", "--wait"},    {"-H", "--hold"},    {"-x", "--exclusive"}};
// Accepted, without effect here: mail, and what holds for every job of ours. The first takes a value.
constexpr std::string_view kIgnoredWithValue[] = {"-u", "-app", "-L", "-sla", "-U"};
constexpr std::string_view kIgnored[] = {"-B", "-N", "-r"};
// Templates write them always, and with an empty value where there is none.
constexpr std::string_view kNoneIfEmpty[] = {"-P", "-G"};

bool In(const auto& list, std::string_view word) { return std::ranges::find(list, word) != std::end(list); }

// Whether the word at `i` and its value say nothing.
bool IsWithoutEffect(const Words& words, std::size_t i) {
  if (In(kIgnoredWithValue, words[i])) return true;
  return In(kNoneIfEmpty, words[i]) && i + 1 < words.size() && Trim(words[i + 1]).empty();
}

// Options of LSF that take a value and need more than another name.
Result<std::optional<Words>> TranslateValue(std::string_view option, const std::string& value) {
  if (option == "-J" || option == "--name") return Name(value);
  if (option == "-n") return Words{"--cpus", Slots(value)};
  if (option == "-W") {
    BSUB_ASSIGN_OR_RETURN(std::string time, Minutes(value));
    return Words{"--time", std::move(time)};
  }
  if (option == "-M") {
    BSUB_ASSIGN_OR_RETURN(std::string bytes, Memory("-M", value));
    return Words{"--memory", std::move(bytes)};
  }
  if (option == "-R") return Resource(value);
  if (option == "-gpu") {
    BSUB_ASSIGN_OR_RETURN(std::string count, Gpus(value));
    return Words{"--gpus", std::move(count)};
  }
  if (option == "-b") return Begin(value);
  if (option == "-env") return Environment(value);
  return std::nullopt;
}

}  // namespace

Result<std::vector<std::string>> TranslateLsfWords(const std::vector<std::string>& words) {
  Words out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (In(kIgnored, word)) continue;
    if (IsWithoutEffect(words, i)) {
      ++i;
      continue;
    }
    const auto renamed = std::ranges::find(kRenamed, word, &Renamed::lsf);
    if (renamed != std::end(kRenamed)) {
      out.emplace_back(renamed->ours);
      continue;
    }
    if (i + 1 < words.size()) {
      BSUB_ASSIGN_OR_RETURN(const auto translated, TranslateValue(word, words[i + 1]));
      if (translated) {
        out.insert(out.end(), translated->begin(), translated->end());
        ++i;
        continue;
      }
    }
    out.push_back(word);
  }
  return out;
}

Result<Arguments> DirectiveArguments(const Manual& manual, std::string_view script) {
  BSUB_ASSIGN_OR_RETURN(const std::vector<Directive> directives, ParseDirectives(script));
  Arguments all;
  for (const Directive& directive : directives) {
    const std::string where = "#BSUB in script line " + std::to_string(directive.line) + ": ";
    const auto words = TranslateLsfWords(directive.words);
    if (!words) return InvalidArgument(where + words.error().message);
    const auto line = ParseArguments(manual, *words);
    if (!line) return InvalidArgument(where + line.error().message);
    if (!line->words().empty()) {
      return InvalidArgument(where + Quoted(line->words().front()) +
                             " is not an option; quote a value that holds blanks");
    }
    all = Merge(all, *line);
  }
  return all;
}

Arguments Merge(const Arguments& script, const Arguments& over) {
  static constexpr std::string_view kMany[] = {"env",   "env-file",   "tag",
                                               "param", "retry-rule", "node-command"};
  Arguments merged = script;
  for (const auto& [option, values] : over.values()) {
    if (!In(kMany, option)) merged.Remove(option);
    for (const std::string& value : values) merged.Add(option, value);
  }
  merged.SetWords(over.words(), over.separator());
  return merged;
}

}  // namespace bsub::cli
