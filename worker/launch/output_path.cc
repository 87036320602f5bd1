#include "worker/launch/output_path.h"

namespace bsub::worker {

std::string ExpandOutputPath(std::string_view path, const AttemptKey& attempt,
                             std::optional<std::uint32_t> index) {
  std::string out;
  out.reserve(path.size() + 16);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%' || i + 1 == path.size()) {
      out.push_back(path[i]);
      continue;
    }
    switch (const char field = path[++i]; field) {
      case 'J':
        out += std::to_string(attempt.job.value());
        break;
      case 'I':
        out += std::to_string(index.value_or(0));
        break;
      case 'A':
        out += std::to_string(attempt.number);
        break;
      case '%':
        out.push_back('%');
        break;
      default:
        out.push_back('%'), out.push_back(field);
    }
  }
  return out;
}

std::string SpoolPath(const AttemptKey& attempt, bool standard_error) {
  return "output/" + std::to_string(attempt.job.value()) + "/" + std::to_string(attempt.ordinal) + "." +
         std::to_string(attempt.number) + (standard_error ? ".err" : ".out");
}

}  // namespace bsub::worker
