#include "sim/peer/sh_parser.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

// "[word|word] <0:file", quoted text in '', variables as $name.
std::string Show(const ShWord& word) {
  std::string text;
  for (const ShPart& part : word.parts) {
    const std::string value =
        absl::StrCat(part.kind == ShPart::Kind::kVariable ? "$" : "", part.text);
    absl::StrAppend(&text, part.quoted ? absl::StrCat("'", value, "'") : value);
  }
  return text;
}

std::string Show(const ShCommand& command) {
  std::string text = "[";
  for (const ShWord& word : command.words) {
    absl::StrAppend(&text, text.size() > 1 ? "|" : "", Show(word));
  }
  text += "]";
  for (const ShRedirection& redirection : command.redirections) {
    using Kind = ShRedirection::Kind;
    const char* sign = redirection.kind == Kind::kRead     ? "<"
                       : redirection.kind == Kind::kWrite  ? ">"
                       : redirection.kind == Kind::kAppend ? ">>"
                                                           : ">&";
    absl::StrAppend(&text, " ", redirection.descriptor, sign,
                    redirection.kind == Kind::kDuplicate ? absl::StrCat(redirection.source)
                                                         : Show(redirection.target));
  }
  return text;
}

std::string Parsed(absl::string_view script) {
  const auto parsed = ParseShell(script);
  if (!parsed.ok()) return std::string(parsed.status().message());
  std::string text;
  for (const ShPipeline& pipeline : *parsed) {
    if (!text.empty()) text += " ";
    if (pipeline.when == ShPipeline::When::kIfSucceeded) text += "&& ";
    if (pipeline.when == ShPipeline::When::kIfFailed) text += "|| ";
    for (size_t i = 0; i < pipeline.commands.size(); ++i) {
      absl::StrAppend(&text, i > 0 ? " | " : "", Show(pipeline.commands[i]));
    }
  }
  return text;
}

TEST(ShParser, Commands) {
  EXPECT_EQ(Parsed(""), "");
  EXPECT_EQ(Parsed("  # a comment\n\n"), "");
  EXPECT_EQ(Parsed("a b;c\nd # e"), "[a|b] [c] [d]");
  EXPECT_EQ(Parsed("a && b||c | d"), "[a] && [b] || [c] | [d]");
  EXPECT_EQ(Parsed("a &&\n\n b |\n c;"), "[a] && [b] | [c]");
  EXPECT_EQ(Parsed("a \\\n b\\\nc"), "[a|bc]");
}

TEST(ShParser, Words) {
  EXPECT_EQ(Parsed("a'b c'\"d $X\"e\\ f ''"), "[a'b cd ''$X'e' 'f|'']");
  EXPECT_EQ(Parsed("$HOME${PATH}x $? $1$$ $# \"\\$x\" $"), "[$HOME$PATHx|$?|$1$$|$#|'$x'|$]");
  EXPECT_EQ(Parsed("a#b '#' \"*\" \\*"), "[a#b|'#'|'*'|'*']");
  EXPECT_EQ(Parsed("echo if cd x=1"), "[echo|if|cd|x=1]");
}

TEST(ShParser, Redirections) {
  EXPECT_EQ(Parsed("a<b >c 2>>d"), "[a] 0<b 1>c 2>>d");
  EXPECT_EQ(Parsed("a > \"b c\" 2>&1 b"), "[a|b] 1>'b c' 2>&1");
  EXPECT_EQ(Parsed(">x;a >&2"), "[] 1>x [a] 1>&2");
  EXPECT_EQ(Parsed("echo a2>b"), "[echo|a2] 1>b");
}

TEST(ShParser, Refused) {
  const struct {
    const char* script;
    const char* what;
  } kCases[] = {
      {"for x in a; do b; done", "1: \"for\" (column 1)"},
      {"a; if b", "1: \"if\" (column 4)"},
      {"a\n  while b", "2: \"while\" (column 3)"},
      {"! a", "1: \"!\" (column 1)"},
      {"{ a; }", "1: \"{\" (column 1)"},
      {"[ -f x ]", "1: \"[\" (column 1)"},
      {"cd /tmp", "1: \"cd\" (column 1)"},
      {"X=1 a", "1: an assignment (column 1)"},
      {"(a)", "1: a subshell, \"(\", (column 1)"},
      {"f() { a; }", "1: a function, \"(\", (column 2)"},
      {"a &", "1: running in the background, \"&\", (column 3)"},
      {"a $(b)", "1: command substitution, \"$(\", (column 3)"},
      {"a \"`b`\"", "1: command substitution, \"`\", (column 4)"},
      {"a ${b:-c}", "1: \"${\" with more than a name (column 3)"},
      {"a $@", "1: \"$@\" (column 3)"},
      {"ls *.c", "1: a pattern of file names, \"*\", (column 4)"},
      {"a ~/x", "1: a home directory, \"~\", (column 3)"},
      {"a <<E", "1: a here document, \"<<\", (column 3)"},
      {"a 3>x", "1: a descriptor other than 0, 1 and 2 (column 3)"},
      {"a >|x", "1: \">|\" (column 3)"},
      {"a 2>&3", "1: \">&\" but to 1 or 2 (column 6)"},
  };
  for (const auto& [script, what] : kCases) {
    EXPECT_EQ(Parsed(script), absl::StrCat(what, " is not available in the simulated shell"));
  }
}

TEST(ShParser, Wrong) {
  EXPECT_EQ(Parsed("a\n'b\nc"), "2: syntax error: unterminated '");
  EXPECT_EQ(Parsed("a \"b"), "1: syntax error: unterminated \"");
  EXPECT_EQ(Parsed("a |"), "1: syntax error: a command is missing");
  EXPECT_EQ(Parsed("a ; ; b"), "1: syntax error: unexpected \";\"");
  EXPECT_EQ(Parsed("a >"), "1: syntax error: a redirection without a file");
  EXPECT_EQ(Parsed("a )"), "1: syntax error: unexpected \")\"");
  EXPECT_EQ(Parsed("a\\"), "1: syntax error: a backslash at the end");
}

TEST(ShParser, Limits) {
  EXPECT_EQ(Parsed(std::string(kMaxShScriptBytes + 1, 'a')),
            "1: syntax error: the script is too long");
  std::string words, stages = "a";
  for (size_t i = 0; i <= kMaxShWords; ++i) words += "a ";
  for (size_t i = 0; i < kMaxShStages; ++i) stages += "|a";
  EXPECT_EQ(Parsed(words), "1: syntax error: too many words");
  EXPECT_EQ(Parsed(stages), "1: syntax error: the pipeline is too long");
}

}  // namespace
}  // namespace stagepost
