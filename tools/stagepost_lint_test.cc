// stagepost lint, on a simulated host.
#include "tools/stagepost_lint.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kBase =
    "V10/Berkeley\n"
    "O QueueDirectory=/var/spool/mqueue\n"
    "Mlocal, P=/bin/true, S=10, R=20, A=true $u\n"
    "S0\n"
    "R$*\t$#local $: $1\n";

class LintTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Write("/etc/hosts", "127.0.0.1 localhost\n");
    Write("/etc/nsswitch.conf", "hosts: files\n");
  }

  void Write(const std::string& path, absl::string_view text) {
    ASSERT_TRUE(host_.disk().WriteFile(path, text).ok()) << path;
  }

  int Lint(std::vector<std::string> words) {
    words.insert(words.begin(), "lint");
    return host_.Run(&LintMain, Arguments(words.begin(), words.end()));
  }

  TestHost host_;
};

TEST_F(LintTest, SaysNothingOfACleanFile) {
  Write("/x.cf", kBase);
  EXPECT_EQ(Lint({"/x.cf"}), 0);
  EXPECT_EQ(host_.output, "1 file: 0 errors, 0 warnings, 0 without effect\n");
  EXPECT_EQ(Lint({"--json", "/x.cf"}), 0);
  EXPECT_EQ(host_.output,
            "{\n  \"files\": [\n    {\"file\": \"/x.cf\", \"clean\": true, \"findings\": []}\n"
            "  ]\n}\n");
}

TEST_F(LintTest, ShowsEveryKindOfFinding) {
  Write("/x.cf", absl::StrCat(kBase, "O Bogus=1\nO SoftBounce=true\nO SuperSafe=i\n"));
  EXPECT_EQ(Lint({"/x.cf"}), 1);
  EXPECT_EQ(host_.output,
            "/x.cf:6: error: readcf: unknown option name Bogus\n"
            "/x.cf:8: warning: WARNING: SuperSafe=interactive should only be used with "
            "DeliveryMode=interactive\n"
            "/x.cf:7: no effect: option SoftBounce is not implemented\n"
            "1 file: 1 error, 1 warning, 1 without effect\n");
}

TEST_F(LintTest, WritesJson) {
  Write("/x.cf", absl::StrCat(kBase, "O \"Bo\x01gus\"=1\n"));
  EXPECT_EQ(Lint({"/x.cf", "--json"}), 1);
  EXPECT_EQ(host_.output,
            "{\n  \"files\": [\n    {\"file\": \"/x.cf\", \"clean\": false, \"findings\": [\n"
            "      {\"severity\": \"error\", \"file\": \"/x.cf\", \"line\": 6, \"text\": "
            "\"readcf: unknown option name \\\"Bo\\u0001gus\\\"\"}\n"
            "    ]}\n  ]\n}\n");
}

TEST_F(LintTest, TellsFilesApart) {
  Write("/good.cf", kBase);
  Write("/fatal.cf", absl::StrCat(kBase, "O DeliveryMode=z\nO Bogus=1\n"));
  EXPECT_EQ(Lint({"/good.cf", "/fatal.cf"}), 65);
  EXPECT_EQ(host_.output,
            "/fatal.cf:6: error: Unknown delivery mode z\n"
            "2 files: 1 error, 0 warnings, 0 without effect\n");
  EXPECT_EQ(Lint({"/good.cf", "/nosuch.cf", "/fatal.cf"}), 66);
  EXPECT_EQ(host_.output,
            "/nosuch.cf: error: cannot open: No such file or directory\n"
            "/fatal.cf:6: error: Unknown delivery mode z\n"
            "3 files: 2 errors, 0 warnings, 0 without effect\n");
}

TEST_F(LintTest, NamesMapsThatDoNotWork) {
  Write("/x.cf", absl::StrCat(kBase, "Kpeople nosuch -o /x\n"));
  EXPECT_EQ(Lint({"/x.cf"}), 1);
  EXPECT_EQ(host_.output.substr(0, host_.output.find('\n')),
            "/x.cf:6: error: readcf: map people: class nosuch not available");
}

TEST_F(LintTest, RefusesAWrongCommandLine) {
  EXPECT_EQ(Lint({}), 64);
  EXPECT_EQ(host_.error_output, "stagepost lint: no file given\nTry: stagepost lint --help\n");
  EXPECT_EQ(Lint({"--jsn", "/x.cf"}), 64);
  EXPECT_EQ(host_.error_output,
            "stagepost lint: unknown option \"--jsn\" (did you mean \"--json\"?)\n"
            "Try: stagepost lint --help\n");
  EXPECT_EQ(Lint({"--help"}), 0);
  EXPECT_EQ(host_.output, std::string(LintHelp()));
}

}  // namespace
}  // namespace stagepost
