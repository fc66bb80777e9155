#include "mta/cf/classes.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace stagepost {
namespace {

using Words = std::vector<absl::string_view>;

constexpr NameId kClass = OneCharacterName('w');

TEST(Classes, IgnoreCaseAndShowTheFirstSpelling) {
  Classes classes;
  classes.Add(kClass, "Corp.Example");
  classes.Add(kClass, "corp.example");
  classes.Add(kClass, "[192.0.2.1]");
  EXPECT_TRUE(classes.Contains(kClass, "CORP.example"));
  EXPECT_FALSE(classes.Contains(kClass, "corp"));
  EXPECT_FALSE(classes.Contains(OneCharacterName('m'), "corp.example"));
  EXPECT_EQ(classes.Words(kClass), (Words{"Corp.Example", "[192.0.2.1]"}));
  EXPECT_EQ(classes.Words(OneCharacterName('m')), Words());
}

TEST(Classes, LettersOfOtherAlphabetsKeepTheirCase) {
  Classes classes;
  classes.Add(kClass, "\xc3\x89");
  EXPECT_FALSE(classes.Contains(kClass, "\xc3\xa9"));
}

TEST(Classes, KnowTheirLongestWord) {
  Classes classes;
  EXPECT_EQ(classes.longest_word(kClass), 0u);
  classes.Add(kClass, "a");
  classes.Add(kClass, std::string(200, 'b'));
  EXPECT_EQ(classes.longest_word(kClass), 200u);
  EXPECT_TRUE(classes.Contains(kClass, std::string(200, 'B')));
  EXPECT_FALSE(classes.Contains(kClass, std::string(201, 'B')));
}

TEST(Classes, VersionGrowsWithEveryChange) {
  Classes classes;
  const uint64_t before = classes.version();
  classes.Add(kClass, "a");
  const uint64_t after = classes.version();
  EXPECT_GT(after, before);
  classes.Add(kClass, "A");
  EXPECT_EQ(classes.version(), after);
}

}  // namespace
}  // namespace stagepost
