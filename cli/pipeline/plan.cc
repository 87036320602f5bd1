#include "cli/pipeline/plan.h"

#include <algorithm>
#include <map>
#include <optional>

#include "common/hash.h"
#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

// A version of what is hashed: raise it when a digest's meaning changes, so that old results are not taken
// for new ones.
constexpr int kDigestVersion = 1;

std::string Hex(std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes{};
  for (int i = 0; i < 8; ++i)
    bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  return ToHex(bytes);
}

void AddMap(FieldHasher& hash, const std::map<std::string, std::string>& map) {
  hash.Add(map.size());
  for (const auto& [key, value] : map) hash.Add(key).Add(value);
}

// Nothing for a step without one, whose digest so is what it was before there were any.
void AddCheckpoint(FieldHasher& hash, const CheckpointSpec& spec) {
  if (!spec.used()) return;
  hash.Add(spec.directory).Add(spec.signal).Add(spec.signal_group).Add(spec.exit_code);
  hash.Add(spec.interval.count()).Add(spec.grace.count()).Add(spec.anywhere);
}

FieldHasher HashWork(const Step& step) {
  FieldHasher hash;
  hash.Add(kDigestVersion).Add(step.argv.size());
  for (const std::string& word : step.argv) hash.Add(word);
  hash.Add(step.script).Add(step.workdir);
  ArraySpec indices =
      step.array ? ArraySpec(step.array->ranges(), 0) : ArraySpec();  // without the limit at a time
  hash.Add(step.array.has_value()).Add(indices.ToString());
  AddMap(hash, step.environment);
  hash.Add(step.needs.size());
  for (const Need& need : step.needs) hash.Add(need.step).Add(need.index_wise).Add(need.on);
  return hash;
}

class Planner {
 public:
  Planner(const Pipeline& pipeline, const std::vector<StepJob>& known, const PlanRequest& request)
      : pipeline_(pipeline),
        request_(request),
        job_of_(pipeline.steps.size()),
        action_of_(pipeline.steps.size()) {
    for (const StepJob& job : known) newest_[job.label.step] = &job;
  }

  Result<Plan> Make(const std::vector<std::size_t>& order) {
    Plan plan;
    plan.run = request_.new_run_id;
    std::uint64_t newest = 0;
    for (const std::size_t position : order) {
      PlannedStep planned = Decide(position);
      const auto it = newest_.find(Name(position));
      if (planned.action == StepAction::kSubmit && planned.job != 0 && planned.counts.active()) {
        return StillActive(planned);
      }
      if (planned.action != StepAction::kSubmit && planned.job > newest) {
        newest = planned.job;
        plan.continues = true;
        plan.run = it->second->label.run;
      }
      action_of_[position] = planned.action;
      job_of_[position] = planned.action == StepAction::kSubmit ? 0 : planned.job;
      plan.steps.push_back(std::move(planned));
    }
    return plan;
  }

 private:
  const std::string& Name(std::size_t position) const { return pipeline_.steps[position].name; }

  PlannedStep Decide(std::size_t position) const {
    const Step& step = pipeline_.steps[position];
    PlannedStep planned{
        .step = position, .action = StepAction::kSubmit, .job = 0, .counts = {}, .why = "new"};
    const auto it = newest_.find(step.name);
    if (it == newest_.end()) return planned;
    const StepJob& job = *it->second;
    planned.job = job.id;
    planned.counts = job.counts;
    if (const auto reason = WhySubmit(step, job)) {
      planned.why = *reason;
    } else if (job.counts.failed > 0) {
      planned.action = StepAction::kRequeue;
      planned.why = Count(job.counts.failed, "task", "tasks") + " failed before";
    } else if (job.counts.active()) {
      planned.action = StepAction::kJoin;
      planned.why = "under way";
    } else {
      planned.action = StepAction::kReuse;
      planned.why = "succeeded before";
    }
    return planned;
  }

  // Why the job of before does not count, or nothing.
  std::optional<std::string> WhySubmit(const Step& step, const StepJob& job) const {
    if (request_.fresh) return "everything runs anew";
    if (request_.again.contains(step.name)) return "asked to run again";
    for (const Need& need : step.needs) {
      const std::size_t parent = need.target;
      if (action_of_[parent] == StepAction::kSubmit) return Quoted(need.step) + " runs again";
      // What it made of a failure does not hold once the failed tasks have run again.
      const bool stale = need.on != NeedOn::kDone && action_of_[parent] == StepAction::kRequeue;
      if (stale) return Quoted(need.step) + " runs again";
    }
    if (job.label.work != WorkDigest(step)) return "its definition changed";
    if (job.label.inputs != InputsDigest(step, job_of_)) return "what it needs was made anew";
    if (job.counts.failed > 0 && job.label.definition != DefinitionDigest(step)) {
      return "failed before, and asks for something else now";
    }
    return std::nullopt;
  }

  Error StillActive(const PlannedStep& planned) const {
    return FailedPrecondition("step " + Quoted(Name(planned.step)) + " would run again (" + planned.why +
                              "), but its earlier job " + std::to_string(planned.job) +
                              " is still under way; wait for it or end it: bsub-lite cancel " +
                              std::to_string(planned.job));
  }

  const Pipeline& pipeline_;
  const PlanRequest& request_;
  std::map<std::string, const StepJob*> newest_;
  std::vector<std::uint64_t> job_of_;
  std::vector<StepAction> action_of_;
};

}  // namespace

std::string WorkDigest(const Step& step) { return Hex(HashWork(step).Value()); }

std::string DefinitionDigest(const Step& step) {
  FieldHasher hash = HashWork(step);
  hash.Add(step.cpu_milli.value_or(-1)).Add(step.mem_bytes.value_or(-1)).Add(step.gpus.value_or(-1));
  hash.Add(step.walltime.count()).Add(step.attempts).Add(step.queue).Add(step.priority).Add(step.output);
  hash.Add(step.array ? step.array->concurrency() : 0);
  AddMap(hash, step.tags);
  AddCheckpoint(hash, step.checkpoint);
  return Hex(hash.Value());
}

std::string InputsDigest(const Step& step, const std::vector<std::uint64_t>& job_of) {
  FieldHasher hash;
  for (const Need& need : step.needs) hash.Add(job_of[need.target]);
  return Hex(hash.Value());
}

std::string DependencyText(const Step& step, const std::vector<std::uint64_t>& job_of) {
  std::string text;
  for (const Need& need : step.needs) {
    if (!text.empty()) text += " && ";
    switch (need.on) {
      case NeedOn::kDone:
        text += "done(";
        break;
      case NeedOn::kEnded:
        text += "ended(";
        break;
      case NeedOn::kFailed:
        text += "exit(";
        break;
    }
    text += std::to_string(job_of[need.target]) + (need.index_wise ? "[*])" : ")");
  }
  return text;
}

std::string OrderToken(const StepLabel& label, std::uint64_t replaces) {
  FieldHasher hash;
  hash.Add(label.run).Add(label.step).Add(label.definition).Add(label.inputs).Add(replaces);
  std::string token(16, '\0');
  for (std::size_t half = 0; half < 2; ++half) {
    const std::uint64_t value = hash.Add(half).Value();
    std::memcpy(token.data() + 8 * half, &value, sizeof value);
  }
  return token;
}

Result<Plan> MakePlan(const Pipeline& pipeline, const std::vector<std::size_t>& order,
                      const std::vector<StepJob>& known, const PlanRequest& request) {
  std::vector<std::string> names;
  for (const Step& step : pipeline.steps) names.push_back(step.name);
  for (const std::string& name : request.again) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return InvalidArgument("--again " + name + ": there is no such step" + DidYouMean(name, names));
  }
  return Planner(pipeline, known, request).Make(order);
}

}  // namespace bsub::cli
