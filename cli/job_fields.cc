#include "cli/job_fields.h"

#include <algorithm>

#include "cli/kernel_job.h"
#include "cli/moments.h"
#include "jobs/nearest.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

using bsub::v1::Job;

std::string State(const Job& job, std::int64_t) { return job.held() ? job.state() + " (held)" : job.state(); }

// What its last attempt was is over, and says nothing of it now: `job` shows it.
bool Waits(const Job& job) {
  return job.state() == "SUBMITTED" || job.state() == "PENDING" || job.state() == "RUNNABLE";
}

std::string RunTime(const Job& job, std::int64_t now_us) {
  if (job.started_at_us() == 0 || Waits(job)) return "-";
  const std::int64_t end = job.finished_at_us() != 0 ? job.finished_at_us() : now_us;
  return Elapsed(std::max<std::int64_t>(end - job.started_at_us(), 1));
}

std::uint32_t CountOf(const Job& job, const char* state) {
  const auto it = job.array().status_summary().find(state);
  return it == job.array().status_summary().end() ? 0 : it->second;
}

// Of an array: how many are over, failed and exist.
std::string Tasks(const Job& job, std::int64_t) {
  if (!job.has_array()) return "-";
  const std::uint32_t failed = CountOf(job, "FAILED");
  std::string text =
      std::to_string(CountOf(job, "SUCCEEDED") + failed) + "/" + std::to_string(job.array().size());
  return failed > 0 ? text + " (" + std::to_string(failed) + " failed)" : text;
}

std::string Command(const Job& job, std::int64_t) {
  if (const auto kernel = KernelJobOf(job)) return Describe(*kernel);
  std::string text = job.script_name();
  for (const std::string& word : job.command()) text += (text.empty() ? "" : " ") + word;
  return text.empty() ? "(script)" : text;
}

std::string ExitCode(const Job& job, std::int64_t) {
  return job.has_exit() ? std::to_string(job.exit().shell_code()) : "-";
}

std::string Tags(const Job& job, std::int64_t) {
  std::vector<std::string> tags;
  for (const auto& [name, value] : job.tags()) tags.push_back(name + "=" + value);
  std::ranges::sort(tags);
  std::string text;
  for (const std::string& tag : tags) text += (text.empty() ? "" : " ") + tag;
  return text;
}

std::string Dash(const std::string& text) { return text.empty() ? "-" : text; }

std::vector<JobField> MakeFields() {
  return {
      {"id", "JOBID", true, "id of the job, or of one child of an array",
       [](const Job& j, std::int64_t) { return j.display_id(); }},
      {"name", "NAME", false, "name", [](const Job& j, std::int64_t) { return j.name(); }},
      {"state", "STATE", false, "state, and whether it is held", State},
      {"lsf_state", "STAT", false, "state in LSF's words",
       [](const Job& j, std::int64_t) { return j.lsf_state(); }},
      {"slurm_state", "ST", false, "state in Slurm's words",
       [](const Job& j, std::int64_t) { return j.slurm_state(); }},
      {"queue", "QUEUE", false, "queue", [](const Job& j, std::int64_t) { return j.queue(); }},
      {"priority", "PRIORITY", true, "priority within the queue",
       [](const Job& j, std::int64_t) { return std::to_string(j.priority()); }},
      {"owner", "OWNER", false, "who submitted it", [](const Job& j, std::int64_t) { return j.owner(); }},
      {"node", "NODE", false, "main node of the current or last attempt; - while it waits",
       [](const Job& j, std::int64_t) { return Waits(j) ? "-" : Dash(j.node()); }},
      {"cpus", "CPUS", true, "CPUs asked for",
       [](const Job& j, std::int64_t) { return FormatCpus(j.resources().cpu_milli()); }},
      {"memory", "MEMORY", true, "memory asked for",
       [](const Job& j, std::int64_t) {
         return j.resources().mem_bytes() == 0 ? "-" : FormatBytes(j.resources().mem_bytes());
       }},
      {"gpus", "GPUS", true, "GPUs asked for",
       [](const Job& j, std::int64_t) { return std::to_string(j.resources().gpus()); }},
      {"limit", "LIMIT", true, "wall time limit",
       [](const Job& j, std::int64_t) { return Elapsed(j.walltime_us()); }},
      {"submitted", "SUBMITTED", false, "when it was submitted",
       [](const Job& j, std::int64_t) { return LocalTime(j.submitted_at_us()); }},
      {"begin", "BEGIN", false, "not before",
       [](const Job& j, std::int64_t) { return LocalTime(j.begin_at_us()); }},
      {"started", "STARTED", false, "when the current or last attempt started; - while it waits",
       [](const Job& j, std::int64_t) { return Waits(j) ? "-" : LocalTime(j.started_at_us()); }},
      {"finished", "FINISHED", false, "when it was over",
       [](const Job& j, std::int64_t) { return LocalTime(j.finished_at_us()); }},
      {"runtime", "RUNTIME", true, "how long the current or last attempt has run; - while it waits", RunTime},
      {"tasks", "TASKS", true, "of an array: children over / all", Tasks},
      {"attempts", "ATTEMPTS", true, "attempts so far",
       [](const Job& j, std::int64_t) { return std::to_string(j.attempts_size()); }},
      {"exit", "EXIT", true, "exit code as wait returns it", ExitCode},
      {"depends", "DEPENDS", false, "dependency expression",
       [](const Job& j, std::int64_t) { return Dash(j.dependency()); }},
      {"project", "PROJECT", false, "project", [](const Job& j, std::int64_t) { return Dash(j.project()); }},
      {"share", "SHARE", false, "fair-share identifier",
       [](const Job& j, std::int64_t) { return Dash(j.share_identifier()); }},
      {"definition", "DEFINITION", false, "job definition it was made from",
       [](const Job& j, std::int64_t) { return Dash(j.definition()); }},
      {"tags", "TAGS", false, "tags", Tags},
      {"workdir", "WORKDIR", false, "working directory",
       [](const Job& j, std::int64_t) { return j.working_directory(); }},
      {"command", "COMMAND", false, "program or script with its arguments", Command},
      {"reason", "REASON", false, "why it waits, or why it ended",
       [](const Job& j, std::int64_t) { return j.reason(); }},
  };
}

}  // namespace

const std::vector<JobField>& JobFields() {
  static const std::vector<JobField> kFields = MakeFields();
  return kFields;
}

Result<std::vector<JobField>> ParseFormat(std::string_view format) {
  const std::vector<JobField>& all = JobFields();
  std::vector<JobField> fields;
  while (true) {
    const std::size_t comma = format.find(',');
    const std::string_view name = Trim(format.substr(0, comma));
    const auto it = std::ranges::find(all, name, &JobField::name);
    if (it == all.end()) {
      std::vector<std::string> names;
      for (const JobField& field : all) names.emplace_back(field.name);
      const std::string hint = DidYouMean(name, names);
      return InvalidArgument("--format: unknown column " + Quoted(name) +
                             (hint.empty() ? "; --format help lists them" : hint));
    }
    fields.push_back(*it);
    if (comma == std::string_view::npos) return fields;
    format.remove_prefix(comma + 1);
  }
}

}  // namespace bsub::cli
