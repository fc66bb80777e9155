// Every faulty or odd line of a configuration that was shown to sendmail, with what it said.
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "mta/cf/reader.h"
#include "mta/site/site.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kFile = "/etc/mail/sendmail.cf";
constexpr absl::string_view kBase =
    "V10/Berkeley\n"
    "O QueueDirectory=/var/spool/mqueue\n"
    "Mlocal, P=/bin/true, F=lsDFMA, S=10, R=20, A=true $u\n"
    "Mprog, P=/bin/sh, F=lsDFMeu, S=10, R=20, A=sh -c $u\n"
    "S0\n"
    "R$*\t$#local $: $1\n"
    "S3\nS4\nS10\nS20\nS7\n";

struct Case {
  std::string lines;
  int exit_code = 0;
  std::vector<std::string> says;
};

std::string Unescaped(absl::string_view text) {
  std::string plain;
  EXPECT_TRUE(absl::CUnescape(text, &plain)) << text;
  return plain;
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  std::ifstream file("conformance/oracle/cf_lines.txt");
  for (std::string line; std::getline(file, line);) {
    absl::string_view text = line;
    if (absl::ConsumePrefix(&text, "case ")) {
      cases.push_back({Unescaped(text), 0, {}});
    } else if (absl::ConsumePrefix(&text, "exit ")) {
      EXPECT_TRUE(absl::SimpleAtoi(text, &cases.back().exit_code));
    } else if (absl::ConsumePrefix(&text, "say ")) {
      cases.back().says.push_back(Unescaped(text));
    }
  }
  return cases;
}

Task<int> Load(Environment& env, LoadedSite& loaded) {
  ReadOptions options;
  options.file = std::string(kFile);
  loaded = co_await LoadSite(env, std::move(options));
  co_return 0;
}

TEST(CfLines, SaysWhatSendmailSays) {
  const std::vector<Case> cases = Cases();
  ASSERT_GT(cases.size(), 300u);
  TestHost host;
  ASSERT_TRUE(host.disk().WriteFile("/etc/passwd", "root\n").ok());
  ASSERT_TRUE(host.disk().WriteFile("/etc/nsswitch.conf", "hosts: files\n").ok());
  ASSERT_TRUE(host.disk()
                  .WriteFile("/etc/hosts", "127.0.0.1 localhost\n192.0.2.9 mx1.corp.example mx1\n")
                  .ok());
  for (const Case& c : cases) {
    ASSERT_TRUE(host.disk().WriteFile(kFile, absl::StrCat(kBase, c.lines, "\n")).ok());
    LoadedSite loaded;
    ASSERT_EQ(host.Run(&Load, std::ref(loaded)), 0);
    std::vector<std::string> said;
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
      // That something is not implemented is our own concern.
      if (diagnostic.severity != Diagnostic::Severity::kNotImplemented) {
        said.push_back(Render(diagnostic));
      }
    }
    EXPECT_EQ(absl::StrJoin(said, "\n"), absl::StrJoin(c.says, "\n")) << c.lines;
    EXPECT_EQ(loaded.exit_code, c.exit_code) << c.lines;
  }
}

}  // namespace
}  // namespace stagepost
