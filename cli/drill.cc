#include "cli/drill.h"

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "cli/connect.h"
#include "cli/drill_run.h"
#include "cli/read_text.h"
#include "cli/set_node.h"
#include "cli/verbs.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

using Words = std::vector<std::string>;

std::vector<Option> DrillOptions() {
  return {
      {.name = "node",
       .value = "NAME",
       .text =
           "Which node; may be given many times. Behind notice, kill and partition --node may be left out.",
       .fallback = "spot: all interruptible nodes, or all nodes if none is",
       .complete = "node"},
      {.name = "in", .value = "TIME", .text = "notice: how long the node still has.", .fallback = "120s"},
      {.name = "for",
       .value = "TIME",
       .text = "partition: how long it is cut off; spot: how long the drill lasts."},
      {.name = "rate",
       .value = "N/TIME",
       .text = "spot: how often each node is taken away, such as 20/h; at most 3600/h."},
      {.name = "trace",
       .value = "FILE",
       .text = "spot: instead of a rate, what was recorded: {\"metadata\": {\"gap_seconds\": 60}, \"data\": "
               "[2, 1, ...]}, "
               "or lines of milliseconds,add|remove,machine.",
       .complete = "file"},
      {.name = "speed", .value = "N", .text = "spot: so many seconds of the trace in one.", .fallback = "1"},
      {.name = "notice", .value = "TIME", .text = "spot: from the notice to the loss.", .fallback = "120s"},
      {.name = "seed", .value = "N", .text = "spot: the same seed does the same.", .fallback = "1"},
      {.name = "settle",
       .value = "TIME",
       .text = "spot, run: how long nodes and jobs may take to be back afterwards.",
       .fallback = "2m"},
      {.name = "node-look",
       .value = "TIME",
       .text = "spot, run: how often nodes look for saves, their spawners' --output-look: what is known of a "
               "save may be as old.",
       .fallback = "1s"},
      {.name = "on-demand-price", .value = "N", .text = "spot, run: of a node for an hour, for the costs."},
      {.name = "spot-price", .value = "N", .text = "spot, run: the same on Spot."},
      {.name = "report",
       .value = "DIR",
       .text = "spot, run: write report.txt, report.json and timeline.svg there.",
       .complete = "file"},
      {.name = "reason", .value = "TEXT", .text = "notice: shown by bsub-lite nodes and why."},
      {.name = "json", .text = "Print the report, or the result for each node, as JSON."}};
}

Manual DrillManual() {
  return {
      .name = "drill",
      .summary = "take nodes away, as a provider of interruptible machines does",
      .synopsis = {"notice --node NODE [--in TIME]", "kill --node NODE", "partition --node NODE --for TIME",
                   "spot (--rate N/TIME [--seed N] | --trace FILE) --for TIME [--notice TIME] [--report DIR]",
                   "run PLAN.yaml [--report DIR]"},
      .paragraphs =
          {"Shows on a running cluster what interruptions do to your jobs, before a provider does. Only an "
           "administrator may do this.",
           "notice: the node is to be taken away. It takes no new work; programs that save (submit "
           "--checkpoint-dir, --checkpoint-signal) are told at once; what has not ended shortly before is "
           "stopped. "
           "Interrupted jobs go to the front of their queues and run again on other nodes. The machine "
           "itself stays, "
           "and bsub-lite resume NODE gives it back.",
           "kill: all processes of the node are killed, as if it lost power; it comes back as soon as it is "
           "started "
           "again, which bsub-lite up does by itself. partition: it is cut off from the scheduler, its tasks "
           "run on.",
           "spot: every node is again and again given a notice and then killed, at random times or as "
           "recorded. run: "
           "what a plan says, {for: TIME, steps: [{at: TIME, notice: NODE, in: TIME}, {at: TIME, kill: "
           "NODE}, {at: TIME, "
           "partition: NODE, for: TIME}, {at: TIME, spot: NODE, in: TIME}]}. Both then report each "
           "interruption, with the "
           "times of notice, save, requeue and resume and the work lost, what all took longer than "
           "undisturbed, and what the "
           "nodes cost by the share of their CPUs that was used; and judge: the exit code is 0 only if no "
           "job is gone, all that were "
           "interrupted run again and none then failed, every program that saves and had a notice had "
           "saved, and none without a notice lost more than two of the intervals that "
           "--checkpoint-interval gave it and --node-look."},
      .options = DrillOptions(),
      .examples = {{"drill notice --node n2 --in 30s", "As EC2 would, with less time."},
                   {"drill spot --rate 20/h --notice 10s --for 5m --seed 7 --report /tmp/drill",
                    "With a picture."}},
      .exits = {{"1", "spot, run: something was lost, or a strike was refused."}},
      .min_words = 1,
      .complete_words = "notice|kill|partition|spot|run"};
}

Result<Duration> TimeOption(const Arguments& arguments, std::string_view option, std::string_view fallback) {
  const std::string text = arguments.Get(option, fallback);
  if (text.empty())
    return InvalidArgument("--" + std::string(option) + " is missing, expected a time such as 30s");
  const auto time = ParseDuration(text);
  if (!time) return InvalidArgument("--" + std::string(option) + ": " + time.error().message);
  return time;
}

Result<double> NumberOption(const Arguments& arguments, std::string_view option, double fallback) {
  constexpr double kMost = 1'000'000;
  const auto text = arguments.Get(option);
  if (!text) return fallback;
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size() && value > 0 && value <= kMost) return value;
  return InvalidArgument("--" + std::string(option) + " " + Quoted(*text) +
                         ": expected a number above 0, at most 1000000");
}

// Named by --node or, as for drain, without.
int StrikeNodes(Context& context, const Arguments& arguments, const Words& names, NodeChange change) {
  Words nodes = arguments.All("node");
  nodes.insert(nodes.end(), names.begin(), names.end());
  change.json = arguments.Has("json");
  if (nodes.empty()) return Fail(context, "drill", InvalidArgument("--node is missing: which node?"));
  return SetNodes(context, "drill", nodes, change);
}

int Notice(Context& context, const Arguments& arguments, const Words& names) {
  const auto in = TimeOption(arguments, "in", "120s");
  if (!in) return Fail(context, "drill", in.error());
  return StrikeNodes(context, arguments, names,
                     {"notice", arguments.Get("reason", ""), "is taken away in " + FormatDuration(*in), *in});
}

int Kill(Context& context, const Arguments& arguments, const Words& names) {
  return StrikeNodes(context, arguments, names, {"kill", "", "is killed"});
}

int Partition(Context& context, const Arguments& arguments, const Words& names) {
  const auto time = TimeOption(arguments, "for", "");
  if (!time) return Fail(context, "drill", time.error());
  return StrikeNodes(context, arguments, names,
                     {"partition", "", "is cut off for " + FormatDuration(*time), *time});
}

// Those that are named; else the interruptible ones, or all.
Result<Words> NodesOf(Client& client, const Arguments& arguments) {
  if (arguments.Has("node")) return arguments.All("node");
  api::ListNodesReply reply;
  BSUB_RETURN_IF_ERROR(client.Call(&api::Scheduler::Stub::ListNodes, api::ListNodesRequest(), &reply));
  Words all, interruptible;
  for (const api::Node& node : reply.nodes()) {
    if (node.state() != "up") continue;
    all.push_back(node.name());
    if (node.interruptible()) interruptible.push_back(node.name());
  }
  if (all.empty()) return FailedPrecondition("no node is up");
  return interruptible.empty() ? all : interruptible;
}

Result<std::vector<Strike>> SpotStrikes(Client& client, const Arguments& arguments, Duration length) {
  BSUB_ASSIGN_OR_RETURN(const Words nodes, NodesOf(client, arguments));
  BSUB_ASSIGN_OR_RETURN(const Duration notice, TimeOption(arguments, "notice", "120s"));
  if (const auto file = arguments.Get("trace")) {
    BSUB_ASSIGN_OR_RETURN(const double speed, NumberOption(arguments, "speed", 1));
    BSUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile("--trace " + Quoted(*file), *file));
    return ReadTrace(text, {nodes, notice, length, speed});
  }
  if (!arguments.Has("rate"))
    return InvalidArgument("--rate or --trace is missing: how often are nodes taken away?");
  const auto rate = ParseRate(arguments.Get("rate", ""));
  if (!rate) return InvalidArgument("--" + rate.error().message);
  const auto seed = ParseInteger(arguments.Get("seed", "1"), 0, std::int64_t{1} << 62);
  if (!seed) return InvalidArgument("--seed: " + seed.error().message);
  const SpotWeather weather{*rate, notice, length, static_cast<std::uint64_t>(*seed), nodes};
  if (const Status good = CheckWeather(weather); !good)
    return InvalidArgument("--rate " + Quoted(arguments.Get("rate", "")) + ": " + good.error().message);
  return DrawStrikes(weather);
}

Result<DrillOrder> MakeOrder(const Arguments& arguments) {
  DrillOrder order;
  BSUB_ASSIGN_OR_RETURN(order.settle, TimeOption(arguments, "settle", "2m"));
  BSUB_ASSIGN_OR_RETURN(order.node_look, TimeOption(arguments, "node-look", "1s"));
  BSUB_ASSIGN_OR_RETURN(order.on_demand_price, NumberOption(arguments, "on-demand-price", 0));
  BSUB_ASSIGN_OR_RETURN(order.spot_price, NumberOption(arguments, "spot-price", 0));
  return order;
}

Status WriteReport(const std::string& folder, const DrillFacts& facts, const DrillReport& report) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::pair<const char*, std::string> files[] = {{"report.txt", RenderTable(facts, report, 0)},
                                                       {"report.json", Pretty(ToJson(facts, report))},
                                                       {"timeline.svg", DrawTimeline(facts, report)}};
  for (const auto& [name, text] : files) {
    std::ofstream out(folder + "/" + name, std::ios::binary);
    out << text;
    out.close();
    if (!out) return FailedPrecondition("--report: cannot write '" + folder + "/" + name + "'");
  }
  return OkStatus();
}

int Execute(Context& context, Client& client, const Arguments& arguments, const DrillOrder& order,
            const Interrupts& interrupts) {
  context.err << Count(order.strikes.size(), "strike", "strikes") << " within "
              << FormatDuration(order.length) << "." << std::endl;
  const auto facts = RunDrill(context, client, order, interrupts);
  if (!facts) return Fail(context, "drill", facts.error());
  const DrillReport report = Judge(*facts);
  if (arguments.Has("json")) {
    context.out << Pretty(ToJson(*facts, report)) << std::flush;
  } else {
    context.out << RenderTable(*facts, report, context.terminal.columns) << std::flush;
  }
  if (const auto folder = arguments.Get("report")) {
    if (const Status written = WriteReport(*folder, *facts, report); !written)
      return Fail(context, "drill", written.error());
  }
  return report.good() ? kExitOk : kExitFailed;
}

int Spot(Context& context, const Arguments& arguments, const Words&) {
  const Interrupts interrupts;  // before any thread
  auto order = MakeOrder(arguments);
  const auto length = TimeOption(arguments, "for", "");
  if (!order || !length) return Fail(context, "drill", order ? length.error() : order.error());
  auto client = Connect(context);
  if (!client) return Fail(context, "drill", client.error());
  auto strikes = SpotStrikes(*client, arguments, *length);
  if (!strikes) return Fail(context, "drill", strikes.error());
  order->length = *length;
  order->strikes = std::move(*strikes);
  return Execute(context, *client, arguments, *order, interrupts);
}

int RunPlan(Context& context, const Arguments& arguments, const Words& names) {
  const Interrupts interrupts;
  auto order = MakeOrder(arguments);
  if (!order) return Fail(context, "drill", order.error());
  const auto text = ReadTextFile("plan " + Quoted(names.front()), names.front());
  if (!text) return Fail(context, "drill", text.error());
  auto plan = ParseDrillPlan(*text);
  if (!plan)
    return Fail(context, "drill", Error{plan.error().code, names.front() + ": " + plan.error().message});
  auto client = Connect(context);
  if (!client) return Fail(context, "drill", client.error());
  order->length = plan->length;
  order->strikes = std::move(plan->strikes);
  return Execute(context, *client, arguments, *order, interrupts);
}

constexpr std::size_t kMostNodes = 100'000;
constexpr std::string_view kReporting = "settle|node-look|on-demand-price|spot-price|report|json";
constexpr std::array kVerbs = {
    Verb{.name = "notice",
         .min_names = 0,
         .max_names = kMostNodes,
         .options = "node|in|reason",
         .run = Notice},
    Verb{.name = "kill", .min_names = 0, .max_names = kMostNodes, .options = "node", .run = Kill},
    Verb{.name = "partition",
         .min_names = 0,
         .max_names = kMostNodes,
         .options = "node|for",
         .run = Partition},
    Verb{
        .name = "spot",
        .min_names = 0,
        .max_names = 0,
        .options = "node|rate|trace|speed|notice|for|seed|settle|node-look|on-demand-price|spot-price|report",
        .run = Spot},
    Verb{.name = "run", .options = kReporting, .run = RunPlan}};

int Run(Context& context, const Arguments& arguments) { return RunVerb(context, "drill", kVerbs, arguments); }

}  // namespace

Command DrillCommand() {
  return {.name = "drill",
          .heading = "Cluster",
          .summary = "take nodes away, as a provider of interruptible machines does",
          .manual = DrillManual,
          .run = Run};
}

}  // namespace bsub::cli
