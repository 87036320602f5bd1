#include "cli/definitions.h"

#include <ostream>
#include <utility>
#include <vector>

#include "cli/connect.h"
#include "cli/definition_file.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/read_text.h"
#include "cli/submit_request.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "common/utf8.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kRegisterOptions =
    "file|param|env|workdir|cpus|memory|gpus|time|priority|retry|retry-rule|tag";

Manual DefinitionsManual() {
  constexpr std::string_view kGroup = "REGISTER";
  Manual manual{
      .name = "definitions",
      .summary = "register, list and deregister job definitions",
      .synopsis = {"[list [NAME[:REVISION]]] [--all] [--json]", "register --file FILE",
                   "register NAME [OPTION ...] -- PROGRAM [ARG ...]", "deregister NAME:REVISION"},
      .paragraphs = {"A job definition is a template of a job that submit --definition NAME starts from. "
                     "Registering a name again makes its next revision; a revision never changes. Ref::NAME "
                     "in the command stands for a parameter.",
                     "Deregistered revisions stay, for --all, until others need their room.",
                     "FILE is YAML or JSON with the keys name, command (a list of words, or one text for the "
                     "shell), parameters, environment, workdir, cpus, memory, gpus, walltime, priority, "
                     "retry and tags; for several nodes also nodes, ranks-per-node, threads-per-rank, "
                     "exclusive, gang-end, launch, node-commands, placement, placement-group, features and "
                     "prefer-features, as the options of submit. - reads standard input."},
      .options = {{.name = "json", .text = "Print JSON."},
                  {.name = "all", .letter = 'a', .text = "List deregistered revisions too."},
                  {.name = "file",
                   .letter = 'f',
                   .value = "FILE",
                   .text = "Read the definition from FILE.",
                   .group = kGroup,
                   .complete = "file"}},
      .examples = {{"definitions register align -c 2 -m 4G --param sample=none -- ./align Ref::sample",
                    "By options."},
                   {"submit --definition align --param sample=NA12878", "A job made from it."},
                   {"definitions deregister align:1", "No new jobs from the first revision."}},
      .complete_words = "list|register|deregister"};
  for (Option option : SubmitManual().options) {
    const std::string wanted = "|" + std::string(kRegisterOptions) + "|";
    if (wanted.find("|" + std::string(option.name) + "|") == std::string::npos) continue;
    option.group = kGroup;
    if (option.name == "param") option.text = "Default of Ref::NAME in the command. May be given many times.";
    if (option.name == "workdir") option.fallback = "that of the submit";
    manual.options.push_back(option);
  }
  return manual;
}

Result<api::Definition> FromFile(Context& context, const std::string& path) {
  if (path == "-") {
    BSUB_ASSIGN_OR_RETURN(const std::string text, ReadText("standard input", context.in));
    return ParseDefinitionFile(text, "standard input");
  }
  BSUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile("--file " + Quoted(path), path));
  return ParseDefinitionFile(text, path);
}

// The options are those of submit, so the request of a submit says what they mean.
Result<api::Definition> FromOptions(const Context& context, const Arguments& arguments,
                                    const std::vector<std::string>& names) {
  if (names.size() < 2)
    return InvalidArgument("register: give a name and, behind --, a program; or --file FILE");
  Arguments options = arguments;
  options.Add("env-none", "");
  JobSource source;
  source.argv.assign(names.begin() + 1, names.end());
  BSUB_ASSIGN_OR_RETURN(const api::SubmitRequest request,
                        BuildSubmitRequest(context, options, source, TimePoint()));
  api::Definition definition;
  definition.set_name(names.front());
  definition.mutable_command()->Assign(source.argv.begin(), source.argv.end());
  *definition.mutable_parameters() = request.parameters();
  *definition.mutable_tags() = request.tags();
  for (const std::string& entry : request.environment().variables()) {
    const std::size_t equals = entry.find('=');
    (*definition.mutable_environment())[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  if (arguments.Has("workdir")) definition.set_working_directory(request.working_directory());
  if (request.has_resources()) {
    *definition.mutable_resources() = request.resources();
  } else {
    definition.mutable_resources()->set_cpu_milli(1000);
  }
  if (request.has_gang()) *definition.mutable_gang() = request.gang();
  if (request.has_retry()) *definition.mutable_retry() = request.retry();
  definition.set_walltime_us(request.walltime_us());
  definition.set_priority(request.priority());
  return definition;
}

int Register(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  const auto file = arguments.Get("file");
  auto definition = file ? FromFile(context, *file) : FromOptions(context, arguments, names);
  if (!definition) return Fail(context, "definitions", definition.error());
  if (file && !names.empty()) definition->set_name(names.front());
  if (definition->name().empty())
    return Fail(context, "definitions", InvalidArgument("register: the definition has no name"));
  auto client = Connect(context);
  if (!client) return Fail(context, "definitions", client.error());
  api::RegisterDefinitionRequest request;
  *request.mutable_definition() = std::move(*definition);
  api::RegisterDefinitionReply reply;
  const Status status = client->Call(&api::Scheduler::Stub::RegisterDefinition, request, &reply, Repeat::kNo);
  if (!status) return Fail(context, "definitions", status.error());
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(reply));
  } else {
    context.out << "Definition <" << reply.name() << ":" << reply.revision() << "> is registered.\n";
  }
  context.out.flush();
  return kExitOk;
}

int Deregister(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  auto client = Connect(context);
  if (!client) return Fail(context, "definitions", client.error());
  api::DeregisterDefinitionRequest request;
  request.set_definition(names.front());
  api::Empty reply;
  const Status status = client->Call(&api::Scheduler::Stub::DeregisterDefinition, request, &reply);
  if (!status) return Fail(context, "definitions", status.error());
  if (arguments.Has("json")) {
    context.out << Pretty({{"name", names.front()}, {"deregistered", true}}) << std::flush;
  } else {
    context.out << "Definition <" << names.front() << "> is deregistered." << std::endl;
  }
  return kExitOk;
}

std::string Words(const api::Definition& definition) {
  std::string text;
  for (const std::string& word : definition.command()) text += (text.empty() ? "" : " ") + ToUtf8(word);
  return text;
}

// The list comes in pages.
Result<std::vector<api::Definition>> ListAll(Client& client, api::ListDefinitionsRequest request) {
  std::vector<api::Definition> all;
  while (true) {
    api::ListDefinitionsReply reply;
    BSUB_RETURN_IF_ERROR(client.Call(&api::Scheduler::Stub::ListDefinitions, request, &reply));
    for (api::Definition& definition : *reply.mutable_definitions()) all.push_back(std::move(definition));
    if (reply.next().empty()) return all;
    request.set_after(reply.next());
  }
}

int List(Context& context, const Arguments& arguments, const std::vector<std::string>& names) {
  auto client = Connect(context);
  if (!client) return Fail(context, "definitions", client.error());
  api::ListDefinitionsRequest request;
  if (!names.empty()) request.set_definition(names.front());
  request.set_active_only(!arguments.Has("all"));
  const auto definitions = ListAll(*client, std::move(request));
  if (!definitions) return Fail(context, "definitions", definitions.error());
  if (arguments.Has("json")) {
    Json json = Json::array();
    for (const api::Definition& definition : *definitions) json.push_back(ToJson(definition));
    context.out << Pretty(json) << std::flush;
    return kExitOk;
  }
  Table table(
      {{"DEFINITION"}, {"STATE"}, {"CPUS", true}, {"MEMORY", true}, {"BY"}, {"REGISTERED"}, {"COMMAND"}});
  for (const api::Definition& definition : *definitions) {
    const std::int64_t memory = definition.resources().mem_bytes();
    table.Add({definition.name() + ":" + std::to_string(definition.revision()),
               definition.active() ? "active" : "deregistered",
               FormatCpus(definition.resources().cpu_milli()), memory == 0 ? "-" : FormatBytes(memory),
               definition.registered_by(), LocalTime(definition.registered_at_us()), Words(definition)});
  }
  if (table.empty()) {
    context.err << "No job definition is registered." << std::endl;
  } else {
    context.out << table.Render(context.terminal.columns) << std::flush;
  }
  return kExitOk;
}

constexpr Verb kVerbs[] = {{.name = "list", .min_names = 0, .max_names = 1, .options = "all", .run = List},
                           {.name = "register",
                            .min_names = 0,
                            .max_names = kAnyNumber,
                            .options = kRegisterOptions,
                            .run = Register},
                           {.name = "deregister", .run = Deregister}};

int Run(Context& context, const Arguments& arguments) {
  return RunVerb(context, "definitions", kVerbs, arguments);
}

}  // namespace

Command DefinitionsCommand() {
  return {.name = "definitions",
          .heading = "Jobs",
          .summary = "register, list and deregister job definitions",
          .manual = DefinitionsManual,
          .run = Run};
}

}  // namespace bsub::cli
