// docs/compatibility.md says what the tables say.
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "mta/cf/blame.h"
#include "mta/cf/command_line_tables.h"
#include "mta/cf/line_tables.h"
#include "mta/cf/mailer_tables.h"
#include "mta/cf/map_class_table.h"
#include "mta/cf/name_tables.h"
#include "mta/cf/option_table.h"
#include "mta/cf/port_tables.h"
#include "tools/compatibility_page.h"

namespace stagepost {
namespace {

TEST(CompatibilityPage, IsTheOneInDocs) {
  std::ifstream file("docs/compatibility.md");
  ASSERT_TRUE(file.good());
  std::stringstream page;
  page << file.rdbuf();
  // EXPECT_EQ would print 500 lines twice.
  EXPECT_TRUE(page.str() == CompatibilityPage())
      << "bazel run //tools:compatibility > docs/compatibility.md";
}

TEST(CompatibilityPage, HasARowForEverything) {
  const std::string page = CompatibilityPage();
  for (const OptionInfo& option : AllOptions()) {
    const absl::string_view shown =
        option.name.empty() ? absl::string_view(&option.letter, 1) : option.name;
    EXPECT_TRUE(absl::StrContains(page, absl::StrCat("| `", shown, "` |"))) << shown;
  }
  for (const BlameWord& word : BlameWords()) {
    EXPECT_TRUE(absl::StrContains(page, absl::StrCat("`", word.name, "`"))) << word.name;
  }
}

TEST(Tables, NameNothingTwice) {
  for (const auto& rows : {LineKindRows(), PortKeyRows(), PortModifierRows(), DeliveryModeRows(),
                           MailerFlagRows(), MailerEquateRows(), BuiltInMailerRows(), MapFlagRows(),
                           QueueGroupKeyRows(), MilterKeyRows(), RulesetRows(), MacroRows(),
                           ClassRows(), OperationModeRows(), CommandFlagRows()}) {
    std::set<absl::string_view> names;
    for (const TableRow& row : rows) {
      EXPECT_TRUE(names.insert(row.name).second) << row.name;
      EXPECT_FALSE(row.meaning.empty() || row.since.empty()) << row.name;
      // "partly" without saying which part tells nothing.
      EXPECT_TRUE(row.support != Support::kPartly || !row.note.empty() || row.name == "-b MODE")
          << row.name;
    }
  }
}

}  // namespace
}  // namespace stagepost
