#include "checkpoint/src/cover.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

namespace bsub::ckpt {
namespace {

std::string Join(const std::vector<std::uint64_t>& numbers, char between) {
  std::string text;
  for (const std::uint64_t number : numbers) {
    if (!text.empty()) text += between;
    text += std::to_string(number);
  }
  return text;
}

bool TakeNumber(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty()) text.remove_prefix(1);
  return true;
}

std::uint64_t ElementsOf(const std::vector<std::uint64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

}  // namespace

std::string EncodeBoxes(const std::vector<Part>& parts) {
  std::string text;
  for (const Part& part : parts) {
    for (const std::uint64_t number : part.box.offset) text += std::to_string(number) + ' ';
    for (const std::uint64_t number : part.box.count) text += std::to_string(number) + ' ';
  }
  return text;
}

Outcome<std::vector<Box>> DecodeBoxes(std::string_view text, const std::vector<Part>& parts) {
  std::vector<Box> boxes;
  for (const Part& part : parts) {
    Box box{std::vector<std::uint64_t>(part.global.size()), std::vector<std::uint64_t>(part.global.size())};
    for (auto* numbers : {&box.offset, &box.count}) {
      for (std::uint64_t& number : *numbers) {
        if (!TakeNumber(text, number)) return InternalFailure("a rank's parts are not well formed");
      }
    }
    boxes.push_back(std::move(box));
  }
  return boxes;
}

std::string Words(const Box& box) { return "[" + Join(box.offset, ',') + "]+" + Join(box.count, 'x'); }

// In the order of their first rows only neighbours can overlap: usual slabs take one look each.
std::pair<std::size_t, std::size_t> FirstOverlap(const std::vector<Box>& boxes) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (boxes[i].elements() > 0) order.push_back(i);
  }
  std::ranges::sort(order, {}, [&](std::size_t i) { return boxes[i].offset[0]; });
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Box& box = boxes[order[i]];
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      const Box& next = boxes[order[j]];
      if (next.offset[0] >= box.offset[0] + box.count[0]) break;
      if (Intersection(box, next).elements() > 0) return std::minmax(order[i], order[j]);
    }
  }
  return {0, 0};
}

Done CoverOnce(const std::vector<Part>& arrays, const std::vector<std::vector<Box>>& boxes) {
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    std::vector<Box> parts;
    std::uint64_t elements = 0;
    for (const std::vector<Box>& of_rank : boxes) {
      parts.push_back(of_rank[i]);
      elements += of_rank[i].elements();
    }
    const auto [one, other] = FirstOverlap(parts);
    if (one != other) {
      return Invalid("dataset " + arrays[i].name + ": the parts of rank " + std::to_string(one) + ", " +
                     Words(parts[one]) + ", and of rank " + std::to_string(other) + ", " +
                     Words(parts[other]) +
                     ", overlap; each element belongs to one rank: declare parts without halos");
    }
    if (elements != ElementsOf(arrays[i].global)) {
      return Invalid("dataset " + arrays[i].name + ": all ranks' parts together have " +
                     std::to_string(elements) + " elements, the global shape " + Join(arrays[i].global, 'x') +
                     " has " + std::to_string(ElementsOf(arrays[i].global)) +
                     "; each element must belong to a rank");
    }
  }
  return {};
}

}  // namespace bsub::ckpt
