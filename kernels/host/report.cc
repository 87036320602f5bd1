#include "kernels/host/report.h"

#include <nlohmann/json.hpp>

#include "jobs/array_spec.h"
#include "kernels/host/outcome.h"

namespace bsub::kernels {
namespace {

constexpr std::uint64_t kFailedShown = 20;

struct Counts {
  std::uint64_t finished = 0, failed = 0;
};

Counts CountOf(const StoredResults& results) {
  Counts counts;
  for (const std::uint16_t number : results.outcomes) {
    counts.finished += number != 0;
    counts.failed += Failed(static_cast<Outcome>(number));
  }
  return counts;
}

Result<ArraySpec> IndicesOf(const StoredResults& results) {
  constexpr ArrayLimits kAny{4'000'000'000u, 4'294'967'294u};
  return ParseArraySpec(results.indices, kAny);
}

}  // namespace

std::string Summary(std::uint64_t children, std::uint64_t finished, std::uint64_t failed) {
  std::string text = std::to_string(children) + (children == 1 ? " child: " : " children: ") +
                     std::to_string(finished - failed) + " succeeded, " + std::to_string(failed) + " failed";
  if (finished < children) text += ", " + std::to_string(children - finished) + " to do";
  return text;
}

Result<std::string> TextOf(const StoredResults& results) {
  BSUB_ASSIGN_OR_RETURN(const ArraySpec indices, IndicesOf(results));
  const Counts counts = CountOf(results);
  std::string text = "generation " + std::to_string(results.generation) + ", array " + results.indices +
                     "\n" + Summary(results.shape.children, counts.finished, counts.failed) + "\n";
  std::uint64_t shown = 0;
  for (std::size_t child = 0; child < results.outcomes.size() && shown < kFailedShown; ++child) {
    const auto outcome = static_cast<Outcome>(results.outcomes[child]);
    if (!Failed(outcome)) continue;
    text += "  child " + std::to_string(indices.IndexOf(static_cast<std::uint32_t>(child))) + ": " +
            ToString(outcome) + "\n";
    ++shown;
  }
  if (shown < counts.failed)
    text += "  and " + std::to_string(counts.failed - shown) + " more; --json lists all\n";
  return text;
}

Result<std::string> JsonOf(const StoredResults& results) {
  BSUB_ASSIGN_OR_RETURN(const ArraySpec indices, IndicesOf(results));
  const Counts counts = CountOf(results);
  nlohmann::ordered_json json = {{"generation", results.generation},
                                 {"indices", results.indices},
                                 {"children", results.shape.children},
                                 {"recordBytes", results.shape.record_bytes},
                                 {"succeeded", counts.finished - counts.failed},
                                 {"failed", counts.failed},
                                 {"failedChildren", nlohmann::ordered_json::array()}};
  for (std::size_t child = 0; child < results.outcomes.size(); ++child) {
    const auto outcome = static_cast<Outcome>(results.outcomes[child]);
    if (!Failed(outcome)) continue;
    json["failedChildren"].push_back(
        {{"index", indices.IndexOf(static_cast<std::uint32_t>(child))}, {"outcome", ToString(outcome)}});
  }
  return json.dump() + "\n";
}

}  // namespace bsub::kernels
