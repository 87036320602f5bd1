#include "cli/commands.h"

#include <algorithm>
#include <exception>
#include <ostream>

#include "cli/bench.h"
#include "cli/cancel.h"
#include "cli/checkpoint.h"
#include "cli/completion.h"
#include "cli/config.h"
#include "cli/definitions.h"
#include "cli/down.h"
#include "cli/drain.h"
#include "cli/drill.h"
#include "cli/envs.h"
#include "cli/events.h"
#include "cli/help.h"
#include "cli/hold.h"
#include "cli/job.h"
#include "cli/jobs.h"
#include "cli/journal.h"
#include "cli/logs.h"
#include "cli/nodes.h"
#include "cli/priority.h"
#include "cli/queues.h"
#include "cli/release.h"
#include "cli/requeue.h"
#include "cli/reservations.h"
#include "cli/resume.h"
#include "cli/run.h"
#include "cli/sim.h"
#include "cli/status.h"
#include "cli/submit.h"
#include "cli/up.h"
#include "cli/version.h"
#include "cli/wait.h"
#include "cli/when.h"
#include "cli/why.h"
#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

constexpr std::size_t kWidestPage = 100;

std::size_t PageWidth(const Context& context) {
  const auto columns = static_cast<std::size_t>(context.terminal.columns);
  return columns == 0 ? kWidestPage : std::min(columns, kWidestPage);
}

void PrintOverview(const Context& context, std::ostream& out) {
  out << "bsub-lite: a batch scheduler for clusters of any size\n\nusage: bsub-lite COMMAND [OPTION ...] "
         "[WORD ...]\n";
  std::vector<std::string_view> headings;
  for (const Command& command : context.commands->commands()) {
    if (std::ranges::find(headings, command.heading) == headings.end()) headings.push_back(command.heading);
  }
  for (const std::string_view heading : headings) {
    out << "\n" << heading << "\n";
    for (const Command& command : context.commands->commands()) {
      if (command.heading != heading) continue;
      std::string name(command.name);
      name.resize(std::max<std::size_t>(name.size() + 1, 14), ' ');
      out << "  " << name << command.summary << "\n";
    }
  }
  out << "\nbsub-lite COMMAND --help shows the manual of a command.\n" << std::flush;
}

int UnknownCommand(Context& context, const std::string& word) {
  const std::string hint = DidYouMean(word, context.commands->names());
  context.err << "bsub-lite: unknown command " << Quoted(word)
              << (hint.empty() ? "; bsub-lite --help lists them" : hint) << std::endl;
  return kExitUsage;
}

int PrintHelp(Context& context, const Command& command) {
  context.out << RenderManual(command.manual(), PageWidth(context)) << std::flush;
  return kExitOk;
}

int RunCommand(Context& context, const Command& command, const std::vector<std::string>& words) {
  const auto arguments = ParseArguments(command.manual(), words);
  if (!arguments) {
    // `submit` promises its callers one kind of failure; see docs/cli.md.
    const bool submit = command.name == "submit";
    const std::string& message = arguments.error().message;
    context.err << "bsub-lite " << command.name << ": " << message
                << (!submit                  ? ""
                    : message.ends_with('?') ? " Job not submitted."
                                             : ". Job not submitted.")
                << std::endl;
    return submit ? kExitNotSubmitted : kExitUsage;
  }
  if (arguments->Has("help")) return PrintHelp(context, command);
  return command.run(context, *arguments);
}

int Dispatch(Context& context, const std::vector<std::string>& words) {
  if (words.empty()) {
    PrintOverview(context, context.err);
    return kExitUsage;
  }
  const std::string& word = words.front();
  if (word == "--help" || word == "-h" || (word == "help" && words.size() == 1)) {
    PrintOverview(context, context.out);
    return kExitOk;
  }
  const bool help = word == "help";
  const std::string& name = help ? words[1] : word == "--version" || word == "-V" ? "version" : word;
  const Command* command = context.commands->Find(name);
  if (command == nullptr) return UnknownCommand(context, name);
  if (help) return PrintHelp(context, *command);
  return RunCommand(context, *command, {words.begin() + 1, words.end()});
}

}  // namespace

const Command* CommandTable::Find(std::string_view name) const {
  const auto it = std::ranges::find(commands_, name, &Command::name);
  return it == commands_.end() ? nullptr : &*it;
}

std::vector<std::string> CommandTable::names() const {
  std::vector<std::string> names;
  for (const Command& command : commands_) names.emplace_back(command.name);
  return names;
}

CommandTable StandardCommands() {
  CommandTable table;
  for (const Command& command :
       {SubmitCommand(),  WaitCommand(),    JobsCommand(),       JobCommand(),         WhyCommand(),
        WhenCommand(),    LogsCommand(),    EventsCommand(),     CancelCommand(),      HoldCommand(),
        ReleaseCommand(), RequeueCommand(), PriorityCommand(),   DefinitionsCommand(), RunCommand(),
        UpCommand(),      DownCommand(),    StatusCommand(),     QueuesCommand(),      NodesCommand(),
        EnvsCommand(),    ConfigCommand(),  DrainCommand(),      ResumeCommand(),      JournalCommand(),
        BenchCommand(),   SimCommand(),     CheckpointCommand(), CompletionCommand(),  VersionCommand()}) {
    table.Add(command);
  }
  table.Add(DrillCommand());
  table.Add(ReservationsCommand());
  table.start_cluster = StartLocalCluster;
  return table;
}

int RunCommandLine(Context& context, const std::vector<std::string>& words) {
  try {
    return Dispatch(context, words);
  } catch (const std::exception& e) {
    context.err << "bsub-lite: " << e.what() << std::endl;
    return kExitFailed;
  }
}

}  // namespace bsub::cli
