#include "jobs/authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

namespace bsub {
namespace {

using testing::HasSubstr;

const Principal kAlice{.uid = 1001, .gid = 100, .name = "alice"};
const Principal kBob{.uid = 1002, .gid = 100, .name = "bob"};
const Principal kRoot{.uid = 0, .gid = 0, .name = "root"};
const Principal kOperator{.uid = 1003, .gid = 100, .name = "olga"};
const AuthorityPolicy kPolicy{.cluster_uid = 990, .admins = {"olga"}};

struct VerbRow {
  Verb verb;
  std::array<bool, kRoleCount> allowed;  // other, owner, admin, node
};

// Written out on its own: a change of the code alone must fail here.
constexpr std::array<VerbRow, kVerbCount> kAuthority = {{
    {Verb::kSubmit, {true, true, true, false}},
    {Verb::kViewJob, {true, true, true, false}},
    {Verb::kReadOutput, {false, true, true, false}},
    {Verb::kCancel, {false, true, true, false}},
    {Verb::kHold, {false, true, true, false}},
    {Verb::kRelease, {false, true, true, false}},
    {Verb::kRequeue, {false, true, true, false}},
    {Verb::kLowerPriority, {false, true, true, false}},
    {Verb::kRaisePriority, {false, false, true, false}},
    {Verb::kRegisterDefinition, {false, true, true, false}},
    {Verb::kDeregisterDefinition, {false, true, true, false}},
    {Verb::kSetQueue, {false, false, true, false}},
    {Verb::kSetNode, {false, false, true, false}},
    {Verb::kRunNode, {false, false, true, true}},
    {Verb::kShutDown, {false, false, true, false}},
}};

TEST(Allowed, EveryRoleAndVerbIsAsWritten) {
  for (std::size_t v = 0; v < kAuthority.size(); ++v) {
    ASSERT_EQ(static_cast<std::size_t>(kAuthority[v].verb), v);
    for (std::size_t r = 0; r < kAuthority[v].allowed.size(); ++r) {
      const auto role = static_cast<Role>(r);
      EXPECT_EQ(Allowed(role, kAuthority[v].verb), kAuthority[v].allowed[r])
          << ToString(role) << " × " << ToString(kAuthority[v].verb);
    }
  }
}

TEST(Allowed, WhatIsNotListedIsDenied) {
  for (int r = 0; r < kRoleCount; ++r)
    EXPECT_FALSE(Allowed(static_cast<Role>(r), static_cast<Verb>(kVerbCount)));
  for (int v = 0; v < kVerbCount; ++v)
    EXPECT_FALSE(Allowed(static_cast<Role>(kRoleCount), static_cast<Verb>(v)));
}

TEST(RoleOf, GoesByUidAndByTheListOfAdministrators) {
  EXPECT_EQ(RoleOf(kPolicy, kAlice, &kAlice), Role::kOwner);
  EXPECT_EQ(RoleOf(kPolicy, kBob, &kAlice), Role::kOther);
  EXPECT_EQ(RoleOf(kPolicy, kRoot, &kAlice), Role::kAdmin);
  EXPECT_EQ(RoleOf(kPolicy, {.uid = 990, .name = "bsub"}, &kAlice), Role::kAdmin);
  EXPECT_EQ(RoleOf(kPolicy, kOperator, &kAlice), Role::kAdmin);
  EXPECT_EQ(RoleOf(kPolicy, kBob, nullptr), Role::kOwner) << "of what he is about to make";
}

TEST(RoleOf, EqualNamesDoNotMakeAnOwnerAndNoNameNoAdministrator) {
  EXPECT_EQ(RoleOf(kPolicy, {.uid = 5000, .name = "alice"}, &kAlice), Role::kOther);
  EXPECT_EQ(RoleOf({.cluster_uid = 990, .admins = {""}}, {.uid = 5000}, &kAlice), Role::kOther);
}

TEST(Authorize, RefusalsSayWhoMayNotDoWhatAndWhomToAsk) {
  EXPECT_TRUE(Authorize(kPolicy, kAlice, Verb::kCancel, &kAlice, "job 7"));
  const Status cancel = Authorize(kPolicy, kBob, Verb::kCancel, &kAlice, "job 7");
  ASSERT_FALSE(cancel);
  EXPECT_EQ(cancel.error().code, Code::kPermissionDenied);
  EXPECT_EQ(cancel.error().message,
            "bob may not cancel job 7: it belongs to alice; ask alice or an administrator");
  EXPECT_EQ(Authorize(kPolicy, kAlice, Verb::kRaisePriority, &kAlice, "job 7").error().message,
            "alice may not raise the priority of job 7; ask an administrator");
  EXPECT_EQ(Authorize(kPolicy, {.uid = 77}, Verb::kShutDown, nullptr, "the cluster").error().message,
            "uid 77 may not shut down the cluster; ask an administrator");
}

TEST(Words, EachVerbHasItsOwn) {
  std::set<std::string_view> words;
  for (int v = 0; v < kVerbCount; ++v) words.insert(ToString(static_cast<Verb>(v)));
  EXPECT_EQ(words.size(), static_cast<std::size_t>(kVerbCount));
}

}  // namespace
}  // namespace bsub
