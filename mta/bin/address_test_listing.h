// What -bt lists, in sendmail's format: rules, mailers, classes; and how it reads names and levels.
#ifndef STAGEPOST_MTA_BIN_ADDRESS_TEST_LISTING_H_
#define STAGEPOST_MTA_BIN_ADDRESS_TEST_LISTING_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/configuration.h"
#include "mta/rewrite/engine.h"

namespace stagepost {

// Words of a class in the order in which sendmail lists them: that of its symbol table, a hash of
// the word, which people have come to compare.
std::vector<absl::string_view> InTableOrder(std::vector<absl::string_view> words);

// What sendmail prints for bytes in a rewritten address that mean something inside of it: 0x81 and
// the character behind it become the value of that macro, 0xff becomes 0x7f. Only its test mode is
// imitated in this: mail never has its macros put in.
std::string WithoutSpecialBytes(absl::string_view address, const Configuration& configuration);

void AppendMailers(const Configuration& configuration, std::string& out);
void AppendRules(const Engine& engine, int ruleset, std::string& out);

// The ruleset that the beginning of `text` names, by number or name (case counts). nullopt: there
// is none; complaints about the text itself go to `out`.
std::optional<int> FindRulesetNumber(const Configuration& configuration, absl::string_view text,
                                     std::string& out);

// The level that a -d option gives to category 21, rewriting: "21.12", "1-10,21", "" (everything);
// 1 if it names none. nullopt: it says nothing about it.
std::optional<int> RewritingDebugLevel(absl::string_view specification);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_ADDRESS_TEST_LISTING_H_
