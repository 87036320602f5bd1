#include "jobs/job_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace bsub {
namespace {

using testing::HasSubstr;

JobSettings GoodSettings() {
  JobSettings settings;
  settings.owner = {.uid = 1001, .gid = 100, .name = "alice"};
  settings.working_directory = "/home/alice";
  settings.queue = "default";
  settings.request = {.cpu_milli = 1000};
  return settings;
}

JobSpec With(const JobSettings& settings) {
  JobSpec spec;
  spec.name = "align";
  spec.settings = std::make_shared<const JobSettings>(settings);
  return spec;
}

TEST(ValidateSpec, AcceptsAPlainJobAndAnArray) {
  EXPECT_TRUE(Validate(With(GoodSettings())));
  JobSpec array = With(GoodSettings());
  array.array = SizedArray(1'000'000);
  array.dependency = ParseDependency("sequential() && done(5[*])").value();
  EXPECT_TRUE(Validate(array));
}

TEST(ValidateSpec, AcceptsTheNamesThatRealClientsSend) {
  JobSpec spec = With(GoodSettings());
  for (const char* name :
       {"", "nf-foo_(1)", "Snakemake_rule_x:sample=A,lane=1___(UUID)", "rule.sample=A", "ünï"}) {
    spec.name = name;
    EXPECT_TRUE(Validate(spec)) << name;
  }
  spec.name = std::string(511, 'n');
  EXPECT_TRUE(Validate(spec));
}

struct SettingsCase {
  std::string_view message;
  std::function<void(JobSettings&)> break_it;
};

TEST(ValidateSpec, NamesTheSettingThatIsWrong) {
  const std::vector<SettingsCase> cases = {
      {"queue: is empty", [](auto& s) { s.queue = ""; }},
      {"queue 'a b'", [](auto& s) { s.queue = "a b"; }},
      {"working directory 'work': must be an absolute path", [](auto& s) { s.working_directory = "work"; }},
      {"working directory '': must be", [](auto& s) { s.working_directory = ""; }},
      {"working directory '/a\\nb': holds a control character",
       [](auto& s) { s.working_directory = "/a\nb"; }},
      {"at most 4096", [](auto& s) { s.working_directory = "/" + std::string(4096, 'a'); }},
      {"output path 'o\\0': holds", [](auto& s) { s.stdout_path = std::string("o\0", 2); }},
      {"error path 'e\\n': holds", [](auto& s) { s.stderr_path = "e\n"; }},
      {"umask 4096: must be from 0 to 511", [](auto& s) { s.umask = 010000; }},
      {"CPUs (thousandths) 0", [](auto& s) { s.request.cpu_milli = 0; }},
      {"memory (bytes) -1", [](auto& s) { s.request.mem_bytes = -1; }},
      {"GPUs -1", [](auto& s) { s.request.gpus = -1; }},
      {"wall time (microseconds) -1", [](auto& s) { s.walltime = Duration(-1); }},
      {"stop grace (microseconds) -1", [](auto& s) { s.stop_grace = Duration(-1); }},
      {"priority -1000001: must be from -1000000 to 1000000", [](auto& s) { s.priority = -1'000'001; }},
      {"attempts 0", [](auto& s) { s.retry.attempts = 0; }},
      {"maximum interruptions -2", [](auto& s) { s.max_interruptions = -2; }},
      {"share identifier 'a/b'", [](auto& s) { s.share_identifier = "a/b"; }},
      {"process limit 'files': unknown",
       [](auto& s) {
         s.limits = {{"files", 1, 1}};
       }},
      {"process limit nofile: soft 2, hard 1",
       [](auto& s) {
         s.limits = {{"nofile", 2, 1}};
       }},
      {"process limit core: soft -1, hard 0",
       [](auto& s) {
         s.limits = {{"core", -1, 0}};
       }},
      {"job definition 'align': lacks its revision", [](auto& s) { s.definition = "align"; }},
      {"tags: the value 'v' has no key",
       [](auto& s) {
         s.tags = {{"", "v"}};
       }},
      {"tag k 'vvv",
       [](auto& s) {
         s.tags = {{"k", std::string(257, 'v')}};
       }},
      {"tags: 51 given; at most 50",
       [](auto& s) {
         for (int i = 0; i < 51; ++i) s.tags["k" + std::to_string(i)] = "";
       }},
  };
  for (const SettingsCase& c : cases) {
    JobSettings settings = GoodSettings();
    c.break_it(settings);
    const Status status = Validate(With(settings));
    ASSERT_FALSE(status) << c.message;
    EXPECT_EQ(status.error().code, Code::kInvalidArgument);
    EXPECT_THAT(status.error().message, HasSubstr(c.message));
    EXPECT_EQ(status.error().message.find('\n'), std::string::npos) << "one line";
  }
}

struct SpecCase {
  std::string_view message;
  std::function<void(JobSpec&)> break_it;
};

TEST(ValidateSpec, NamesThePartThatIsWrong) {
  const std::vector<SpecCase> cases = {
      {"settings: missing", [](auto& s) { s.settings = nullptr; }},
      {"job name 'a[1]': the character '[' is not allowed", [](auto& s) { s.name = "a[1]"; }},
      {"job name 'a\\nb': holds a control character", [](auto& s) { s.name = "a\nb"; }},
      {"job name ' a': begins or ends with a blank", [](auto& s) { s.name = " a"; }},
      {"at most 4094", [](auto& s) { s.name = std::string(4095, 'a'); }},
      {"array: has no children", [](auto& s) { s.array = SizedArray(0); }},
      {"array: number of children 1000001", [](auto& s) { s.array = SizedArray(1'000'001); }},
      {"array: index 4000000000",
       [](auto& s) {
         s.array = ArraySpec({{4'000'000'000, 4'000'000'000, 1}}, 0);
       }},
      {"begin time", [](auto& s) { s.begin_at = TimePoint(-5); }},
      {"an operator lacks an operand",
       [](auto& s) { s.dependency.nodes = {{.kind = DependencyNode::Kind::kNot}}; }},
      {"sequential(): pairs children, but this job is no array",
       [](auto& s) { s.dependency = ParseDependency("sequential()").value(); }},
      {"done(5[*]): pairs children",
       [](auto& s) { s.dependency = ParseDependency("1 || n_to_n(5)").value(); }},
  };
  for (const SpecCase& c : cases) {
    JobSpec spec = With(GoodSettings());
    c.break_it(spec);
    const Status status = Validate(spec);
    ASSERT_FALSE(status) << c.message;
    EXPECT_THAT(status.error().message, HasSubstr(c.message));
  }
}

TEST(ValidateSpec, LimitsAreSettings) {
  JobSpec spec = With(GoodSettings());
  EXPECT_FALSE(Validate(spec, {.max_name_bytes = 4}));
  spec.array = SizedArray(11);
  EXPECT_FALSE(Validate(spec, {.array = {.max_children = 10}}));
}

}  // namespace
}  // namespace bsub
