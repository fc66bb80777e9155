#include "mta/cf/names.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/cf/well_known_names.h"

namespace stagepost {
namespace {

using Words = std::vector<std::string>;

TEST(Names, OneCharacterIsTheSameWithBraces) {
  Names names;
  EXPECT_EQ(*names.Intern("x"), OneCharacterName('x'));
  std::vector<std::string> errors;
  const ScannedName scanned = names.Scan("{x}y", errors);
  EXPECT_EQ(scanned.id, OneCharacterName('x'));
  EXPECT_EQ(scanned.length, 3u);
  EXPECT_EQ(errors, Words());
  EXPECT_EQ(names.Written(OneCharacterName('x')), "x");
}

TEST(Names, WellKnownOnesHaveTheirNumbersEverywhere) {
  Names one, other;
  ASSERT_TRUE(one.Intern("something").ok());
  EXPECT_EQ(*one.Intern("client_addr"), well_known::kClientAddr);
  EXPECT_EQ(other.Find("client_addr"), well_known::kClientAddr);
  EXPECT_EQ(other.NameOf(well_known::kPersistentMacros), "persistentMacros");
  EXPECT_EQ(other.Written(well_known::kVerify), "{verify}");
}

TEST(Names, FindAddsNone) {
  Names names;
  const size_t size = names.size();
  EXPECT_EQ(names.Find("nosuch"), std::nullopt);
  EXPECT_EQ(names.size(), size);
  const NameId id = *names.Intern("nosuch");
  EXPECT_EQ(names.Find("nosuch"), id);
  EXPECT_EQ(names.size(), size + 1);
}

// sendmail's words for these; it was shown them.
TEST(Names, SaysWhatIsWrong) {
  Names names;
  const auto errors_of = [&](absl::string_view text) {
    std::vector<std::string> errors;
    names.Scan(text, errors);
    return errors;
  };
  const std::string kUnable = "Unable to assign macro/class ID (mid = 0xffffffff)";
  EXPECT_EQ(errors_of(""), (Words{"Name required for macro/class"}));
  EXPECT_EQ(errors_of("{}x"), (Words{"Name required for macro/class"}));
  EXPECT_EQ(errors_of("{x"), (Words{"Unbalanced { on x", kUnable}));
  EXPECT_EQ(errors_of("{a b}"), (Words{"Invalid macro/class character  "}));
  EXPECT_EQ(
      errors_of("{abcdefghijklmnopqrstuvwxyz0}"),
      (Words{"Macro/class name ({abcdefghijklmnopqrstuvwxy}) too long (25 chars max)", kUnable}));
  EXPECT_EQ(errors_of("{abcdefghijklmnopqrstuvwxy}"), Words());
}

TEST(Names, BadCharactersAreLeftOut) {
  Names names;
  std::vector<std::string> errors;
  EXPECT_EQ(names.Scan("{a b}", errors).id, names.Find("ab"));
  EXPECT_EQ(names.Scan("{ x}", errors).id, OneCharacterName('x'));
}

TEST(Names, HasRoomForAsManyAsSendmail) {
  Names names;
  for (size_t i = 0; i < kMaxLongNames; ++i) {
    // The well-known ones do not count until they are spoken of.
    ASSERT_TRUE(names.Intern(i == 7 ? "client_addr" : absl::StrCat("name", i)).ok()) << i;
  }
  EXPECT_EQ(names.Intern("onemore").status().message(),
            "Macro/class {onemore}: too many long names");
  EXPECT_FALSE(names.Intern("client_name").ok());
  EXPECT_TRUE(names.Intern("client_addr").ok());
  EXPECT_TRUE(names.Intern("name3").ok());
}

}  // namespace
}  // namespace stagepost
