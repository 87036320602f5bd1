#include "cli/checkpoint.h"

#include <limits>
#include <ostream>

#include "cli/client.h"
#include "cli/run_tool.h"
#include "cli/verbs.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kCheckpointTool = "bsub-lite-checkpoint";

Manual CheckpointManual() {
  return {
      .name = "checkpoint",
      .summary = "look at saved states, verify, thin out or export them",
      .synopsis = {"ls DIRECTORY", "show DIRECTORY [--generation N]", "verify DIRECTORY [--generation N]",
                   "prune DIRECTORY [--keep N] [--dry-run]", "export DIRECTORY FILE [--generation N]"},
      .paragraphs =
          {"DIRECTORY is a job's store, or what was given to --checkpoint-dir, with the stores of many jobs. "
           "No "
           "scheduler is needed.",
           "ls lists the generations; show tells what is in one. verify reads every byte and compares it "
           "with "
           "its checksum: exit 0 if all is good, 1 naming rank, dataset and block if not. export "
           "writes one verified HDF5 file that stands alone. prune removes what the newest generations do "
           "not need; do not use it on the store of a job that is running.",
           "docs/formats/checkpoint.md describes the format."},
      .options = {{.name = "generation",
                   .value = "N",
                   .text = "Which one.",
                   .fallback = "the newest complete one; for verify, all"},
                  {.name = "keep",
                   .value = "N",
                   .text = "For prune: complete generations to keep.",
                   .fallback = "2"},
                  {.name = "dry-run", .text = "For prune: only say what would go."},
                  {.name = "json", .text = "JSON instead of tables."}},
      .examples = {{"checkpoint ls /scratch/state", "All jobs that keep their state there."},
                   {"checkpoint verify /scratch/state/12", "Is job 12's state whole?"},
                   {"checkpoint export /scratch/state/12 u.h5", "For h5py or ParaView."}},
      .min_words = 1,
      .complete_words = "ls|show|verify|prune|export",
      .asks_scheduler = false};
}

int RunCheckpointTool(Context& context, const Arguments& arguments, const std::string& verb,
                      const std::vector<std::string>& names) {
  const auto words = CheckpointToolWords(arguments, verb, names);
  if (!words) return Fail(context, "checkpoint", words.error());
  context.out.flush();
  return Fail(context, "checkpoint", RunTool(kCheckpointTool, *words));
}

template <const char* kVerb>
int CheckpointVerb(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  return RunCheckpointTool(context, arguments, kVerb, names);
}

constexpr char kLs[] = "ls";
constexpr char kShow[] = "show";
constexpr char kVerify[] = "verify";
constexpr char kPrune[] = "prune";
constexpr char kExport[] = "export";

constexpr Verb kCheckpointVerbs[] = {
    {.name = kLs, .run = CheckpointVerb<kLs>},
    {.name = kShow, .options = "generation", .run = CheckpointVerb<kShow>},
    {.name = kVerify, .options = "generation", .run = CheckpointVerb<kVerify>},
    {.name = kPrune, .options = "keep|dry-run", .run = CheckpointVerb<kPrune>},
    {.name = kExport,
     .min_names = 2,
     .max_names = 2,
     .options = "generation",
     .run = CheckpointVerb<kExport>}};

int RunCheckpoint(Context& context, const Arguments& arguments) {
  return RunVerb(context, "checkpoint", kCheckpointVerbs, arguments);
}

}  // namespace

Result<std::vector<std::string>> CheckpointToolWords(const Arguments& arguments, const std::string& verb,
                                                     const std::vector<std::string>& names) {
  std::vector<std::string> words = {verb};
  words.insert(words.end(), names.begin(), names.end());
  for (const char* option : {"generation", "keep"}) {
    if (!arguments.Has(option)) continue;
    const auto number = ParseInteger(arguments.Get(option, ""), 1, std::numeric_limits<std::int64_t>::max());
    if (!number) return InvalidArgument("--" + std::string(option) + ": " + number.error().message);
    words.push_back(std::string(option) + "=" + std::to_string(*number));
  }
  for (const char* flag : {"dry-run", "json"}) {
    if (arguments.Has(flag)) words.emplace_back(flag);
  }
  return words;
}

Command CheckpointCommand() {
  return {.name = "checkpoint",
          .heading = "Jobs",
          .summary = "look at saved states, verify, thin out or export them",
          .manual = CheckpointManual,
          .run = RunCheckpoint};
}

}  // namespace bsub::cli
