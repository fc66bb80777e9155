// The parts of the map tools that need nothing but text.
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/maptools/map_settings.h"
#include "mta/maptools/map_text.h"
#include "mta/maptools/option_scanner.h"

namespace stagepost {
namespace {

// One line for each: "1: entry key=value", "2: too long", …
std::string Lines(absl::string_view text, const MapTextOptions& options = {}, size_t piece = 7) {
  MapTextReader reader(options);
  std::string lines;
  const auto take = [&] {
    while (const std::optional<MapLine> line = reader.Next()) {
      absl::StrAppend(&lines, line->number, ": ");
      switch (line->kind) {
        case MapLine::Kind::kEntry:
          absl::StrAppend(&lines, line->key, "=", line->value, "\n");
          break;
        case MapLine::Kind::kTooLong:
          lines += "too long\n";
          break;
        case MapLine::Kind::kLeadingSpace:
          lines += "leading space\n";
          break;
        case MapLine::Kind::kNoValue:
          absl::StrAppend(&lines, "no value for ", line->key, "\n");
      }
    }
  };
  for (size_t at = 0; at < text.size(); at += piece) {
    reader.Append(text.substr(at, piece));
    take();
  }
  reader.End();
  take();
  return lines;
}

TEST(MapTextTest, KeysEndAtWhiteSpaceAndValuesDoNot) {
  EXPECT_EQ(Lines("A 1\n# x\n\nb\t \tx y  \nc\n d 1\ne 2"),
            "1: a=1\n4: b=x y  \n5: no value for c\n6: leading space\n7: e=2\n");
  EXPECT_EQ(Lines("A\nb \n", {.fold_case = false, .allow_empty = true}), "1: A=\n2: b=\n");
  EXPECT_EQ(Lines("#a 1\n%b 2\n", {.comment = '%'}), "1: #a=1\n");
}

TEST(MapTextTest, SeparatorsTakeThePlaceOfWhiteSpace) {
  const MapTextOptions options{.separator = ':'};
  EXPECT_EQ(Lines(" a b:: c\n:1\nx\n:\ny: \n", options),
            "1:  a b= c\n2: =1\n3: no value for x\n4: no value for \n5: y= \n");
}

TEST(MapTextTest, WhatIsLeftOfALongLineIsALine) {
  const std::string longest(1021, 'v');
  EXPECT_EQ(Lines("k " + longest.substr(1) + "\n"), "1: k=" + longest.substr(1) + "\n");
  EXPECT_EQ(Lines("k " + longest + "\n"), "1: too long\n");
  EXPECT_EQ(Lines("k " + longest + "x y\n"), "1: too long\n2: x=y\n");
  EXPECT_EQ(Lines("k " + longest.substr(1)), "1: k=" + longest.substr(1) + "\n");
  EXPECT_EQ(Lines("k " + longest), "1: too long\n");
  EXPECT_EQ(Lines(std::string(3000, 'k') + " v\nb 2\n"),
            absl::StrCat("1: too long\n2: too long\n3: ", std::string(954, 'k'), "=v\n4: b=2\n"));
}

TEST(MapTextTest, ANulHidesTheEndOfItsLine) {
  EXPECT_EQ(Lines(absl::string_view("a\0 1\nb 2\n", 9)), "1: too long\n2: b=2\n");
  EXPECT_EQ(Lines(absl::string_view("a 1\0x", 5)), "1: a=1\n");
}

TEST(MapTextTest, PiecesMakeNoDifference) {
  const std::string text = absl::StrCat("a 1\n", std::string(1500, 'x'), " 2\n\n# c\n b\nC 3");
  const std::string whole = Lines(text, {}, text.size());
  for (size_t piece = 1; piece < text.size(); ++piece) EXPECT_EQ(Lines(text, {}, piece), whole);
}

std::string Scan(const std::vector<std::string>& words) {
  const Arguments arguments(words);
  OptionScanner scanner(arguments, "ab:c");
  std::string seen;
  while (const std::optional<ScannedOption> option = scanner.Next()) {
    absl::StrAppend(&seen, std::string(1, option->letter), "(", option->value, option->error, ")");
  }
  return absl::StrCat(seen, " ", absl::StrJoin(scanner.operands(), ","));
}

TEST(OptionScannerTest, ReadsWordsAsGetoptDoes) {
  EXPECT_EQ(Scan({"p", "-ac", "x", "-bv", "-b", "w", "y"}), "a()c()b(v)b(w) x,y");
  EXPECT_EQ(Scan({"p", "-a", "--", "-c", "x"}), "a() -c,x");
  EXPECT_EQ(Scan({"p", "-", "-acb", "-c"}), "a()c()b(-c) -");
  EXPECT_EQ(Scan({"p", "x", "-z", "-c"}), "?(p: invalid option -- 'z'\n)c() x");
  EXPECT_EQ(Scan({"p", "-:"}), "?(p: invalid option -- ':'\n) ");
  EXPECT_EQ(Scan({"p", "x", "-b"}), "?(p: option requires an argument -- 'b'\n) x");
  EXPECT_EQ(Scan({}), " ");
}

TEST(MapSettingsTest, ReadsTheLinesThatMatter) {
  const MapSettings settings = ParseMapSettings(
      "DSx\nO TrustedUser = smmta\nO  TrustedUser=no\nOA/etc/aliases\n"
      "O aliasfile=hash:-o a , b\n#Kx hash y\nKaccess hash -T<TMPF> -o /etc/mail/access\n"
      "Kseq sequence one two \nKshort\n");
  EXPECT_EQ(settings.trusted_users, std::vector<std::string>{"smmta"});
  EXPECT_EQ(settings.alias_files, (std::vector<std::string>{"/etc/aliases", "hash:-o a , b"}));
  ASSERT_EQ(settings.maps.size(), 2u);
  EXPECT_EQ(FindMapType(settings, "/etc/mail/access", false), "hash");
  EXPECT_EQ(FindMapType(settings, "access", false), std::nullopt);
  EXPECT_EQ(FindMapType(settings, "access.db", true), "hash");
  EXPECT_EQ(FindMapType(settings, "two", true), "sequence");
}

TEST(MapSettingsTest, AliasFilesMayHaveTypesAndFlags) {
  const std::vector<AliasFile> files = ParseAliasFiles("hash:-o -f a , b,, -x c");
  ASSERT_EQ(files.size(), 4u);
  EXPECT_EQ(files[0].type, "hash");
  EXPECT_EQ(files[0].path, "a");
  EXPECT_EQ(files[1].type, std::nullopt);
  EXPECT_EQ(files[1].path, "b");
  EXPECT_EQ(files[2].path, "");
  EXPECT_EQ(files[3].path, "c");
  EXPECT_EQ(ParseAliasFiles("a,").size(), 1u);
  EXPECT_EQ(ParseAliasFile("ldap:").specification, "ldap:");
}

}  // namespace
}  // namespace stagepost
