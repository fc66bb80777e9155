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

// What maps and the rules' compiler say is not the reader's.
bool IsOfMapsOrRules(absl::string_view text) {
  for (const absl::string_view words :
       {"out of bounds", "Inappropriate use", "missing map closing", "cannot nest",
        "too many wildcards", "prescan", "not available", "No file name", "unknown member",
        "pattern-compile", "setalias:"}) {
    if (absl::StrContains(text, words)) return true;
  }
  return false;
}

class NoMaps final : public ClassQuery {
 public:
  Task<absl::StatusOr<std::string>> Query(absl::string_view map_class, absl::string_view,
                                          absl::string_view) override {
    co_return absl::NotFoundError(absl::StrCat("class ", map_class, " not available"));
  }
};

Task<int> ReadFile(Environment& env, ReadResult& result) {
  auto initial = std::make_unique<Configuration>();
  const auto set = [&](char name, absl::string_view value) {
    initial->macros.SetLiteral(OneCharacterName(name), value);
  };
  set('n', "MAILER-DAEMON");
  set('v', "8.17.1.9");
  set('w', "mx1");
  set('j', "mx1.corp.example");
  set('m', "corp.example");
  NoMaps maps;
  ReadOptions options;
  options.file = std::string(kFile);
  result = co_await ReadConfiguration(env, std::move(initial), std::move(options), maps);
  co_return 0;
}

TEST(CfLines, SaysWhatSendmailSays) {
  const std::vector<Case> cases = Cases();
  ASSERT_GT(cases.size(), 300u);
  TestHost host;
  ASSERT_TRUE(host.disk().WriteFile("/etc/passwd", "root\n").ok());
  ASSERT_TRUE(host.disk().WriteFile("/etc/nsswitch.conf", "hosts: files\n").ok());
  ASSERT_TRUE(host.disk().WriteFile("/etc/hosts", "127.0.0.1 localhost\n").ok());
  for (const Case& c : cases) {
    ASSERT_TRUE(host.disk().WriteFile(kFile, absl::StrCat(kBase, c.lines, "\n")).ok());
    ReadResult result;
    ASSERT_EQ(host.Run(&ReadFile, std::ref(result)), 0);
    std::vector<std::string> said;
    for (const Diagnostic& diagnostic : InPrintingOrder(result, {})) {
      for (absl::string_view line : absl::StrSplit(Render(diagnostic), '\n')) {
        if (!IsOfMapsOrRules(line)) said.emplace_back(line);
      }
    }
    std::vector<std::string> expected;
    for (const std::string& line : c.says) {
      if (!IsOfMapsOrRules(line)) expected.push_back(line);
    }
    EXPECT_EQ(absl::StrJoin(said, "\n"), absl::StrJoin(expected, "\n")) << c.lines;
    if (expected.size() == c.says.size()) {
      EXPECT_EQ(result.exit_code, c.exit_code) << c.lines;
    }
  }
}

}  // namespace
}  // namespace stagepost
