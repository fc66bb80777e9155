// Users and groups: found by name and by id, and the groups that a user is in.
#include <memory>

#include "conformance/contract/contract_host.h"
#include "mta/env/env_test_util.h"

namespace stagepost {
namespace {

// Every case finds the same table.
class AccountsContract : public ContractTest {
 protected:
  int Run(Program program) {
    const std::unique_ptr<ContractHost> host = GetParam().make();
    host->AddUser({"ann", UserId{1001}, GroupId{2001}, "Ann Author,,,", "/home/ann", "/bin/sh"});
    host->AddUser({"bob", UserId{1002}, GroupId{2009}, "", "/home/bob", ""});
    host->AddUser({"ann2", UserId{1001}, GroupId{2003}, "Also Ann", "/", "/bin/false"});
    host->AddGroup({"authors", GroupId{2001}}, {});
    host->AddGroup({"mail", GroupId{2003}}, {"bob", "ann"});
    host->AddGroup({"staff", GroupId{2002}}, {"ann", "nobody-known"});
    host->AddGroup({"letters", GroupId{2003}}, {"ann"});
    return host->Run(program);
  }
};

CONTRACT_TEST(AccountsContract, FindUser_ByName) {
  CO_REQUIRE_ASSIGN(const User ann, env.accounts().FindUser("ann"));
  EXPECT_EQ(ann.name, "ann");
  EXPECT_EQ(ann.id, UserId{1001});
  EXPECT_EQ(ann.group, GroupId{2001});
  EXPECT_EQ(ann.full_name, "Ann Author,,,");
  EXPECT_EQ(ann.home, "/home/ann");
  EXPECT_EQ(ann.shell, "/bin/sh");
  co_return 0;
}

CONTRACT_TEST(AccountsContract, FindUser_ByIdTheFirstOfTwo) {
  CO_REQUIRE_ASSIGN(const User ann, env.accounts().FindUser(UserId{1001}));
  EXPECT_EQ(ann.name, "ann");
  CO_REQUIRE_ASSIGN(const User bob, env.accounts().FindUser(UserId{1002}));
  EXPECT_EQ(bob.name, "bob");
  EXPECT_EQ(bob.shell, "");
  co_return 0;
}

CONTRACT_TEST(AccountsContract, FindUser_SecondOfTwoByName) {
  CO_REQUIRE_ASSIGN(const User ann2, env.accounts().FindUser("ann2"));
  EXPECT_EQ(ann2.id, UserId{1001});
  EXPECT_EQ(ann2.group, GroupId{2003});
  co_return 0;
}

CONTRACT_TEST(AccountsContract, FindUser_Unknown) {
  for (const char* name : {"carol", "Ann", "an", "", "ann:", "1001"}) {
    const absl::Status status = env.accounts().FindUser(name).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << name << ": " << status;
  }
  const absl::Status status = env.accounts().FindUser(UserId{4242}).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  co_return 0;
}

CONTRACT_TEST(AccountsContract, FindGroup_ByNameAndId) {
  CO_REQUIRE_ASSIGN(const Group staff, env.accounts().FindGroup("staff"));
  EXPECT_EQ(staff.id, GroupId{2002});
  CO_REQUIRE_ASSIGN(const Group mail, env.accounts().FindGroup(GroupId{2003}));
  EXPECT_EQ(mail.name, "mail");
  co_return 0;
}

CONTRACT_TEST(AccountsContract, FindGroup_Unknown) {
  EXPECT_TRUE(absl::IsNotFound(env.accounts().FindGroup("nogroup").status()));
  EXPECT_TRUE(absl::IsNotFound(env.accounts().FindGroup("").status()));
  EXPECT_TRUE(absl::IsNotFound(env.accounts().FindGroup(GroupId{4242}).status()));
  co_return 0;
}

CONTRACT_TEST(AccountsContract, IdentityOf_AllGroupsSortedOnce) {
  CO_REQUIRE_ASSIGN(const User ann, env.accounts().FindUser("ann"));
  CO_REQUIRE_ASSIGN(const Identity identity, env.accounts().IdentityOf(ann));
  EXPECT_EQ(identity.user, UserId{1001});
  EXPECT_EQ(identity.group, GroupId{2001});
  EXPECT_EQ(identity.supplementary,
            (std::vector<GroupId>{GroupId{2001}, GroupId{2002}, GroupId{2003}}));
  co_return 0;
}

CONTRACT_TEST(AccountsContract, IdentityOf_OwnGroupThatHasNoName) {
  CO_REQUIRE_ASSIGN(const User bob, env.accounts().FindUser("bob"));
  CO_REQUIRE_ASSIGN(const Identity identity, env.accounts().IdentityOf(bob));
  EXPECT_EQ(identity.group, GroupId{2009});
  EXPECT_EQ(identity.supplementary, (std::vector<GroupId>{GroupId{2003}, GroupId{2009}}));
  co_return 0;
}

INSTANTIATE_CONTRACT(AccountsContract);

}  // namespace
}  // namespace stagepost
