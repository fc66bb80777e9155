// Every example of docs/scenario-language.md is one that the loader takes.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "sim/scenario/loader.h"
#include "tools/stagepost_files.h"

namespace stagepost {
namespace {

std::vector<std::string> Examples(absl::string_view page) {
  std::vector<std::string> examples;
  bool inside = false;
  for (const absl::string_view line : absl::StrSplit(page, '\n')) {
    if (!inside && line == "```textproto") {
      inside = true;
      examples.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      absl::StrAppend(&examples.back(), line, "\n");
    }
  }
  return examples;
}

TEST(ScenarioLanguage, ExamplesLoad) {
  const auto page = ReadWholeFile("docs/scenario-language.md", 1 << 20);
  ASSERT_TRUE(page.ok()) << page.status();
  const std::vector<std::string> examples = Examples(*page);
  ASSERT_GT(examples.size(), 5u);
  // The first is whole; the others are a host, or happen in the first one's world.
  const std::string& whole = examples[0];
  ASSERT_TRUE(absl::StartsWith(whole, "name:"));
  for (const std::string& example : examples) {
    std::string text = example;
    if (absl::StartsWith(example, "host")) {
      text = absl::StrCat("name: \"x\" summary: \"x\" world {\n", example, "}\n");
    } else if (&example != &whole) {
      text = absl::StrCat(whole, example);
    }
    const auto loaded = LoadScenario("example", text);
    EXPECT_TRUE(loaded.ok()) << loaded.status() << "\n" << example;
  }
}

}  // namespace
}  // namespace stagepost
