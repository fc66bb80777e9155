#include "mta/m4/m4.h"

#include <algorithm>
#include <filesystem>  // lint: allow(filesystem): reads what is recorded of GNU m4.
#include <fstream>     // lint: allow(stdio): the same.
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/m4/emacs_regex.h"
#include "mta/m4/expression.h"

namespace stagepost {
namespace {

constexpr char kTestdata[] = "mta/m4/testdata/";

std::shared_ptr<const std::string> Shared(absl::string_view text) {
  return std::make_shared<const std::string>(text);
}

std::string ReadTestFile(const std::string& name) {
  // lint: allow(stdio): of the runfiles.
  std::ifstream file(kTestdata + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// What one run came to.
struct Outcome {
  std::string output;
  std::string messages;
  int exit_code = 0;
  std::vector<M4Finding> findings;
  std::vector<M4FileUse> uses;
  std::vector<std::string> commands;
};

// Answers requests: files from testdata, commands with their own text, temporary files with a name.
void Answer(M4& m4, M4Event event, Outcome* outcome) {
  const std::string& name = m4.request().name;
  if (event == M4Event::kNeedTemporary) {
    m4.GiveTemporary("/tmp/temporary");
  } else if (event == M4Event::kNeedCommand) {
    outcome->commands.push_back(name);
    if (absl::StartsWith(name, "refuse")) {
      m4.RefuseCommand("not here");
    } else {
      m4.GiveCommand(absl::StrCat("<", name, ">"), 7);
    }
  } else if (name == "inc") {
    m4.RefuseFile(Errno::kEISDIR);
    // lint: allow(filesystem): of the runfiles.
  } else if (std::filesystem::is_regular_file(kTestdata + name)) {
    m4.GiveFile(name, Shared(ReadTestFile(name)));
  } else {
    m4.RefuseFile(Errno::kENOENT);
  }
}

Outcome RunFile(const std::string& name, absl::string_view text, const M4Limits& limits = {},
                uint64_t steps = 1'000'000) {
  M4 m4(limits);
  Outcome outcome;
  m4.Begin(name, Shared(text));
  bool ended = false;
  while (true) {
    const M4Event event = m4.Run(steps);
    outcome.output += m4.TakeOutput();
    outcome.messages += m4.TakeMessages();
    if (event == M4Event::kFinished) break;
    if (event == M4Event::kPaused) continue;
    if (event == M4Event::kInputEnd) {
      EXPECT_FALSE(ended);
      ended = true;
      m4.End();
    } else {
      Answer(m4, event, &outcome);
    }
  }
  outcome.output += m4.TakeOutput();
  outcome.messages += m4.TakeMessages();
  outcome.exit_code = m4.exit_code();
  outcome.findings = m4.findings();
  outcome.uses = m4.uses();
  return outcome;
}

Outcome RunText(absl::string_view text, const M4Limits& limits = {}) {
  return RunFile("t.m4", text, limits);
}

class RecordedTest : public testing::TestWithParam<std::string> {};

std::vector<std::string> RecordedNames() {
  std::vector<std::string> names;
  // lint: allow(filesystem): of the runfiles.
  for (const auto& entry : std::filesystem::directory_iterator(kTestdata)) {
    if (entry.path().extension() == ".m4") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Recording(const Outcome& outcome) {
  return absl::StrCat("exit ", outcome.exit_code, ", ", outcome.output.size(), " bytes of output, ",
                      outcome.messages.size(), " of errors\n", outcome.output, outcome.messages);
}

// GNU m4's output, messages and exit code, recorded by conformance/m4.
TEST_P(RecordedTest, IsWhatGnuM4Does) {
  const std::string text = ReadTestFile(GetParam() + ".m4");
  const std::string expected = ReadTestFile(GetParam() + ".expected");
  EXPECT_EQ(Recording(RunFile(GetParam() + ".m4", text)), expected);
  // Wherever it pauses.
  EXPECT_EQ(Recording(RunFile(GetParam() + ".m4", text, {}, 1)), expected);
}

INSTANTIATE_TEST_SUITE_P(Testdata, RecordedTest, testing::ValuesIn(RecordedNames()),
                         [](const auto& info) { return info.param; });

TEST(M4Test, AsksForCommandsAndTemporaryFiles) {
  const Outcome outcome = RunText(
      "divert(-1)syscmd(`to stdout')divert`'esyscmd(`len')|sysval|maketemp(`/tmp/aXXXXXX')"
      "syscmd(`refuse me')never");
  EXPECT_EQ(outcome.output, "<to stdout><len>|7|/tmp/temporary");
  EXPECT_EQ(outcome.commands, (std::vector<std::string>{"to stdout", "len", "refuse me"}));
  EXPECT_EQ(outcome.messages, "m4:t.m4:1: ERROR: syscmd refused\n");
  EXPECT_EQ(outcome.exit_code, 1);
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].what, "not here: refuse me");
}

TEST(M4Test, ReportsAQuoteWhereItOpens) {
  const Outcome outcome = RunText("one\n  define(`x', `y)\nlen(`a')\n");
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].place.line, 2u);
  EXPECT_EQ(outcome.findings[0].place.column, 15u);
  EXPECT_EQ(outcome.findings[0].what, "the quote ` that opens here is never closed");
}

TEST(M4Test, ReportsACallWhereItBegins) {
  const Outcome outcome = RunText("define(`f', `$1')\n f(a,\n(b)\n");
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].place.line, 2u);
  EXPECT_EQ(outcome.findings[0].place.column, 2u);
  EXPECT_EQ(outcome.findings[0].what, "the arguments of f that begin here never end");
}

// What an expansion does has the place of the user's call, and where files were included stands.
TEST(M4Test, ReportsMissingFilesAtTheCallInTheUsersText) {
  const Outcome outcome =
      RunText("define(`FEATURE', `include(`feature/$1.m4')')dnl\n  FEATURE(x)\n");
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_EQ(outcome.findings[0].missing_file, "feature/x.m4");
  EXPECT_EQ(outcome.findings[0].place.line, 2u);
  EXPECT_EQ(outcome.findings[0].place.column, 3u);
  EXPECT_EQ(outcome.uses[outcome.findings[0].place.use].name, "t.m4");
  EXPECT_EQ(outcome.exit_code, 1);
}

TEST(M4Test, KnowsWhereFilesWereIncluded) {
  const Outcome outcome = RunText("\n include(`inc/nested')");
  const auto nested = std::find_if(outcome.uses.begin(), outcome.uses.end(),
                                   [](const auto& use) { return use.name == "inc/two_lines"; });
  ASSERT_NE(nested, outcome.uses.end());
  EXPECT_EQ(outcome.uses[nested->included_at.use].name, "inc/nested");
  EXPECT_EQ(nested->included_at.line, 1u);
  EXPECT_EQ(outcome.uses[nested->included_at.use].included_at.line, 2u);
  EXPECT_EQ(outcome.uses[nested->included_at.use].included_at.column, 2u);
}

TEST(M4Test, StopsWhateverHasNoEnd) {
  M4Limits limits;
  limits.steps = 200'000;
  limits.bytes = 1 << 20;
  limits.output_bytes = 1 << 20;
  limits.nested_calls = 1000;
  limits.input_blocks = 1000;
  for (const absl::string_view text : {
           "define(`f', `x f')f",                   // writes without end
           "define(`f', `f')f",                     // runs without end
           "define(`f', `f`'f')f",                  // and grows
           "define(`f', `f(`$1$1')')f(x)",          // and doubles
           "define(`f', `len(f')f",                 // nests
           "define(`f',`include(`inc/empty')f')f",  // includes
           "define(`f', `$*$*$*$*$*$*$*$*$*')f(f(f(f(f(f(f(f(f(x)))))))))",
           "define(`f', `m4wrap(`f')')f",
           "define(`f', `pushdef(`x',`abcdefghijklmnopqrstuvwxyz')f')f",
           "define(`f', `divert(1)abcdefghijklmnopqrstuvwxyz`'f')f",
           "eval(1,2,2000000000)",
           "eval(2000000000,1)",
           "format(`%2000000000d',1)",
           "format(`%.2000000000d',1)",
           "define(`f', `defn(`f')`'f')f",
           "define(`f', `errprint(`abcdefghijklmnopqrstuvwxyz')f')f",
       }) {
    const Outcome outcome = RunText(text, limits);
    EXPECT_EQ(outcome.exit_code, 1) << text;
    EXPECT_TRUE(absl::StrContains(outcome.messages, "ERROR: too much: limit of")) << text;
    EXPECT_LE(outcome.output.size(), 3u << 20) << text;
  }
}

TEST(M4Test, RepeatedTailsNeedNoMoreMemory) {
  M4Limits limits;
  limits.input_blocks = 20;
  const Outcome outcome =
      RunText("define(`f', `ifelse(`$1', `0', `done', `f(decr(`$1'))')')f(2000)", limits);
  EXPECT_EQ(outcome.output, "done");
  EXPECT_EQ(outcome.exit_code, 0);
}

TEST(M4Test, FilesAndDefinitionsTakeEffectInOrder) {
  M4 m4{M4Limits()};
  m4.Define("x", "1");
  m4.Begin("a", Shared("x"));
  EXPECT_EQ(m4.Run(1000), M4Event::kInputEnd);
  m4.Define("x", "2");
  m4.Undefine("len");
  m4.Begin("b", Shared("x len(a) __file__"));
  EXPECT_EQ(m4.Run(1000), M4Event::kInputEnd);
  m4.End();
  EXPECT_EQ(m4.Run(1000), M4Event::kFinished);
  EXPECT_EQ(m4.TakeOutput(), "12 len(a) b");
}

TEST(M4Test, DebugFilesAreRefused) {
  const Outcome outcome = RunText("debugfile(`x')y");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.output, "");
}

TEST(EmacsRegexTest, SaysWhatRe2CannotDo) {
  for (const absl::string_view pattern :
       {"\\(a\\)\\1", "\\<", "\\<.", "\\<a*", "a*\\>", "x\\|\\<\\|y", "[[=a=]]", "\\<\\(a\\)"}) {
    EXPECT_TRUE(absl::IsUnimplemented(TranslateEmacsRegex(pattern).status())) << pattern;
  }
  const Outcome outcome = RunText("a`'regexp(`abab', `\\(ab\\)\\1')b");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.output, "a");
  ASSERT_EQ(outcome.findings.size(), 1u);
  EXPECT_TRUE(absl::StrContains(outcome.findings[0].what, "back-references are not supported"));
}

TEST(ExpressionTest, NestingIsBounded) {
  EXPECT_EQ(EvaluateM4(std::string(100'000, '(')).error, M4ExpressionError::kTooDeep);
  EXPECT_EQ(EvaluateM4(std::string(100'000, '~') + "1").error, M4ExpressionError::kTooDeep);
  std::string powers = "1";
  for (int i = 0; i < 10'000; ++i) powers += "**1";
  EXPECT_EQ(EvaluateM4(powers).error, M4ExpressionError::kTooDeep);
}

}  // namespace
}  // namespace stagepost
