// Programs and files of users' lists where everything is served as one user: RunAsUser, and whoever
// calls sendmail -bv. As sendmail 8.17.1 does.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sim/testing/expand_test_util.h"

namespace stagepost {
namespace {

class ExpandWithoutRootTest : public testing::Test {
 protected:
  // From here on -bv is asked by somebody else.
  void GiveUpRoot(absl::string_view options) {
    host_.Configure(options);
    host_.Aliases("prog: \"|/bin/x\"\nfile: /tmp/f\nroots: :include:/var/lists/l\nown: alice\n");
    host_.Write("/var/lists/l", "|/bin/y\nbob\n");
    host_.Write("/home/alice/.forward", "/tmp/g\nbob\n", 2001);
    host_.host().start.identity = {UserId{1}, GroupId{1}, {}};
  }

  const std::string of_prog_ = "\"|/bin/x\"... deliverable: mailer prog, user \"|/bin/x\"\n";
  const std::string of_file_ = "/tmp/f... deliverable: mailer *file*, user /tmp/f\n";
  const std::string bob_ = "bob... deliverable: mailer local, user bob\n";
  ExpandHost host_;
};

// An alias is the administrator's word; of files not even root's is.
TEST_F(ExpandWithoutRootTest, FilesNameNoProgramsAndNoFiles) {
  GiveUpRoot("");
  EXPECT_EQ(host_.Verify("prog"), of_prog_);
  EXPECT_EQ(host_.Verify("file"), of_file_);
  EXPECT_EQ(host_.Verify("roots"),
            "/var/lists/l: line 1: |/bin/y... Address :include:/var/lists/l is unsafe for mailing "
            "to programs\n" +
                bob_);
  for (const char* address : {"alice", "own"}) {
    EXPECT_EQ(host_.Verify(address),
              "/home/alice/.forward: line 1: /tmp/g... Address alice is unsafe for mailing to "
              "files\n" +
                  bob_);
  }
  EXPECT_FALSE(absl::StrContains(host_.host().Log(), "marked unsafe")) << host_.host().Log();
}

TEST_F(ExpandWithoutRootTest, UnlessTheSiteSaysSo) {
  GiveUpRoot("O DontBlameSendmail=NonRootSafeAddr\n");
  EXPECT_EQ(host_.Verify("prog"), of_prog_);
  EXPECT_EQ(host_.Verify("file"), of_file_);
  EXPECT_EQ(host_.Verify("roots"),
            absl::StrCat("|/bin/y... deliverable: mailer prog, user |/bin/y\n", bob_));
  EXPECT_EQ(host_.Verify("alice"),
            absl::StrCat("/tmp/g... deliverable: mailer *file*, user /tmp/g\n", bob_));
}

}  // namespace
}  // namespace stagepost
