#include "cli/submit_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace bsub::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Arguments KernelOptions(const std::string& kernel) {
  Arguments arguments;
  arguments.Add("kernel", kernel);
  arguments.Add("array", "0-9,10-99");
  arguments.Add("checkpoint-dir", "saved");
  return arguments;
}

TEST(SubmitKernel, BecomesOneJobOfTheHost) {
  Arguments given = KernelOptions("lib/libx.so:run");
  given.Add("kernel-input", "width=8");
  given.Add("cpus", "2");
  const auto job = WithKernelHost(given, "/opt/bin", "/home/me");
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_THAT(job->words(), ElementsAre("/opt/bin/bsub-lite-kernel-host", "--kernel",
                                        "/home/me/lib/libx.so:run", "--array", "0-99", "--input", "width=8"));
  EXPECT_TRUE(job->separator());
  EXPECT_EQ(job->Get("name", ""), "run");
  EXPECT_EQ(job->Get("cpus", ""), "2");
  EXPECT_FALSE(job->Has("array")) << "its children are the host's";
}

TEST(SubmitKernel, PathsAreTheCallers) {
  const auto words = [](const std::string& kernel, const std::string& input) {
    Arguments given = KernelOptions(kernel);
    given.Add("kernel-input", input);
    return WithKernelHost(given, "/bin", "/home/me")->words();
  };
  EXPECT_EQ(words("libx.so:f", "@in.bin")[2], "libx.so:f") << "without a slash the dynamic linker finds it";
  EXPECT_EQ(words("/lib/libx.so:f", "@in.bin")[6], "@/home/me/in.bin");
  EXPECT_EQ(words("/lib/libx.so:f", "@/in.bin")[6], "@/in.bin");
}

std::string Refused(const std::function<void(Arguments&)>& change) {
  Arguments given = KernelOptions("./libx.so:run");
  change(given);
  const auto job = WithKernelHost(given, "/bin", "/");
  return job ? "accepted" : job.error().message;
}

TEST(SubmitKernel, SaysWhatIsWrong) {
  EXPECT_THAT(Refused([](Arguments& a) { a.Remove("array"); }), HasSubstr("--kernel needs --array"));
  EXPECT_THAT(Refused([](Arguments& a) { a.Remove("checkpoint-dir"); }), HasSubstr("--checkpoint-dir"));
  EXPECT_THAT(Refused([](Arguments& a) { a.Add("array", "0-9%2"); }), HasSubstr("--cpus"));
  EXPECT_THAT(Refused([](Arguments& a) { a.Add("array", "9-0"); }), HasSubstr("--array '9-0': at"));
  EXPECT_THAT(Refused([](Arguments& a) { a.Add("kernel", "libx.so"); }),
              HasSubstr("expected LIBRARY:FUNCTION"));
  EXPECT_THAT(Refused([](Arguments& a) { a.Add("script", "x.sh"); }), HasSubstr("--script exclude"));
  EXPECT_THAT(Refused([](Arguments& a) { a.SetWords({"a.out"}, true); }), HasSubstr("the program 'a.out'"));
}

}  // namespace
}  // namespace bsub::cli
