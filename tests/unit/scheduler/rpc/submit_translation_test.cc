#include "scheduler/rpc/submit_translation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/rpc/payloads.h"

namespace bsub::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Principal kAda{.uid = 1000, .gid = 100, .groups = {100}, .name = "ada"};

v1::SubmitRequest Request() {
  v1::SubmitRequest request;
  request.mutable_command()->add_argv("/bin/true");
  request.set_working_directory("/home/ada");
  return request;
}

Result<TranslatedSubmit> Translate(const v1::SubmitRequest& request,
                                   const JobDefinition* definition = nullptr) {
  return TranslateSubmit(request, kAda, definition, RpcSettings(), SpecLimits());
}

std::string ErrorOf(const v1::SubmitRequest& request) {
  const auto translated = Translate(request);
  return translated ? "accepted" : translated.error().message;
}

v1::Command CommandOf(const TranslatedSubmit& submit) {
  v1::Command command;
  EXPECT_TRUE(command.ParseFromString(*submit.payloads.at(0).bytes));
  return command;
}

v1::Environment EnvironmentOf(const TranslatedSubmit& submit) {
  v1::Environment environment;
  EXPECT_TRUE(environment.ParseFromString(*submit.payloads.at(1).bytes));
  return environment;
}

TEST(TranslateSubmit, FillsDefaultsIn) {
  const auto submit = Translate(Request());
  ASSERT_TRUE(submit) << submit.error().message;
  EXPECT_EQ(submit->spec.name, "true");
  EXPECT_EQ(submit->spec.settings->owner, kAda);
  EXPECT_EQ(submit->spec.settings->request.cpu_milli, 1000);
  EXPECT_EQ(submit->spec.settings->queue, "");
  EXPECT_EQ(submit->spec.settings->retry.attempts, 1);
  EXPECT_EQ(submit->spec.settings->stop_grace, std::chrono::seconds(30));
  EXPECT_EQ(submit->spec.settings->max_interruptions, -1);
  EXPECT_EQ(submit->spec.command, submit->payloads[0].hash);
  EXPECT_EQ(submit->spec.settings->environment, submit->payloads[1].hash);
}

TEST(TranslateSubmit, AGraceOfZeroIsNoDefault) {
  v1::SubmitRequest request = Request();
  request.set_stop_grace_us(0);
  const auto submit = Translate(request);
  ASSERT_TRUE(submit) << submit.error().message;
  EXPECT_EQ(submit->spec.settings->stop_grace, Duration(0));
}

TEST(TranslateSubmit, EqualContentGivesEqualHashesWhateverTheOrder) {
  v1::SubmitRequest one = Request(), other = Request();
  for (const char* variable : {"B=2", "A=1"}) one.mutable_environment()->add_variables(variable);
  for (const char* variable : {"A=1", "B=2"}) other.mutable_environment()->add_variables(variable);
  EXPECT_EQ(Translate(one)->spec.settings->environment, Translate(other)->spec.settings->environment);
  EXPECT_THAT(EnvironmentOf(*Translate(one)).variables(), ElementsAre("A=1", "B=2"));
}

TEST(TranslateSubmit, FirstOfARepeatedVariableStays) {
  v1::SubmitRequest request = Request();
  for (const char* variable : {"X=1", "A=0", "X=2"}) request.mutable_environment()->add_variables(variable);
  EXPECT_THAT(EnvironmentOf(*Translate(request)).variables(), ElementsAre("A=0", "X=1"));
}

TEST(TranslateSubmit, ParsesArrayAndDependency) {
  v1::SubmitRequest request = Request();
  request.set_array("1-10:3%2");
  request.set_dependency("done(7) && ended(8)");
  const auto submit = Translate(request);
  ASSERT_TRUE(submit) << submit.error().message;
  EXPECT_EQ(submit->spec.array->size(), 4u);
  EXPECT_EQ(submit->spec.array->concurrency(), 2u);
  EXPECT_EQ(ToString(submit->spec.dependency), "done(7) && ended(8)");
}

TEST(TranslateSubmit, RefusalsNameTheField) {
  v1::SubmitRequest array = Request(), size = Request(), dependency = Request(), directory = Request(),
                    token = Request(), variable = Request(), parameters = Request(), action = Request(),
                    queue = Request(), umask = Request(), interval = Request();
  array.set_array("0");
  size.set_array("1-2147483648");
  dependency.set_dependency("done(");
  directory.set_working_directory("relative");
  token.set_token("short");
  variable.mutable_environment()->add_variables("novalue");
  (*parameters.mutable_parameters())["x"] = "1";
  action.mutable_retry()->add_evaluate_on_exit()->set_action("MAYBE");
  queue.set_queue("no such\nqueue");
  umask.set_umask(01000);
  interval.mutable_checkpoint()->set_interval_us(30'000'000);
  EXPECT_THAT(ErrorOf(array), HasSubstr("array: '0' would be an array of no children; write 1-N"));
  EXPECT_THAT(ErrorOf(size), HasSubstr("array"));
  EXPECT_THAT(ErrorOf(dependency), HasSubstr("dependency"));
  EXPECT_THAT(ErrorOf(directory), HasSubstr("working directory"));
  EXPECT_THAT(ErrorOf(token), HasSubstr("token: 5 bytes; expected 16"));
  EXPECT_THAT(ErrorOf(variable), HasSubstr("environment: 'novalue' is not NAME=VALUE"));
  EXPECT_THAT(ErrorOf(parameters), HasSubstr("parameters"));
  EXPECT_THAT(ErrorOf(action), HasSubstr("'MAYBE' is neither RETRY nor EXIT"));
  EXPECT_THAT(ErrorOf(queue), HasSubstr("queue"));
  EXPECT_THAT(ErrorOf(umask), HasSubstr("umask"));
  EXPECT_THAT(ErrorOf(interval),
              HasSubstr("checkpoint.interval_us 30000000: expected only with a directory"));
  interval.mutable_checkpoint()->set_signal("USR1");
  EXPECT_TRUE(Translate(interval)) << "a program that knows itself where it saves";
}

TEST(TranslateSubmit, ANameMadeOfBytesIsUtf8AndCutBetweenTwoCharacters) {
  v1::SubmitRequest request = Request();
  request.clear_name();
  request.mutable_command()->set_argv(0, "/bin/caf\xe9");
  EXPECT_EQ(Translate(request)->spec.name, "caf\\xe9");
  const std::string most(SpecLimits{}.max_name_bytes - 1, 'x');
  request.mutable_command()->set_argv(0, most + "\xc3\xa9");
  EXPECT_EQ(Translate(request)->spec.name, most);
}

TEST(TranslateSubmit, NothingToRunIsRefused) {
  v1::SubmitRequest request = Request();
  request.mutable_command()->clear_argv();
  EXPECT_THAT(ErrorOf(request), HasSubstr("nothing to run"));
  request.mutable_command()->add_argv("");
  EXPECT_THAT(ErrorOf(request), HasSubstr("nothing to run"));
}

TEST(TranslateSubmit, SizesAndBytesThatNoProgramCanTake) {
  v1::SubmitRequest huge = Request(), one = Request(), nul = Request(), environment = Request();
  for (int i = 0; i < 10; ++i) huge.mutable_command()->add_argv(std::string(std::size_t{1} << 20, 'x'));
  one.mutable_command()->add_argv(std::string(std::size_t{128} << 10, 'x'));
  nul.mutable_command()->add_argv(std::string("a\0b", 3));
  for (int i = 0; i < 30; ++i) {
    environment.mutable_environment()->add_variables("V" + std::to_string(i) + "=" +
                                                     std::string(100'000, 'x'));
  }
  EXPECT_THAT(ErrorOf(huge), HasSubstr("command: the arguments take 10.0 MiB, the limit is 2.0 MiB"));
  EXPECT_THAT(ErrorOf(one), HasSubstr("command argument 1: 131072 bytes; Linux takes at most 131071"));
  EXPECT_THAT(ErrorOf(nul), HasSubstr("'a\\0b' holds a NUL byte"));
  EXPECT_THAT(ErrorOf(environment), HasSubstr("environment: 2.9 MiB, the limit is 2.0 MiB"));
}

TEST(TranslateSubmit, ScriptGetsItsInterpreter) {
  v1::SubmitRequest request = Request();
  request.mutable_command()->set_script("#!/usr/bin/env python3\nprint(1)\n");
  request.mutable_command()->set_script_name("dir/run.py");
  const auto submit = Translate(request);
  ASSERT_TRUE(submit) << submit.error().message;
  EXPECT_THAT(CommandOf(*submit).interpreter(), ElementsAre("/usr/bin/env", "python3"));
  EXPECT_EQ(submit->spec.name, "run.py");

  request.mutable_command()->set_script("#!/bin/sh\r\necho\r\n");
  EXPECT_THAT(ErrorOf(request), HasSubstr("script line 1"));
  request.mutable_command()->set_script(std::string("#!/bin/sh\necho \0\n", 17));
  EXPECT_THAT(ErrorOf(request), HasSubstr("NUL"));
}

JobDefinition Definition() {
  JobDefinition definition;
  definition.name = "align";
  definition.revision = 3;
  definition.command = {"bwa", "Ref::reference", "Ref::reads"};
  definition.environment = {{"MODE", "fast"}, {"REF", "Ref::reference"}};
  definition.parameters = {{"reference", "hg38"}, {"reads", "none"}};
  definition.request = {.cpu_milli = 4000, .mem_bytes = 1 << 20, .gpus = 1};
  definition.walltime = std::chrono::hours(1);
  definition.priority = 7;
  definition.retry.attempts = 3;
  definition.tags = {{"team", "genomics"}, {"stage", "a"}};
  return definition;
}

TEST(TranslateSubmit, DefinitionFillsInWhatIsNotGiven) {
  v1::SubmitRequest request = Request();
  request.clear_command();
  (*request.mutable_parameters())["reads"] = "r1.fq";
  const JobDefinition definition = Definition();
  const auto submit = Translate(request, &definition);
  ASSERT_TRUE(submit) << submit.error().message;
  EXPECT_THAT(CommandOf(*submit).argv(), ElementsAre("bwa", "hg38", "r1.fq"));
  EXPECT_THAT(EnvironmentOf(*submit).variables(), ElementsAre("MODE=fast", "REF=hg38"));
  const JobSettings& settings = *submit->spec.settings;
  EXPECT_EQ(settings.definition, "align:3");
  EXPECT_EQ(settings.request, definition.request);
  EXPECT_EQ(settings.walltime, definition.walltime);
  EXPECT_EQ(settings.priority, 7);
  EXPECT_EQ(settings.retry.attempts, 3);
  EXPECT_EQ(submit->spec.name, "align");
}

TEST(TranslateSubmit, RequestOverridesItsDefinition) {
  v1::SubmitRequest request = Request();
  request.set_name("mine");
  request.mutable_command()->add_argv("Ref::reads");
  request.mutable_environment()->add_variables("MODE=slow");
  request.mutable_resources()->set_cpu_milli(500);
  request.set_priority(-1);
  request.mutable_retry()->set_attempts(2);
  (*request.mutable_tags())["stage"] = "b";
  const JobDefinition definition = Definition();
  const auto submit = Translate(request, &definition);
  ASSERT_TRUE(submit) << submit.error().message;
  EXPECT_THAT(CommandOf(*submit).argv(), ElementsAre("/bin/true", "none"));
  EXPECT_THAT(EnvironmentOf(*submit).variables(), ElementsAre("MODE=slow", "REF=hg38"));
  EXPECT_EQ(submit->spec.settings->request.cpu_milli, 500);
  EXPECT_EQ(submit->spec.settings->priority, -1);
  EXPECT_EQ(submit->spec.settings->retry.attempts, 2);
  EXPECT_EQ(submit->spec.settings->tags.at("stage"), "b");
  EXPECT_EQ(submit->spec.settings->tags.at("team"), "genomics");
}

TEST(CombineToken, IsStableAndDiffersBetweenUsers) {
  const std::string token(16, 't');
  EXPECT_EQ(*CombineToken(token, 1), *CombineToken(token, 1));
  EXPECT_NE(*CombineToken(token, 1), *CombineToken(token, 2));
  EXPECT_TRUE(CombineToken("", 1)->empty());
}

TEST(TranslateSubmit, AsksForTheCpusOfTheRanksUnlessTold) {
  v1::SubmitRequest request = Request();
  request.mutable_gang()->set_nodes(4);
  request.mutable_gang()->set_ranks_per_node(2);
  request.mutable_gang()->set_threads_per_rank(3);
  request.mutable_gang()->set_end("main");
  const auto submit = Translate(request);
  ASSERT_TRUE(submit) << submit.error().message;
  EXPECT_EQ(submit->spec.settings->request.cpu_milli, 6000);
  EXPECT_EQ(submit->spec.settings->gang, (GangSpec{4, 2, 3, false, GangEnd::kMain, GangLaunch::kEveryNode}));
  request.mutable_resources()->set_cpu_milli(500);
  EXPECT_EQ(Translate(request)->spec.settings->request.cpu_milli, 500);
  request.mutable_gang()->set_end("never");
  EXPECT_THAT(ErrorOf(request), HasSubstr("gang end 'never': expected any"));
}

TEST(TranslateSubmit, APlacementGoesBeforeTheDefinitions) {
  JobDefinition definition;
  definition.name = "several";
  definition.revision = 1;
  definition.command = {"main"};
  definition.gang.nodes = 3;
  definition.gang.placement = *ParsePlacement("cluster:preferred@5m");
  v1::SubmitRequest request;
  request.set_working_directory("/");
  EXPECT_EQ(Translate(request, &definition)->spec.settings->gang.placement, definition.gang.placement);
  request.mutable_gang()->set_placement("none");
  EXPECT_EQ(Translate(request, &definition)->spec.settings->gang.placement, PlacementSpec{});
  request.mutable_gang()->set_placement("partition=4");
  EXPECT_EQ(Translate(request, &definition).error().message, "placement partition 4: must be from 1 to 3");
  request.mutable_gang()->set_placement("near");
  EXPECT_THAT(Translate(request, &definition).error().message,
              HasSubstr("placement 'near': expected none, cluster"));
}

TEST(TranslateSubmit, AGroupMeansClusterUnlessItIsSaid) {
  JobDefinition definition;
  definition.name = "choosy";
  definition.revision = 1;
  definition.command = {"main"};
  definition.gang.placement.features = {"efa"};
  v1::SubmitRequest request;
  request.set_working_directory("/");
  request.mutable_gang()->set_placement_group("pg1");
  PlacementSpec placement = Translate(request, &definition)->spec.settings->gang.placement;
  EXPECT_EQ(placement.policy, PlacementPolicy::kCluster);
  EXPECT_EQ(placement.group, "pg1");
  EXPECT_EQ(placement.features, std::vector<std::string>{"efa"}) << "the definition's";
  request.mutable_gang()->add_features("!spot");
  request.mutable_gang()->set_placement("spread");
  placement = Translate(request, &definition)->spec.settings->gang.placement;
  EXPECT_EQ(placement.policy, PlacementPolicy::kSpread);
  EXPECT_EQ(placement.features, std::vector<std::string>{"!spot"});
  request.mutable_gang()->set_placement("none");
  EXPECT_THAT(Translate(request, &definition).error().message, HasSubstr("there is nothing to keep"));
}

TEST(TranslateSubmit, CommandsOfSingleNodesArePayloadsOfTheirOwn) {
  JobDefinition definition;
  definition.name = "several";
  definition.revision = 1;
  definition.command = {"main"};
  definition.gang.nodes = 3;
  definition.parameters = {{"x", "normal"}};
  definition.node_ranges = {{1, NodeRange::kOpen, {"work", "Ref::x"}}};
  v1::SubmitRequest request;
  request.set_working_directory("/");
  v1::NodeRange& range = *request.mutable_gang()->add_ranges();
  range.set_nodes("2");
  range.add_command("other");
  const auto submit = Translate(request, &definition);
  ASSERT_TRUE(submit) << submit.error().message;
  ASSERT_EQ(submit->payloads.size(), 4u);
  const std::vector<NodeRange>& ranges = submit->spec.settings->node_ranges;
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].command, submit->payloads[2].hash);
  EXPECT_EQ(ranges[1], (NodeRange{2, 2, submit->payloads[3].hash}));
  v1::Command command;
  ASSERT_TRUE(command.ParseFromString(*submit->payloads[2].bytes));
  EXPECT_THAT(command.argv(), ElementsAre("work", "normal"));
  range.set_nodes("3");
  const auto refused = Translate(request, &definition);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("node range 3: the job has the nodes 0 to 2"));
}

}  // namespace
}  // namespace bsub::rpc
