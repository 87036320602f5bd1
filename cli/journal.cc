#include "cli/journal.h"

#include <limits>
#include <ostream>

#include "cli/address.h"
#include "cli/client.h"
#include "cli/run_tool.h"
#include "cli/verbs.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kTool = "bsub-lite-journal";

Manual JournalManual() {
  return {
      .name = "journal",
      .summary = "look into the journal on disk, or repair it",
      .synopsis = {"dump [--from N] [--to N] [--payloads] [--summary] [DIRECTORY]", "cut --at N [DIRECTORY]"},
      .paragraphs =
          {"dump prints the entries, one JSON object per line, without asking the scheduler: one that "
           "runs is not disturbed, and the journal of one that refuses to start can be read up to the "
           "damage, which is then reported with file and offset; the exit code is 1.",
           "cut gives up everything from entry N on. Nothing is deleted: what is given up is kept "
           "under other names. It refuses while a scheduler runs.",
           "DIRECTORY is that of the cluster in BSUB_LITE_HOME if none is given. "
           "docs/formats/journal.md describes the format."},
      .options = {{.name = "from", .value = "N", .text = "First entry.", .fallback = "the oldest"},
                  {.name = "to", .value = "N", .text = "Last entry.", .fallback = "the newest"},
                  {.name = "payloads", .text = "Also commands and environments, which may hold secrets."},
                  {.name = "summary", .text = "Only one object about the directory as a whole."},
                  {.name = "at", .value = "N", .text = "For cut: the first entry to give up."}},
      .examples = {{"journal dump --from 100", "Of the cluster in BSUB_LITE_HOME."},
                   {"journal cut --at 1234", "After damage, when there is no backup."}},
      .min_words = 1,
      .complete_words = "dump|cut",
      .asks_scheduler = false};
}

Result<std::string> Number(const Arguments& arguments, std::string_view option, std::string_view fallback) {
  const std::string text = arguments.Get(option, fallback);
  const auto number = ParseInteger(text, 0, std::numeric_limits<std::int64_t>::max());
  if (!number) return InvalidArgument("--" + std::string(option) + ": " + number.error().message);
  return std::to_string(*number);
}

Result<std::string> Directory(const Context& context, const std::vector<std::string>& names) {
  if (!names.empty()) return names.front();
  BSUB_ASSIGN_OR_RETURN(const std::string home, FindHome(context));
  return home + "/journal";
}

int RunJournalTool(Context& context, const Arguments& arguments, const std::string& verb,
                   const std::vector<std::string>& names) {
  const auto words = JournalToolWords(context, arguments, verb, names);
  if (!words) return Fail(context, "journal", words.error());
  context.out.flush();
  return Fail(context, "journal", RunTool(kTool, *words));
}

int Dump(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  return RunJournalTool(context, arguments, "dump", names);
}
int Cut(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  return RunJournalTool(context, arguments, "cut", names);
}

constexpr Verb kVerbs[] = {
    {.name = "dump", .min_names = 0, .max_names = 1, .options = "from|to|payloads|summary", .run = Dump},
    {.name = "cut", .min_names = 0, .max_names = 1, .options = "at", .run = Cut}};

int Run(Context& context, const Arguments& arguments) {
  return RunVerb(context, "journal", kVerbs, arguments);
}

}  // namespace

Result<std::vector<std::string>> JournalToolWords(const Context& context, const Arguments& arguments,
                                                  const std::string& verb,
                                                  const std::vector<std::string>& names) {
  BSUB_ASSIGN_OR_RETURN(const std::string directory, Directory(context, names));
  if (verb == "cut") {
    if (!arguments.Has("at"))
      return InvalidArgument("cut: say with --at N which entry is the first to give up");
    BSUB_ASSIGN_OR_RETURN(const std::string at, Number(arguments, "at", ""));
    return std::vector<std::string>{verb, directory, at};
  }
  BSUB_ASSIGN_OR_RETURN(const std::string from, Number(arguments, "from", "1"));
  BSUB_ASSIGN_OR_RETURN(const std::string to, Number(arguments, "to", "0"));
  std::vector<std::string> words = {verb, directory, from, to};
  for (const char* flag : {"payloads", "summary"}) {
    if (arguments.Has(flag)) words.emplace_back(flag);
  }
  return words;
}

Command JournalCommand() {
  return {.name = "journal",
          .heading = "Cluster",
          .summary = "look into the journal on disk, or repair it",
          .manual = JournalManual,
          .run = Run};
}

}  // namespace bsub::cli
