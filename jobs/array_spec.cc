#include "jobs/array_spec.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/check.h"
#include "jobs/text.h"

namespace bsub {
namespace {

Error TooMany(std::uint64_t size, const ArrayLimits& limits) {
  return InvalidArgument("array: " + Count(size, "child", "children") + "; at most " +
                         std::to_string(limits.max_children) + " are allowed in one array; split it");
}

// Reads "1-10:2,20%5". Positions in messages count characters from 1.
class SpecReader {
 public:
  SpecReader(std::string_view text, const ArrayLimits& limits) : text_(text), rest_(text), limits_(limits) {}

  Result<std::vector<IndexRange>> Ranges() {
    if (text_.empty()) return InvalidArgument("array: empty; write an index list such as 1-100 or 0-9:3");
    std::vector<IndexRange> ranges;
    do {
      BSUB_ASSIGN_OR_RETURN(const IndexRange range, Range());
      ranges.push_back(range);
    } while (Take(','));
    return ranges;
  }

  // What stands after '%', 0 without one; then the text must be over.
  Result<std::uint32_t> Concurrency() {
    std::uint32_t concurrency = 0;
    if (Take('%')) {
      BSUB_ASSIGN_OR_RETURN(concurrency, Number("a limit of children at a time after '%'", kMaxNumber));
      if (concurrency == 0)
        return Wrong("the limit after '%' must be at least 1; leave '%0' out for no limit");
    }
    if (!rest_.empty())
      return Wrong("unexpected " + Quoted(rest_) + "; expected ',', '-', ':', '%' or the end");
    return concurrency;
  }

 private:
  static constexpr std::uint32_t kMaxNumber = std::numeric_limits<std::uint32_t>::max();

  Result<IndexRange> Range() {
    IndexRange range;
    BSUB_ASSIGN_OR_RETURN(range.first, Number("an index", limits_.max_index));
    range.last = range.first;
    if (!Take('-')) return range;
    BSUB_ASSIGN_OR_RETURN(range.last, Number("an index after '-'", limits_.max_index));
    if (range.last < range.first) {
      return Wrong("the range " + std::to_string(range.first) + "-" + std::to_string(range.last) +
                   " runs backwards; write the smaller index first");
    }
    if (Take(':')) {
      BSUB_ASSIGN_OR_RETURN(range.step, Number("a step after ':'", kMaxNumber));
      if (range.step == 0) return Wrong("a step must be at least 1");
    }
    const std::uint64_t size = std::uint64_t{(range.last - range.first) / range.step} + 1;
    if (size > limits_.max_children) return TooMany(size, limits_);
    range.last = range.first + static_cast<std::uint32_t>(size - 1) * range.step;
    if (size == 1) range.step = 1;
    return range;
  }

  Result<std::uint32_t> Number(const std::string& what, std::uint32_t max) {
    if (rest_.empty() || !IsDigit(rest_.front())) {
      return Wrong("expected " + what + (rest_.empty() ? " but the text ends" : ", not " + Quoted(rest_)));
    }
    const std::string_view digits = rest_.substr(0, rest_.find_first_not_of("0123456789"));
    const auto value = TakeNumber(rest_, max);
    if (!value)
      return Wrong(std::string(digits.substr(0, 30)) + " is too large; at most " + std::to_string(max));
    return static_cast<std::uint32_t>(*value);
  }

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Error Wrong(const std::string& what) const {
    return InvalidArgument("array " + Quoted(text_) + ": at character " +
                           std::to_string(text_.size() - rest_.size() + 1) + ": " + what);
  }

  std::string_view text_;
  std::string_view rest_;
  const ArrayLimits& limits_;
};

// The union of two ranges if that is one range again and this is easily seen; a.first <= b.first.
std::optional<IndexRange> Union(const IndexRange& a, const IndexRange& b) {
  const bool on_grid = (b.first - a.first) % a.step == 0;
  const bool touches = b.first <= std::uint64_t{a.last} + a.step;
  if (a.step == b.step && on_grid && touches) return IndexRange{a.first, std::max(a.last, b.last), a.step};
  const bool b_within_a = on_grid && b.last <= a.last && (b.size() == 1 || b.step % a.step == 0);
  if (b_within_a) return a;
  const bool a_within_b = a.first == b.first && a.last <= b.last && (a.size() == 1 || a.step % b.step == 0);
  if (a_within_b) return b;
  return std::nullopt;
}

// Replaces ranges whose strides interleave by their members. Bounded: nobody who means it lists many members
// twice, so the sizes together may be at most twice the allowed children.
Status Expand(std::vector<IndexRange>& cluster, const ArrayLimits& limits) {
  std::uint64_t sum = 0;
  for (const IndexRange& range : cluster) sum += range.size();
  if (sum > std::uint64_t{2} * limits.max_children) {
    return InvalidArgument("array: overlapping ranges with different steps list " + std::to_string(sum) +
                           " indexes; write them without overlap");
  }
  std::vector<std::uint32_t> members;
  members.reserve(sum);
  for (const IndexRange& range : cluster) {
    for (std::uint32_t i = 0; i < range.size(); ++i) members.push_back(range.first + i * range.step);
  }
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  cluster.clear();
  for (const std::uint32_t member : members) cluster.push_back({member, member, 1});
  return OkStatus();
}

// Ascending disjoint ranges with the members of `ranges`, which are sorted by their first and may overlap.
Result<std::vector<IndexRange>> Disjoint(const std::vector<IndexRange>& ranges, const ArrayLimits& limits) {
  std::vector<IndexRange> out, cluster;  // cluster: ranges that overlap, directly or through others
  std::uint32_t cluster_last = 0;
  const auto close_cluster = [&]() -> Status {
    if (cluster.size() > 1) BSUB_RETURN_IF_ERROR(Expand(cluster, limits));
    out.insert(out.end(), cluster.begin(), cluster.end());
    cluster.clear();
    return OkStatus();
  };
  for (const IndexRange& range : ranges) {
    if (!cluster.empty() && range.first > cluster_last) BSUB_RETURN_IF_ERROR(close_cluster());
    cluster_last = cluster.empty() ? range.last : std::max(cluster_last, range.last);
    const auto joined = cluster.empty() ? std::nullopt : Union(cluster.back(), range);
    if (joined) {
      cluster.back() = *joined;
    } else {
      cluster.push_back(range);
    }
  }
  BSUB_RETURN_IF_ERROR(close_cluster());
  return out;
}

// Walks the members of ascending disjoint ranges.
struct Cursor {
  const std::vector<IndexRange>* ranges;
  std::size_t at = 0;
  std::uint32_t offset = 0;

  bool done() const { return at == ranges->size(); }
  const IndexRange& range() const { return (*ranges)[at]; }
  std::uint32_t value() const { return range().first + offset * range().step; }
  void SkipRange() { ++at, offset = 0; }
  void Step() {
    if (++offset == range().size()) SkipRange();
  }
};

// Takes the longest run of equal distances off, whole ranges at a time. Two members alone make a run only if
// they are neighbours.
IndexRange TakeRun(Cursor& cursor) {
  IndexRange run{cursor.value(), cursor.value(), 1};
  cursor.Step();
  if (cursor.done()) return run;
  const Cursor after_first = cursor;
  run.step = cursor.value() - run.first;
  while (!cursor.done() && cursor.value() - run.last == run.step) {
    const bool whole_range = cursor.range().step == run.step;
    run.last = whole_range ? cursor.range().last : cursor.value();
    whole_range ? cursor.SkipRange() : cursor.Step();
  }
  if (run.size() > 2 || run.step == 1) return run;
  cursor = after_first;
  return {run.first, run.first, 1};
}

// The canonical ranges of a set: depends on the members alone, so that equal sets compare equal and a
// spelling is stable. Costs the number of ranges, not of members.
std::vector<IndexRange> Canonical(const std::vector<IndexRange>& disjoint) {
  std::vector<IndexRange> out;
  Cursor cursor{&disjoint};
  while (!cursor.done()) out.push_back(TakeRun(cursor));
  return out;
}

}  // namespace

ArraySpec::ArraySpec(std::vector<IndexRange> ranges, std::uint32_t concurrency)
    : ranges_(std::move(ranges)), concurrency_(concurrency) {
  ordinals_.reserve(ranges_.size());
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    const IndexRange& r = ranges_[i];
    BSUB_CHECK(r.step > 0 && r.first <= r.last && (r.last - r.first) % r.step == 0)
        << r.first << "-" << r.last;
    BSUB_CHECK(i == 0 || ranges_[i - 1].last < r.first) << "ranges overlap at " << r.first;
    ordinals_.push_back(static_cast<std::uint32_t>(size));
    size += r.size();
  }
  BSUB_CHECK(size <= std::numeric_limits<std::uint32_t>::max()) << size;
  size_ = static_cast<std::uint32_t>(size);
}

std::uint32_t ArraySpec::IndexOf(std::uint32_t ordinal) const {
  BSUB_CHECK(ordinal < size_) << ordinal << " of " << size_;
  const auto after = std::upper_bound(ordinals_.begin(), ordinals_.end(), ordinal);
  const auto i = static_cast<std::size_t>(after - ordinals_.begin()) - 1;
  return ranges_[i].first + (ordinal - ordinals_[i]) * ranges_[i].step;
}

std::optional<std::uint32_t> ArraySpec::OrdinalOf(std::uint32_t index) const {
  const auto starts_after = [](std::uint32_t wanted, const IndexRange& range) {
    return wanted < range.first;
  };
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), index, starts_after);
  if (after == ranges_.begin()) return std::nullopt;
  const auto i = static_cast<std::size_t>(after - ranges_.begin()) - 1;
  const IndexRange& range = ranges_[i];
  if (index > range.last || (index - range.first) % range.step != 0) return std::nullopt;
  return ordinals_[i] + (index - range.first) / range.step;
}

std::string ArraySpec::ToString() const {
  std::string out;
  for (const IndexRange& range : ranges_) {
    if (!out.empty()) out += ',';
    out += std::to_string(range.first);
    if (range.last != range.first) out += "-" + std::to_string(range.last);
    if (range.step != 1) out += ":" + std::to_string(range.step);
  }
  if (concurrency_ != 0) out += "%" + std::to_string(concurrency_);
  return out;
}

Result<ArraySpec> MakeArraySpec(std::vector<IndexRange> ranges, std::uint32_t concurrency,
                                const ArrayLimits& limits) {
  for (IndexRange& r : ranges) {
    const bool sound = r.step > 0 && r.first <= r.last && (r.last - r.first) % r.step == 0;
    if (!sound || r.last > limits.max_index) {
      return InvalidArgument("array: " + std::to_string(r.first) + "-" + std::to_string(r.last) + ":" +
                             std::to_string(r.step) + " is not a range of indexes up to " +
                             std::to_string(limits.max_index));
    }
    if (r.size() > limits.max_children) return TooMany(r.size(), limits);
    if (r.size() == 1) r.step = 1;
  }
  if (ranges.empty()) return InvalidArgument("array: has no children; at least 1 is needed");
  std::sort(ranges.begin(), ranges.end());
  BSUB_ASSIGN_OR_RETURN(ranges, Disjoint(ranges, limits));
  std::uint64_t size = 0;
  for (const IndexRange& range : ranges) size += range.size();
  if (size > limits.max_children) return TooMany(size, limits);
  return ArraySpec(Canonical(ranges), concurrency);
}

Result<ArraySpec> ParseArraySpec(std::string_view text, const ArrayLimits& limits) {
  SpecReader reader(Trim(text), limits);
  BSUB_ASSIGN_OR_RETURN(std::vector<IndexRange> ranges, reader.Ranges());
  BSUB_ASSIGN_OR_RETURN(const std::uint32_t concurrency, reader.Concurrency());
  return MakeArraySpec(std::move(ranges), concurrency, limits);
}

ArraySpec SizedArray(std::uint32_t size) {
  if (size == 0) return {};
  return ArraySpec({{0, size - 1, 1}}, 0);
}

Result<JobTarget> ParseJobTarget(std::string_view text) {
  const std::string_view whole = Trim(text);
  const auto wrong = [&](std::string_view what) {
    return InvalidArgument("job " + Quoted(whole) + ": " + std::string(what) +
                           "; write an id such as 12, or 12[17] " + "for one child of an array");
  };
  std::string_view rest = whole;
  JobTarget target;
  if (rest.empty()) return wrong("empty");
  if (!IsDigit(rest.front())) return wrong("not an id");
  const auto job = TakeNumber(rest, std::numeric_limits<std::uint64_t>::max());
  if (!job) return wrong("the id is too large");
  if (*job == 0) return wrong("ids begin at 1");
  target.job = *job;
  if (rest.empty()) return target;
  const char open = rest.front();
  if (open != '[' && open != '_' && open != ':') return wrong("unexpected " + Quoted(rest) + " after the id");
  rest.remove_prefix(1);
  const bool has_digits = !rest.empty() && IsDigit(rest.front());
  const auto index = TakeNumber(rest, ArrayLimits{}.max_index);
  if (!index) return wrong(has_digits ? "the index is too large" : "the index is missing");
  const std::string_view expected_end = open == '[' ? "]" : "";
  if (rest != expected_end)
    return wrong(open == '[' ? "expected ']' after the index" : "text after the index");
  target.index = static_cast<std::uint32_t>(*index);
  return target;
}

std::string ToString(const JobTarget& target) {
  std::string out = std::to_string(target.job);
  if (target.index) out += "[" + std::to_string(*target.index) + "]";
  return out;
}

}  // namespace bsub
