#include "sim/scenario/scenario_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "re2/re2.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/suggest.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

using google::protobuf::io::ArrayInputStream;
using google::protobuf::io::Tokenizer;

constexpr size_t kMaxShown = 100;

// protobuf's first error, as it is.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (found) return;
    found = true;
    error.line = std::max(line, 0);
    error.column = std::max(column, 0);
    error.what = message;
  }

  bool found = false;
  ScenarioError error;
};

class IgnoreErrors : public google::protobuf::io::ErrorCollector {
  void AddError(int, int, const std::string&) override {}
};

// What stands before the place of an error.
struct Before {
  Tokenizer::Token field;   // the last field name
  Tokenizer::Token wanted;  // the last identifier with the text asked for
  Tokenizer::Token last;    // the last token
};

bool IsSymbol(const Tokenizer::Token& token, absl::string_view symbol) {
  return token.type == Tokenizer::TYPE_SYMBOL && token.text == symbol;
}

// Reads the text again, as the parser does, up to the error.
Before LookBefore(absl::string_view text, const ScenarioError& error, absl::string_view wanted) {
  ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  IgnoreErrors ignore;
  Tokenizer tokenizer(&input, &ignore);
  tokenizer.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
  tokenizer.set_allow_f_after_float(true);
  tokenizer.set_require_space_after_number(false);
  Before before;
  for (;;) {
    if (!tokenizer.Next()) break;
    const Tokenizer::Token& token = tokenizer.current();
    if (std::pair(token.line, token.column) >= std::pair(error.line, error.column)) break;
    if (token.type == Tokenizer::TYPE_IDENTIFIER) {
      if (token.text == wanted) before.wanted = token;
      // After a colon it is a value: true, false.
      if (!IsSymbol(before.last, ":")) before.field = token;
    }
    before.last = token;
  }
  return before;
}

// Whether the parser was at a field's value (or between its name and its value) when it failed.
bool AtValue(const Before& before) {
  return before.last.type == Tokenizer::TYPE_IDENTIFIER || IsSymbol(before.last, ":") ||
         IsSymbol(before.last, "-") || IsSymbol(before.last, "[") || IsSymbol(before.last, ",");
}

std::vector<std::string> FieldNames(const std::string& message) {
  std::vector<std::string> names;
  const auto* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(message);
  for (int i = 0; type != nullptr && i < type->field_count(); ++i) {
    names.push_back(type->field(i)->name());
  }
  return names;
}

std::string ShortName(const std::string& message) { return message.substr(message.rfind('.') + 1); }

std::string Found(const std::string& token) {
  return token.empty() ? "the end of the file" : OneLine(token, kMaxShown);
}

// Errors that name a field: fills in field and what. The texts are those of protobuf 3.21; one that
// is not known is passed on as it is.
bool NamesItsField(ScenarioError& error) {
  std::string message, name, other;
  if (RE2::FullMatch(error.what, "Message type \"(.*)\" has no field named \"(.*)\"\\.", &message,
                     &name)) {
    error.what = absl::StrCat(ShortName(message), " has no such field",
                              DidYouMean(name, FieldNames(message)));
  } else if (RE2::FullMatch(error.what,
                            "Non-repeated field \"(.*)\" is specified multiple times\\.", &name)) {
    error.what = "may be given only once";
  } else if (RE2::FullMatch(
                 error.what,
                 "Field \"(.*)\" is specified along with field \"(.*)\", another member of .*",
                 &name, &other)) {
    error.what = absl::StrCat("excludes \"", other, "\", which is given, too");
  } else {
    return false;
  }
  error.field = name;
  return true;
}

std::string Reworded(const std::string& message, bool at_value) {
  std::string expected, found;
  if (RE2::FullMatch(message, "(?s)Expected identifier, got: (.*)", &found)) {
    return absl::StrCat("expected ", at_value ? "true or false" : "a field name", ", found ",
                        Found(found));
  }
  if (RE2::FullMatch(message, "(?s)Expected integer, got: (.*)", &found)) {
    return absl::StrCat("expected a number, found ", Found(found));
  }
  if (RE2::FullMatch(message, "(?s)Expected string, got: (.*)", &found)) {
    return absl::StrCat("expected a text in quotes, found ", Found(found));
  }
  if (RE2::FullMatch(message, "(?s)Expected \"(.*)\", found \"(.*)\"\\.", &expected, &found)) {
    return absl::StrCat("expected \"", expected, "\", found ", Found(found));
  }
  if (RE2::FullMatch(message, "(?s)Integer out of range \\((.*)\\)", &found)) {
    return absl::StrCat("number out of range: ", Found(found));
  }
  if (RE2::FullMatch(message, "(?s)Invalid value for boolean field \".*\"\\. Value: \"(.*)\"\\.",
                     &found)) {
    return absl::StrCat("expected true or false, found ", Found(found));
  }
  if (RE2::PartialMatch(message, "^Message is too deep")) {
    return absl::StrCat("messages may be nested ", kMaxScenarioDepth, " deep at most");
  }
  std::string text = OneLine(message, kMaxShown);
  if (!text.empty()) text[0] = absl::ascii_tolower(static_cast<unsigned char>(text[0]));
  if (text.size() > 1 && text.back() == '.') text.pop_back();
  return text;
}

ScenarioError Explain(absl::string_view text, ScenarioError error) {
  if (NamesItsField(error)) {
    const Before before = LookBefore(text, error, error.field);
    if (before.wanted.type == Tokenizer::TYPE_IDENTIFIER) {
      error.line = before.wanted.line;
      error.column = before.wanted.column;
    }
    error.field = OneLine(error.field, kMaxShown);
    return error;
  }
  const Before before = LookBefore(text, error, "");
  const bool at_value = AtValue(before);
  if (at_value && before.field.type == Tokenizer::TYPE_IDENTIFIER) {
    error.field = before.field.text.substr(0, kMaxShown);
  }
  error.what = Reworded(error.what, at_value);
  return error;
}

}  // namespace

std::optional<ScenarioError> ParseScenarioText(
    absl::string_view text, scenario::Scenario& scenario,
    google::protobuf::TextFormat::ParseInfoTree& places) {
  FirstError first;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&first);
  parser.WriteLocationsTo(&places);
  parser.SetRecursionLimit(kMaxScenarioDepth);
  ArrayInputStream input(text.data(), static_cast<int>(text.size()));
  if (parser.Parse(&input, &scenario) && !first.found) return std::nullopt;
  return Explain(text, std::move(first.error));
}

}  // namespace stagepost
