#include "sim/world/sim_accounts.h"

#include <vector>

#include "gtest/gtest.h"

namespace stagepost {
namespace {

User Alice() {
  return User{.name = "alice",
              .id = UserId{1001},
              .group = GroupId{1001},
              .full_name = "Alice A.,,,",
              .home = "/home/alice",
              .shell = "/bin/sh"};
}

TEST(SimAccounts, BeginsWithRoot) {
  SimAccounts accounts;
  EXPECT_EQ(accounts.FindUser("root")->id, kRootUser);
  EXPECT_EQ(accounts.FindUser(kRootUser)->home, "/root");
  EXPECT_EQ(accounts.FindGroup(kRootGroup)->name, "root");
}

TEST(SimAccounts, FindsByNameAndId) {
  SimAccounts accounts;
  ASSERT_TRUE(accounts.AddUser(Alice()).ok());
  ASSERT_TRUE(accounts.AddGroup({.name = "alices", .id = GroupId{1001}}, {}).ok());
  EXPECT_EQ(accounts.FindUser("alice")->home, "/home/alice");
  EXPECT_EQ(accounts.FindUser(UserId{1001})->name, "alice");
  EXPECT_EQ(accounts.FindGroup("alices")->id, GroupId{1001});
  EXPECT_TRUE(absl::IsNotFound(accounts.FindUser("Alice").status()));
  EXPECT_TRUE(absl::IsNotFound(accounts.FindUser(UserId{7}).status()));
  EXPECT_TRUE(absl::IsNotFound(accounts.FindGroup("nobody").status()));
  EXPECT_TRUE(absl::IsNotFound(accounts.FindGroup(GroupId{7}).status()));
}

TEST(SimAccounts, RefusesWhatPasswdCouldNotHold) {
  SimAccounts accounts;
  ASSERT_TRUE(accounts.AddUser(Alice()).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(accounts.AddUser(Alice())));
  for (const char* name : {"", "a:b", "a\nb", "a,b"}) {
    User user = Alice();
    user.name = name;
    EXPECT_TRUE(absl::IsInvalidArgument(accounts.AddUser(user))) << name;
    EXPECT_TRUE(absl::IsInvalidArgument(accounts.AddGroup({.name = name}, {}))) << name;
  }
}

TEST(SimAccounts, GivesAllGroupsOfAUserSortedAndOnce) {
  SimAccounts accounts;
  ASSERT_TRUE(accounts.AddUser(Alice()).ok());
  ASSERT_TRUE(accounts.AddGroup({.name = "mail", .id = GroupId{12}}, {"bob", "alice"}).ok());
  ASSERT_TRUE(accounts.AddGroup({.name = "alices", .id = GroupId{1001}}, {"alice"}).ok());
  ASSERT_TRUE(accounts.AddGroup({.name = "staff", .id = GroupId{50}}, {}).ok());
  ASSERT_TRUE(accounts.AddMember("staff", "alice").ok());
  EXPECT_TRUE(absl::IsNotFound(accounts.AddMember("none", "alice")));
  const Identity identity = accounts.IdentityOf(Alice()).value();
  EXPECT_EQ(identity.user, UserId{1001});
  EXPECT_EQ(identity.group, GroupId{1001});
  EXPECT_EQ(identity.supplementary,
            (std::vector<GroupId>{GroupId{12}, GroupId{50}, GroupId{1001}}));
}

TEST(SimAccounts, ChangesAndFailsAsScenariosWish) {
  SimAccounts accounts;
  ASSERT_TRUE(accounts.AddUser(Alice()).ok());
  accounts.SetAvailable(false);
  EXPECT_TRUE(absl::IsUnavailable(accounts.FindUser("alice").status()));
  EXPECT_TRUE(absl::IsUnavailable(accounts.FindUser("nobody").status()));
  EXPECT_TRUE(absl::IsUnavailable(accounts.IdentityOf(Alice()).status()));
  accounts.SetAvailable(true);
  ASSERT_TRUE(accounts.RemoveUser("alice").ok());
  EXPECT_TRUE(absl::IsNotFound(accounts.RemoveUser("alice")));
  EXPECT_TRUE(absl::IsNotFound(accounts.FindUser("alice").status()));
  ASSERT_TRUE(accounts.RemoveGroup("root").ok());
  EXPECT_TRUE(absl::IsNotFound(accounts.RemoveGroup("root")));
}

}  // namespace
}  // namespace stagepost
