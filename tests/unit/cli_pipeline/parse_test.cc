#include "cli/pipeline/parse.h"

#include <gmock/gmock.h>

#include "tests/unit/cli_pipeline/pipeline_text.h"

namespace bsub::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr char kVariants[] = R"(
name: variants
parameters:
  chunks: 8
  reference: ref/genome.fa
  label: "${chunks} chunks"
defaults:
  cpus: 1
  memory: 1G
  environment: {LANG: C, STAGE: any}
steps:
  - name: index
    command: [steps/index.sh, "${reference}"]
  - name: align
    needs: [index]
    array: 1-${chunks}%4
    cpus: 2
    memory: 512M
    gpus: 1
    walltime: 1h30m
    retry: 3
    queue: high
    priority: -5
    environment: {STAGE: "align ${label}"}
    workdir: out
    tags: {lab: blue}
    output: logs/%I.txt
    command: bwa mem ${reference} reads/$BSUB_ARRAY_INDEX.fq
  - name: sort
    needs: "align[*]"
    array: 1-8
    script: |
      #!/bin/bash
      sort "$${TMPDIR}/x${BSUB_ARRAY_INDEX}"
  - name: report
    needs: [{step: sort, on: ended}]
    command: echo done
)";

TEST(PipelineParse, TellsWhereResultsAre) {
  const Pipeline pipeline =
      Good("parameters: {work: out}\nresults: \"${work}/calls.vcf\"\nsteps: [{name: a, command: x}]");
  EXPECT_EQ(pipeline.results, pipeline.folder + "/out/calls.vcf");
  EXPECT_EQ(Good("steps: [{name: a, command: x}]").results, "");
}

TEST(PipelineParse, ReadsEveryKey) {
  const Pipeline pipeline = Good(kVariants);
  EXPECT_EQ(pipeline.name, "variants");
  ASSERT_THAT(pipeline.steps, SizeIs(4));
  const Step& align = pipeline.steps[1];
  EXPECT_EQ(align.name, "align");
  EXPECT_EQ(align.line, 14);
  EXPECT_EQ(align.array->ToString(), "1-8%4");
  EXPECT_EQ(align.cpu_milli, 2000);
  EXPECT_EQ(align.mem_bytes, std::int64_t{512} << 20);
  EXPECT_EQ(align.gpus, 1);
  EXPECT_EQ(align.walltime, std::chrono::minutes(90));
  EXPECT_EQ(align.attempts, 3);
  EXPECT_EQ(align.queue, "high");
  EXPECT_EQ(align.priority, -5);
  EXPECT_THAT(align.environment, UnorderedElementsAre(Pair("LANG", "C"), Pair("STAGE", "align 8 chunks")));
  EXPECT_THAT(align.tags, ElementsAre(Pair("lab", "blue")));
  EXPECT_EQ(align.workdir, "/data/lab/out");
  EXPECT_EQ(align.output, "/data/lab/logs/%I.txt");
  EXPECT_THAT(align.argv, ElementsAre("/bin/sh", "-c", "bwa mem ref/genome.fa reads/$BSUB_ARRAY_INDEX.fq"));
}

TEST(PipelineParse, DefaultsHoldUnlessAStepSaysOtherwise) {
  const Step index = Good(kVariants).steps[0];
  EXPECT_EQ(index.cpu_milli, 1000);
  EXPECT_EQ(index.mem_bytes, std::int64_t{1} << 30);
  EXPECT_EQ(index.attempts, 1);
  EXPECT_EQ(index.walltime, Duration{});
  EXPECT_THAT(index.environment, UnorderedElementsAre(Pair("LANG", "C"), Pair("STAGE", "any")));
}

TEST(PipelineParse, ProgramsAndFoldersStartAtTheFile) {
  const Pipeline pipeline = Good(R"(
steps:
  - {name: a, command: [./run.sh, ./input]}
  - {name: b, command: [python3, x.py], workdir: /scratch}
  - {name: c, command: ["${pipeline_dir}/../tool"]}
)");
  EXPECT_THAT(pipeline.steps[0].argv, ElementsAre("/data/lab/run.sh", "./input"));
  EXPECT_EQ(pipeline.steps[0].workdir, "/data/lab");
  EXPECT_THAT(pipeline.steps[1].argv, ElementsAre("python3", "x.py"));
  EXPECT_EQ(pipeline.steps[1].workdir, "/scratch");
  EXPECT_THAT(pipeline.steps[2].argv, ElementsAre("/data/lab/../tool"));
}

TEST(PipelineParse, ReadsHowAProgramSaves) {
  const Pipeline pipeline = Good(R"(
defaults:
  checkpoint: {dir: saved, interval: 30s}
steps:
  - {name: a, command: x}
  - {name: b, command: x, checkpoint: {signal: USR1@group, exit_code: 99, grace: 1m}}
)");
  const CheckpointSpec &library = pipeline.steps[0].checkpoint, &own = pipeline.steps[1].checkpoint;
  EXPECT_EQ(library.directory, "/data/lab/saved");
  EXPECT_EQ(library.interval, std::chrono::seconds(30));
  EXPECT_EQ(own.directory, "") << "a step's own replaces that of defaults as a whole";
  EXPECT_EQ(own.signal, 10);
  EXPECT_TRUE(own.signal_group);
  EXPECT_EQ(own.exit_code, 99);
  EXPECT_EQ(own.grace, std::chrono::minutes(1));
}

TEST(PipelineParse, ReadsNeedsInAllTheirForms) {
  const Pipeline pipeline = Good(kVariants);
  const Need& each = pipeline.steps[2].needs.at(0);
  EXPECT_EQ(each.step, "align");
  EXPECT_EQ(each.target, 1u);
  EXPECT_TRUE(each.index_wise);
  EXPECT_EQ(each.on, NeedOn::kDone);
  const Need& ended = pipeline.steps[3].needs.at(0);
  EXPECT_EQ(ended.target, 2u);
  EXPECT_FALSE(ended.index_wise);
  EXPECT_EQ(ended.on, NeedOn::kEnded);
}

TEST(PipelineParse, ScriptsKeepTheShellsVariables) {
  EXPECT_EQ(Good(kVariants).steps[2].script, "#!/bin/bash\nsort \"${TMPDIR}/x${BSUB_ARRAY_INDEX}\"\n");
}

TEST(PipelineParse, SetReplacesAParameter) {
  const Pipeline pipeline = Parse(kVariants, {{"chunks", "3"}}).pipeline;
  EXPECT_EQ(pipeline.steps[1].array->ToString(), "1-3%4");
  EXPECT_EQ(pipeline.steps[1].environment.at("STAGE"), "align 3 chunks");
}

TEST(PipelineParse, TheFileGivesTheNameIfNothingElseDoes) {
  EXPECT_EQ(Good("steps: [{name: a, command: x}]").name, "sample");
}

struct BadInput {
  const char* label;
  const char* text;
  const char* problem;  // part of the first one
};

class PipelineParseRefuses : public testing::TestWithParam<BadInput> {};

TEST_P(PipelineParseRefuses, NamingLineAndRemedy) {
  const auto problems = ProblemsOf(GetParam().text);
  ASSERT_THAT(problems, testing::Not(IsEmpty()));
  EXPECT_THAT(problems.front(), HasSubstr(GetParam().problem));
  EXPECT_THAT(problems.front(), testing::Not(HasSubstr("\n")));
}

const BadInput kBadInputs[] = {
    {"Empty", "", "not a pipeline"},
    {"NotAMap", "[1, 2]", "not a pipeline"},
    {"NotYaml", "steps: [", "not valid YAML"},
    {"UnknownAnchor", "steps: *x", "1: not valid YAML"},
    {"Tab", "steps:\n\t- name: a", "2: not valid YAML"},
    {"NoSteps", "name: x", "'steps' must be a list"},
    {"EmptySteps", "steps: []", "'steps' must be a list"},
    {"StepsNotAList", "steps: {a: b}", "'steps' must be a list"},
    {"UnknownTopKey", "step: []\nsteps: [{name: a, command: x}]",
     "1: pipeline: unknown key 'step'; did you mean 'steps'?"},
    {"UnknownStepKey", "steps:\n  - name: a\n    command: x\n    memroy: 1G",
     "4: step 'a': unknown key 'memroy'; did you mean 'memory'?"},
    {"UnknownDefaultKey", "defaults:\n  script: x\nsteps: [{name: a, command: x}]",
     "2: defaults: unknown key 'script'"},
    {"RepeatedKey", "steps:\n  - name: a\n    command: x\n    command: y",
     "4: step 'a': key 'command' is given twice; first on line 3"},
    {"StepNotAMap", "steps: [a]", "1: step 1: expected 'key: value' lines"},
    {"KeyIsAList", "steps: [{[a]: b, name: a, command: x}]", "a key must be one word"},
    {"NoName", "steps:\n  - command: x", "2: step 1: has no name"},
    {"BadName", "steps: [{name: 'a b', command: x}]", "step 'a b': the name holds ' '"},
    {"EmptyName", "steps: [{name: '', command: x}]", "the name is empty"},
    {"NameIsNull", "steps: [{name: , command: x}]", "name has no value"},
    {"BadPipelineName", "name: a/b\nsteps: [{name: a, command: x}]", "1: pipeline: the name 'a/b' holds '/'"},
    {"TwoOfOneName", "steps:\n  - {name: a, command: x}\n  - {name: a, command: x}",
     "3: two steps are called 'a'; the first is on line 2"},
    {"NothingToRun", "steps: [{name: a}]", "has neither 'command' nor 'script'"},
    {"TwoThingsToRun", "steps: [{name: a, command: x, script: y}]", "has both 'command' and 'script'"},
    {"EmptyCommand", "steps: [{name: a, command: ' '}]", "step 'a': command is empty"},
    {"EmptyList", "steps: [{name: a, command: []}]", "expected a shell line or a list"},
    {"EmptyProgram", "steps: [{name: a, command: ['', x]}]", "the program's name is empty"},
    {"CommandIsAMap", "steps: [{name: a, command: {x: y}}]", "expected a shell line or a list"},
    {"ArgumentIsAList", "steps: [{name: a, command: [x, [y]]}]", "expected one value, not a list"},
    {"EmptyScript", "steps: [{name: a, script: ''}]", "script is empty"},
    {"NulByte", "steps: [{name: a, command: \"x\\0y\"}]", "holds a NUL byte"},
    {"UnknownParameter", "parameters: {chunks: 1}\nsteps:\n  - name: a\n    command: x ${chunk}",
     "4: step 'a': command: there is no parameter 'chunk'; did you mean 'chunks'?; for the shell's own "
     "variable write $${chunk}"},
    {"ParameterUsedTooEarly", "parameters:\n  a: ${b}\n  b: 1\nsteps: [{name: a, command: x}]",
     "2: parameters: a: there is no parameter 'b' above it"},
    {"ParameterIsAList", "parameters: {a: [1]}\nsteps: [{name: a, command: x}]",
     "parameters: a: expected one value"},
    {"BadParameterName", "parameters: {a-b: 1}\nsteps: [{name: a, command: x}]",
     "parameters: 'a-b' cannot be a name"},
    {"BadArray", "steps: [{name: a, command: x, array: 5-1}]", "1: step 'a': array: "},
    {"ArrayOfNothing", "steps: [{name: a, command: x, array: ''}]", "step 'a': array"},
    {"HugeArray", "steps: [{name: a, command: x, array: 1-2147483648}]", "step 'a': array"},
    {"BadCpus", "steps: [{name: a, command: x, cpus: many}]", "step 'a': cpus: "},
    {"BadMemory", "steps: [{name: a, command: x, memory: 4Q}]", "step 'a': memory: "},
    {"BadGpus", "steps: [{name: a, command: x, gpus: -1}]", "step 'a': gpus: "},
    {"BadWalltime", "steps: [{name: a, command: x, walltime: soon}]", "step 'a': walltime: "},
    {"TooManyAttempts", "steps: [{name: a, command: x, retry: 11}]", "step 'a': retry: "},
    {"BadPriority", "steps: [{name: a, command: x, priority: 1e9}]", "step 'a': priority: "},
    {"BadDefault", "defaults: {memory: 4Q}\nsteps: [{name: a, command: x}]", "1: defaults: memory: "},
    {"EnvironmentIsAList", "steps: [{name: a, command: x, environment: [A=1]}]",
     "environment: expected 'key: value' lines"},
    {"BadVariable", "steps: [{name: a, command: x, environment: {A=B: 1}}]",
     "'A=B' cannot be a variable's name"},
    {"ReservedVariable", "steps: [{name: a, command: x, environment: {BSUB_CPUS: 1}}]", "begins with BSUB_"},
    {"ReservedTag", "steps: [{name: a, command: x, tags: {'bsub:run': 1}}]", "begins with bsub:"},
    {"SavesUnknown", "steps: [{name: a, command: x, checkpoint: {singal: USR1}}]",
     "step 'a': checkpoint: unknown key 'singal'; did you mean 'signal'?"},
    {"SavesNowhere", "steps: [{name: a, command: x, checkpoint: {interval: 5s}}]", "give dir or signal"},
    {"SavesOnKill", "steps: [{name: a, command: x, checkpoint: {signal: KILL}}]",
     "1: step 'a': checkpoint: signal: "},
    {"SavesByNoCode", "steps: [{name: a, command: x, checkpoint: {dir: d, exit_code: 256}}]",
     "step 'a': checkpoint: exit_code: "},
    {"NeedsNothing", "steps: [{name: a, command: x, needs: ['']}]", "names no step"},
    {"NeedsANewKey", "steps: [{name: a, command: x, needs: [{stp: a}]}]",
     "unknown key 'stp'; did you mean 'step'?"},
    {"NeedsOnWhat",
     "steps:\n - {name: a, command: x}\n - {name: b, command: x, needs: {step: a, on: finished}}",
     "on: 'finished' is not known"},
    {"MergeKey", "x: &x {cpus: 1}\nsteps: [{<<: *x, name: a, command: x}]", "unknown key 'x'"},
};

INSTANTIATE_TEST_SUITE_P(All, PipelineParseRefuses, testing::ValuesIn(kBadInputs),
                         [](const auto& each) { return std::string(each.param.label); });

TEST(PipelineParse, TellsAllProblemsAtOnceInTheOrderOfLines) {
  EXPECT_THAT(ProblemsOf("steps:\n  - name: a\n    command: x\n    cpus: none\n  - name: b\n    commnad: y"),
              ElementsAre(HasSubstr("4: step 'a': cpus"), HasSubstr("5: step 'b': has neither"),
                          HasSubstr("6: step 'b': unknown key 'commnad'")));
}

TEST(PipelineParse, TellsAProblemOfTheDefaultsOnce) {
  EXPECT_THAT(ProblemsOf("defaults: {cpus: x}\nsteps: [{name: a, command: x}, {name: b, command: x}]"),
              SizeIs(1));
}

TEST(PipelineParse, SetOfAnUnknownParameterNamesTheNearest) {
  EXPECT_THAT(ProblemsOf(kVariants, {{"chunk", "3"}}),
              ElementsAre("0: --set chunk: the pipeline has no such parameter; did you mean 'chunks'?"));
}

TEST(PipelineParse, TooLargeAFileIsNotRead) {
  PipelineLimits limits;
  limits.max_file_bytes = 10;
  const auto parsed = ParsePipeline(
      {.text = "steps: [{name: a, command: x}]", .folder = "/", .default_name = "x", .set = {}}, limits);
  ASSERT_THAT(parsed.problems, SizeIs(1));
  EXPECT_THAT(parsed.problems[0].text, HasSubstr("at most 10 are read"));
}

TEST(PipelineParse, DeepNestingIsAnErrorNotACrash) {
  EXPECT_THAT(ProblemsOf("steps: " + std::string(100'000, '[')), SizeIs(1));
}

TEST(PipelineParse, LineEndsOfOtherSystemsAreFine) {
  EXPECT_THAT(Good("steps:\r\n  - name: a\r\n    command: echo x\r\n").steps.at(0).argv,
              ElementsAre("/bin/sh", "-c", "echo x"));
}

}  // namespace
}  // namespace bsub::cli
