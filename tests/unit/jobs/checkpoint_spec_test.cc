#include "jobs/checkpoint_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub {
namespace {

using ::testing::HasSubstr;

TEST(CheckpointSpec, SignalsAreReadInEverySpelling) {
  for (const char* text : {"USR1", "SIGUSR1", "10"}) {
    const auto signal = ParseNoticeSignal(text);
    ASSERT_TRUE(signal) << text;
    EXPECT_EQ(signal->number, 10) << text;
    EXPECT_FALSE(signal->group) << text;
    EXPECT_EQ(ToString(*signal), "USR1") << text;
  }
  const auto all = ParseNoticeSignal("USR2@group");
  ASSERT_TRUE(all);
  EXPECT_EQ(ToString(*all), "USR2@group");
  EXPECT_EQ(ToString(*ParseNoticeSignal("40")), "40") << "real-time signals have no names here";
}

TEST(CheckpointSpec, WhatNoProgramCanCatchIsRefusedAndSaysWhy) {
  for (const char* text : {"KILL", "STOP", "9", "19"})
    EXPECT_THAT(ParseNoticeSignal(text).error().message, HasSubstr("no program can catch it")) << text;
  for (const char* text : {"", "usr1", "65", "0", "USR1@", "USR1@all", "@group"})
    EXPECT_THAT(ParseNoticeSignal(text).error().message, HasSubstr("expected a name such as USR1")) << text;
}

TEST(CheckpointSpec, OnlyItsOwnCodeMeansSaved) {
  CheckpointSpec spec;
  EXPECT_FALSE(spec.used());
  EXPECT_FALSE(spec.SaidSaved({EndKind::kExited, 0, "", ""})) << "without a code none means it";
  spec.exit_code = kSavedExitCode;
  EXPECT_TRUE(spec.used());
  EXPECT_TRUE(spec.SaidSaved({EndKind::kExited, 85, "", ""}));
  EXPECT_FALSE(spec.SaidSaved({EndKind::kSignalled, 85, "", ""}));
  EXPECT_FALSE(spec.SaidSaved({EndKind::kExited, 1, "", ""}));
}

TEST(CheckpointSpec, FieldsAreCheckedByName) {
  CheckpointSpec spec;
  spec.directory = "saved";
  EXPECT_THAT(Validate(spec, 4096).error().message, HasSubstr("checkpoint directory"));
  spec.directory = "/saved";
  EXPECT_TRUE(Validate(spec, 4096));
  spec.exit_code = 256;
  EXPECT_THAT(Validate(spec, 4096).error().message, HasSubstr("checkpoint exit code"));
  spec.exit_code = 85;
  spec.signal = 9;
  EXPECT_THAT(Validate(spec, 4096).error().message, HasSubstr("checkpoint signal 9"));
}

}  // namespace
}  // namespace bsub
