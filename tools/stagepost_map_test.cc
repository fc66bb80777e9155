// stagepost map, on a simulated host.
#include "tools/stagepost_map.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/bin/makemap.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

class MapTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(host_.disk().WriteFile("/etc/mail/sendmail.cf", "").ok()); }

  int Call(Program program, absl::string_view command, absl::string_view input = "") {
    host_.start.arguments = absl::StrSplit(command, ' ');
    host_.start.input = std::string(input);
    return host_.Run(program, host_.start.arguments);
  }
  void Make(absl::string_view options, absl::string_view text) {
    ASSERT_EQ(Call(&MakemapMain, absl::StrCat("makemap ", options), text), 0);
  }
  int Map(absl::string_view command) { return Call(&MapMain, absl::StrCat("map ", command)); }

  TestHost host_;
};

TEST_F(MapTest, GetsValuesUnderEveryFormOfAKey) {
  Make("-d btree /m", "a 1\na 2\nb \\x\ty\n");
  EXPECT_EQ(Map("get /m A b"), 0);
  EXPECT_EQ(host_.output, "a\t1\na\t2\nb\t\\\\x\\011y\n");
  EXPECT_EQ(Map("get /m.db c b"), 1);
  EXPECT_EQ(host_.output, "b\t\\\\x\\011y\n");
  EXPECT_EQ(host_.error_output, "stagepost map: /m.db: no key c\n");
  Make("-N hash /n", "k v\n");
  EXPECT_EQ(Map("get /n K"), 0);
  EXPECT_EQ(host_.output, "k\\000\tv\\000\n");
}

TEST_F(MapTest, ListsWhatAPersonCanRead) {
  Make("-e btree /m", "a\nb \x1b[2J\xff\n");
  EXPECT_EQ(Map("list /m"), 0);
  EXPECT_EQ(host_.output, "a\t\nb\t\\033[2J\\377\n");
}

TEST_F(MapTest, ChecksAndCounts) {
  Make("-N -e hash /etc/mail/aliases", "@ @\nroot x@y\nempty\n");
  EXPECT_EQ(Map("check /etc/mail/aliases"), 0) << host_.error_output;
  EXPECT_EQ(host_.output,
            "/etc/mail/aliases.db: hash, 3 entries with NULs at their ends, keys of up to 5 and "
            "values of up to 3 bytes, 1 values empty, an alias database\n");
  Make("-f btree /m", "Root x\n");
  Make("-o -N btree /m", "b y\n");
  ASSERT_TRUE(host_.disk().ChangeMode("/m.db", 0666).ok());
  EXPECT_EQ(Map("check /m"), 1);
  EXPECT_EQ(host_.output,
            "/m.db: btree, 2 entries, keys of up to 4 and values of up to 1 bytes\n"
            "/m.db: 1 keys end in a NUL, 1 do not: makemap ran with -N and without, and some "
            "look-ups find only one kind\n"
            "/m.db: 1 keys have capital letters: only a map with -f finds them\n"
            "/m.db: its mode is 0666: others may write it\n");
}

TEST_F(MapTest, SaysWhatIsNoMap) {
  EXPECT_EQ(Map("list /nosuch"), 66);
  EXPECT_EQ(host_.error_output, "stagepost map: /nosuch: No such file or directory\n");
  ASSERT_TRUE(host_.disk().WriteFile("/text", "a 1\n").ok());
  EXPECT_EQ(Map("check /text"), 65);
  EXPECT_TRUE(absl::StartsWith(host_.error_output, "stagepost map: /text: "));
  Make("hash /m", "a 1\nb 2\n");
  std::string bytes = host_.Read("/m.db");
  for (size_t i = 4096 + 20; i < 4096 + 40; ++i) bytes[i] = '\xff';
  for (size_t i = 8192 + 20; i < 8192 + 40; ++i) bytes[i] = '\xff';
  ASSERT_TRUE(host_.disk().WriteFile("/m.db", bytes).ok());
  EXPECT_EQ(Map("check /m"), 65);
  EXPECT_EQ(Map("list /m"), 65);
}

TEST_F(MapTest, ExplainsItself) {
  EXPECT_EQ(Map("--help"), 0);
  EXPECT_TRUE(absl::StartsWith(host_.output, "usage: stagepost map get"));
  for (const char* wrong : {"", "get", "get /m", "list", "list /a /b", "check", "put /m",
                            "list --all", "check /m --fix"}) {
    EXPECT_EQ(Map(wrong), 64) << wrong;
    EXPECT_TRUE(absl::EndsWith(host_.error_output, "\nTry: stagepost map --help\n")) << wrong;
  }
  EXPECT_EQ(Map("chek /m"), 64);
  EXPECT_EQ(host_.error_output,
            "stagepost map: unknown command \"chek\" (did you mean \"check\"?)\n"
            "Try: stagepost map --help\n");
  Make("hash /m", "-a 1\n");
  EXPECT_EQ(Map("get -- /m -a"), 0);
  EXPECT_EQ(Map("get /m -a"), 0);
  EXPECT_EQ(host_.output, "-a\t1\n");
}

}  // namespace
}  // namespace stagepost
