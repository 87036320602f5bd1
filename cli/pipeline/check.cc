#include "cli/pipeline/check.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

// Steps that need each other, as a chain of positions from a step back to itself.
using Chain = std::vector<std::size_t>;

class Checker {
 public:
  explicit Checker(const Pipeline& pipeline) : pipeline_(pipeline) {}

  CheckedOrder Check() {
    IndexNames();
    for (const Step& step : pipeline_.steps) CheckNeeds(step);
    OrderSteps();
    if (problems_.empty()) return {std::move(order_), {}};
    std::stable_sort(problems_.begin(), problems_.end(),
                     [](const Problem& a, const Problem& b) { return a.line < b.line; });
    return {{}, std::move(problems_)};
  }

 private:
  const Step& At(std::size_t position) const { return pipeline_.steps[position]; }

  void IndexNames() {
    std::map<std::string, std::size_t> by_name;
    for (std::size_t i = 0; i < pipeline_.steps.size(); ++i) {
      const Step& step = At(i);
      names_.push_back(step.name);
      if (const auto [it, is_new] = by_name.emplace(step.name, i); !is_new) {
        problems_.push_back({step.line, "two steps are called " + Quoted(step.name) +
                                            "; the first is on line " + std::to_string(At(it->second).line)});
      }
    }
  }

  void CheckNeeds(const Step& step) {
    std::set<std::string> seen;
    for (const Need& need : step.needs) {
      const std::string where = "step " + Quoted(step.name) + ": needs " + Quoted(need.step);
      if (need.target == kNoStep) {
        problems_.push_back(
            {need.line, where + ", but there is no such step" + DidYouMean(need.step, names_)});
        continue;
      }
      if (!seen.insert(need.step).second) problems_.push_back({need.line, where + " twice; keep one"});
      if (need.index_wise) CheckIndexWise(step, need, At(need.target));
    }
  }

  void CheckIndexWise(const Step& step, const Need& need, const Step& parent) {
    if (step.array && parent.array && step.tasks() == parent.tasks()) return;
    const auto size = [](const Step& s) {
      return s.array ? "an array of " + std::to_string(s.tasks()) : std::string("no array");
    };
    problems_.push_back({need.line, "step " + Quoted(step.name) + ": needs '" + need.step +
                                        "[*]', which pairs two arrays of one size; '" + step.name + "' is " +
                                        size(step) + ", '" + parent.name + "' is " + size(parent)});
  }

  // Depth first with its own stack: a pipeline may be a chain of thousands of steps.
  void OrderSteps() {
    marks_.assign(pipeline_.steps.size(), Mark::kNew);
    for (std::size_t i = 0; i < pipeline_.steps.size(); ++i) {
      if (marks_[i] == Mark::kNew) Visit(i);
    }
  }

  void Visit(std::size_t root) {
    Chain path = {root};
    std::vector<std::size_t> next_need = {0};
    marks_[root] = Mark::kOnPath;
    while (!path.empty()) {
      const Step& step = At(path.back());
      if (next_need.back() == step.needs.size()) {
        marks_[path.back()] = Mark::kOrdered;
        order_.push_back(path.back());
        path.pop_back();
        next_need.pop_back();
        continue;
      }
      const Need& need = step.needs[next_need.back()++];
      if (need.target == kNoStep) continue;
      if (marks_[need.target] == Mark::kOnPath) ReportCycle(path, need.target, need.line);
      if (marks_[need.target] != Mark::kNew) continue;
      marks_[need.target] = Mark::kOnPath;
      path.push_back(need.target);
      next_need.push_back(0);
    }
  }

  void ReportCycle(const Chain& path, std::size_t start, int line) {
    std::string text = "the steps need each other in a circle: ";
    for (auto it = std::find(path.begin(), path.end(), start); it != path.end(); ++it)
      text += At(*it).name + " needs ";
    problems_.push_back({line, text + At(start).name});
  }

  enum class Mark : char { kNew, kOnPath, kOrdered };

  const Pipeline& pipeline_;
  std::vector<std::string> names_;
  std::vector<Mark> marks_;
  std::vector<std::size_t> order_;
  std::vector<Problem> problems_;
};

}  // namespace

CheckedOrder CheckPipeline(const Pipeline& pipeline) { return Checker(pipeline).Check(); }

}  // namespace bsub::cli
