// The texts that maps are made of: flags, columns, aliases, patterns, netstrings.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mta/maps/alias_text.h"
#include "mta/maps/map.h"
#include "mta/maps/map_flags.h"
#include "mta/maps/netstring.h"
#include "mta/maps/posix_pattern.h"
#include "mta/maps/text_columns.h"

namespace stagepost {
namespace {

TEST(AliasTextTest, MessagesHaveAnEnd) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "bad\n";
  text += "good: alice\n: " + std::string(100'000, 'x') + "\n";
  const AliasText aliases = ParseAliasText(text);
  EXPECT_EQ(aliases.entries.size(), 1u);
  ASSERT_EQ(aliases.messages.size(), kMaxAliasMessages + 1);
  EXPECT_EQ(aliases.messages[999], "line 1000: missing colon");
  EXPECT_EQ(aliases.messages.back(), "line 1001: too many errors, no more are shown");
  const AliasText long_line = ParseAliasText(": " + std::string(100'000, 'x') + "\n");
  ASSERT_EQ(long_line.messages.size(), 1u);
  EXPECT_LT(long_line.messages[0].size(), 3000u);
}

TEST(MapFlagsTest, CommonFlags) {
  std::vector<std::string> errors;
  const MapFlags flags = ParseCommonFlags(
      "-a<OK> -T<TMP> -fmt -k 2 -v3 -z\\t -S_ -d1m30 -y -N -o /etc/mail/x  and the rest ", "m",
      errors);
  EXPECT_EQ(flags.append, "<OK>");
  EXPECT_EQ(flags.temporary_append, "<TMP>");
  EXPECT_TRUE(flags.keep_case);
  EXPECT_FALSE(flags.match_only);  // one letter a word
  EXPECT_EQ(flags.key_column, "2");
  EXPECT_EQ(flags.value_column, "3");
  EXPECT_EQ(flags.delimiter, '\t');
  EXPECT_EQ(flags.blank_substitute, '_');
  EXPECT_EQ(flags.timeout, absl::Seconds(90));
  EXPECT_FALSE(flags.try_without_nul);
  EXPECT_TRUE(flags.try_with_nul);
  EXPECT_TRUE(flags.optional);
  EXPECT_EQ(flags.file, "/etc/mail/x");
  EXPECT_EQ(flags.rest, "and the rest");
  EXPECT_EQ(errors, std::vector<std::string>{"Illegal option y map m"});
}

TEST(MapFlagsTest, FlagsOfOtherClasses) {
  const MapFlags dns = ParseDnsFlags("-R mx -B corp.example -Z2 -r 3 -d2s -z\\n -X");
  EXPECT_EQ(dns.record_type, "mx");
  EXPECT_EQ(dns.base_domain, "corp.example");
  EXPECT_EQ(dns.limit, 2);
  EXPECT_EQ(dns.retries, 3);
  EXPECT_EQ(dns.timeout, absl::Seconds(2));
  EXPECT_EQ(dns.delimiter, '\n');
  const MapFlags regex = ParseRegexFlags("-n -b -s1,2 -d -a@X  ^a b$ ");
  EXPECT_TRUE(regex.negate && regex.basic);
  EXPECT_EQ(regex.fields, "1,2");
  EXPECT_EQ(regex.field_delimiter, "");
  EXPECT_EQ(regex.file, "^a b$");
  EXPECT_EQ(ParseRegexFlags("-d:$|: x").field_delimiter, ":\x9b:");
  EXPECT_EQ(ParseRegexFlags("-d$x x").field_delimiter, "$x");
  // sendmail looks at one word.
  const MapFlags dequote = ParseDequoteFlags("-a.x -s_");
  EXPECT_EQ(dequote.append, ".x");
  EXPECT_FALSE(dequote.delimiter.has_value());
}

TEST(MapFlagsTest, FillInValue) {
  const std::vector<absl::string_view> arguments = {"one", "two"};
  MapFlags flags;
  flags.append = ".";
  EXPECT_EQ(FillInValue("%0-%1-%2-%3-%%-%x-%", "key", arguments, flags), "key-one-two--%-%x-%.");
  EXPECT_EQ(FillInValue(absl::string_view("a\0b", 3), "key", arguments, flags), "a.");
  const std::string key(kMaxMapKeyBytes, 'k');
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "%0";
  EXPECT_EQ(FillInValue(many, key, arguments, flags).size(), kMaxMapValueBytes + 1);
}

TEST(TextColumnsTest, Columns) {
  EXPECT_EQ(TextColumn("a:b::d", 1, ':'), "b");
  EXPECT_EQ(TextColumn("a:b::d", 2, ':'), "");
  EXPECT_EQ(TextColumn("a:b::d", 4, ':'), std::nullopt);
  EXPECT_EQ(TextColumn(":b", 0, ':'), std::nullopt);
  EXPECT_EQ(TextColumn(" a", 0, ':'), " a");
  EXPECT_EQ(TextColumn("  a \t b", 0, std::nullopt), "a");
  EXPECT_EQ(TextColumn("a \t b", 1, std::nullopt), "b");
  EXPECT_EQ(TextColumn("a ", 1, std::nullopt), "");
  EXPECT_EQ(TextColumn("", 0, std::nullopt), std::nullopt);
}

TEST(AliasTextTest, Aliases) {
  const AliasText aliases = ParseAliasText(
      "# one\nroot: alice,\n\tbob\n\"a: b\" : |x\nbad\n: y\nempty:\n\n stray\r\nlast:z \\\nx \\\n\n");
  ASSERT_EQ(aliases.entries.size(), 3u);
  EXPECT_EQ(aliases.entries[0].name, "root");
  EXPECT_EQ(aliases.entries[0].value, "alice,\tbob");
  EXPECT_EQ(aliases.entries[1].name, "\"a: b\"");
  EXPECT_EQ(aliases.entries[2].line, 12);
  EXPECT_EQ(aliases.entries[2].value, "z x ");
  EXPECT_EQ(aliases.messages,
            (std::vector<std::string>{"line 5: missing colon", "line 6: : y... illegal alias name",
                                      "line 7: empty:... missing value for alias",
                                      "line 9: Non-continuation line starts with space"}));
  EXPECT_EQ(aliases.longest, 10u);
}

// The pattern for RE2, or what is wrong with it.
std::string Translated(absl::string_view pattern, PosixSyntax syntax = PosixSyntax::kExtended) {
  const absl::StatusOr<std::string> translated = TranslatePosixPattern(pattern, syntax);
  return translated.ok() ? *translated : std::string(translated.status().message());
}

TEST(PosixPatternTest, Translates) {
  EXPECT_EQ(Translated("^(ab|c)*d+$"), "^(ab|c)*d+$");
  EXPECT_EQ(Translated("a{,2}b{3}c{4,}"), "a{0,2}b{3}c{4,}");
  EXPECT_EQ(Translated("a.\\.\\-"), "a.\\x2e\\x2d");
  EXPECT_EQ(Translated("[]a\\-c]"), "[\\x5c-c]");
  EXPECT_EQ(Translated("[^[:digit:]_]"), "[^0-9\\x5f]");
  EXPECT_EQ(Translated("a*+b?*"), "a*b*");
  EXPECT_EQ(Translated("a+{2}?"), "(?:(?:a+){2})?");
  EXPECT_EQ(Translated("a)"), "a\\x29");
  EXPECT_EQ(Translated("\\(a\\{1,2\\}\\)*b+", PosixSyntax::kBasic), "(a{1,2})*b\\x2b");
  EXPECT_EQ(Translated("*a\\|^b$c", PosixSyntax::kBasic), "\\x2aa|^b\\x24c");
}

TEST(PosixPatternTest, RangesWithoutRegardToCase) {
  const auto folded = [](absl::string_view pattern) {
    const auto translated =
        TranslatePosixPattern(pattern, PosixSyntax::kExtended, PosixCase::kInsensitive);
    return translated.ok() ? *translated : std::string(translated.status().message());
  };
  EXPECT_EQ(folded("[A-z]"), "[A-Z]");
  EXPECT_EQ(folded("[a-z_]"), "[A-Z\\x5f]");
  EXPECT_EQ(folded("[Z-a]"), "Invalid range end");
}

TEST(PosixPatternTest, SaysWhatIsWrong) {
  EXPECT_EQ(Translated("a("), "Unmatched ( or \\(");
  EXPECT_EQ(Translated("[a"), "Unmatched [, [^, [:, [., or [=");
  EXPECT_EQ(Translated("[[:x:]]"), "Invalid character class name");
  EXPECT_EQ(Translated("[b-a]"), "Invalid range end");
  EXPECT_EQ(Translated("a{2"), "Unmatched \\{");
  EXPECT_EQ(Translated("a{3,2}"), "Invalid content of \\{\\}");
  EXPECT_EQ(Translated("a\\"), "Trailing backslash");
  EXPECT_EQ(Translated("*a"), "Invalid preceding regular expression");
  EXPECT_EQ(Translated("(a)\\1"), "back-reference \\1 is not supported");
  EXPECT_EQ(Translated("a{1001}"), "more than 1000 repetitions are not supported");
  EXPECT_EQ(Translated(std::string(101, '(')), "Regular expression too big");
  EXPECT_EQ(Translated(std::string(kMaxPatternBytes + 1, 'a')), "Regular expression too big");
}

TEST(NetstringTest, Reads) {
  EXPECT_EQ(MakeNetstring("s key"), "5:s key,");
  NetstringReader reader;
  absl::string_view bytes = "8:OK val";
  EXPECT_TRUE(reader.Take(bytes).ok());
  EXPECT_FALSE(reader.complete());
  EXPECT_EQ(reader.received(), 6u);
  bytes = "ue,next";
  EXPECT_TRUE(reader.Take(bytes).ok());
  ASSERT_TRUE(reader.complete());
  EXPECT_EQ(reader.text(), "OK value");
  EXPECT_EQ(bytes, "next");
}

TEST(NetstringTest, Refuses) {
  for (const auto& [text, message] :
       {std::pair("1000001:x", "reply too long: 1000001"),
        std::pair("99999999999:", "failed to read length parameter of reply"),
        std::pair("-1:x,", "failed to read length parameter of reply"),
        std::pair(":x,", "failed to read length parameter of reply"),
        std::pair("1:xy", "missing ',' in reply")}) {
    NetstringReader reader;
    absl::string_view bytes = text;
    EXPECT_EQ(reader.Take(bytes).message(), message) << text;
    absl::string_view more = ",";
    EXPECT_FALSE(reader.Take(more).ok());
  }
}

}  // namespace
}  // namespace stagepost
