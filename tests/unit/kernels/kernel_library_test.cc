#include "kernels/host/kernel_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::kernels {
namespace {

using ::testing::HasSubstr;

TEST(KernelName, TheLastColonDivides) {
  const auto name = ParseKernelName("/a:b/libx.so:run");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->library, "/a:b/libx.so");
  EXPECT_EQ(name->function, "run");
}

TEST(KernelName, BothPartsAreNeeded) {
  for (const char* text : {"", ":", "libx.so", "libx.so:", ":run"}) {
    const auto name = ParseKernelName(text);
    ASSERT_FALSE(name) << text;
    EXPECT_THAT(name.error().message, HasSubstr("expected LIBRARY:FUNCTION"));
  }
}

TEST(OpenKernel, SaysWhatIsMissing) {
  const auto library = OpenKernel({"/nonexistent/libx.so", "run"});
  ASSERT_FALSE(library);
  EXPECT_THAT(library.error().message, HasSubstr("/nonexistent/libx.so"));
  const auto function = OpenKernel({"libc.so.6", "no_such_function"});
  ASSERT_FALSE(function);
  EXPECT_THAT(function.error().message, HasSubstr("libc.so.6 has no function \"no_such_function\""));
  const auto description = OpenKernel({"libc.so.6", "abs"});
  ASSERT_FALSE(description);
  EXPECT_THAT(description.error().message, HasSubstr("BSUB_KERNEL(abs)"));
}

}  // namespace
}  // namespace bsub::kernels
