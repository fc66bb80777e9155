// The class regex: POSIX regular expressions. The leftmost match counts, and of these the longest.
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/status_macros.h"
#include "mta/maps/map_classes.h"
#include "mta/maps/posix_pattern.h"
#include "re2/re2.h"

namespace stagepost {
namespace {

constexpr int kMaxFields = 32;
constexpr int64_t kMaxPatternMemory = 8 << 20;

// Whether a field can stand in an address: quotes, brackets and comments closed, and no white space
// outside of quotes.
bool IsBalanced(absl::string_view field) {
  int angles = 0, parentheses = 0;
  bool quoted = false, escaped = false;
  for (const char c : field) {
    if (escaped) {
      escaped = false;
    } else if (c == '\\') {
      escaped = true;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      if (c == ' ' || c == '\t') return false;
      angles += c == '<' ? 1 : c == '>' ? -1 : 0;
      parentheses += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (angles < 0 || parentheses < 0) return false;
    }
  }
  return angles == 0 && parentheses == 0 && !quoted && !escaped;
}

class RegexMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

  // Once, before it is asked.
  absl::Status Compile() {
    const PosixSyntax syntax = flags().basic ? PosixSyntax::kBasic : PosixSyntax::kExtended;
    const PosixCase letters = flags().keep_case ? PosixCase::kSensitive : PosixCase::kInsensitive;
    ASSIGN_OR_RETURN(const std::string pattern,
                     TranslatePosixPattern(flags().file, syntax, letters));
    RE2::Options options(RE2::Latin1);
    options.set_case_sensitive(flags().keep_case);
    options.set_dot_nl(true);
    options.set_longest_match(true);
    options.set_log_errors(false);
    options.set_max_mem(kMaxPatternMemory);
    pattern_ = std::make_unique<RE2>(pattern, options);
    if (!pattern_->ok()) return absl::InvalidArgumentError(pattern_->error());
    return absl::OkStatus();
  }

  absl::Status ParseFields() {
    if (!flags().fields.has_value()) return absl::OkStatus();
    if (flags().fields->empty()) {
      // All of them.
      for (int i = 0; i <= pattern_->NumberOfCapturingGroups() && i < kMaxFields; ++i) {
        fields_.push_back(i);
      }
      return absl::OkStatus();
    }
    for (const absl::string_view text : absl::StrSplit(*flags().fields, ',')) {
      if (fields_.size() == kMaxFields) {
        return absl::InvalidArgumentError(absl::StrCat("too many fields, ", kMaxFields, " max"));
      }
      const int field = LeadingNumber(text);
      const int groups = pattern_->NumberOfCapturingGroups() + 1;
      if (field < 0 || field >= groups) {
        return absl::InvalidArgumentError(absl::StrCat("field (", field, ") out of range, only ",
                                                       groups, " substrings in pattern"));
      }
      fields_.push_back(field);
    }
    return absl::OkStatus();
  }

 private:
  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    std::vector<re2::StringPiece> groups(
        flags().fields.has_value() ? pattern_->NumberOfCapturingGroups() + 1 : 0);
    const bool matches = pattern_->Match({key.data(), key.size()}, 0, key.size(), RE2::UNANCHORED,
                                         groups.data(), static_cast<int>(groups.size()));
    if (matches == flags().negate) co_return MapAnswer{};
    if (flags().negate || !flags().fields.has_value() || flags().match_only) {
      co_return Found("", key, arguments);
    }
    std::string value;
    if (!arguments.empty()) {
      // With arguments there are no fields: it is all that matches.
      const absl::string_view all(groups[0].data(), groups[0].size());
      co_return IsBalanced(all) ? Found(all, key, arguments) : MapAnswer{};
    }
    for (size_t i = 0; i < fields_.size(); ++i) {
      const re2::StringPiece& group = groups[fields_[i]];
      const absl::string_view field(group.data(), group.size());
      if (!IsBalanced(field)) co_return MapAnswer{};
      absl::StrAppend(&value, i > 0 ? Delimiter() : "", field);
    }
    co_return Found(value, key, arguments);
  }

  // The byte that "$|" of a rule is inside sendmail, when nothing else is said. It is no operator
  // where the answer is used.
  std::string Delimiter() const { return flags().field_delimiter.value_or("\x9b"); }

  std::unique_ptr<RE2> pattern_;
  std::vector<int> fields_;
};

}  // namespace

std::unique_ptr<BaseMap> MakeRegexMap(const MapArguments& arguments) {
  auto map = std::make_unique<RegexMap>(arguments.context, arguments.name, arguments.map_class,
                                        ParseRegexFlags(arguments.text));
  if (const absl::Status compiled = map->Compile(); !compiled.ok()) {
    arguments.errors.push_back(absl::StrCat("pattern-compile-error: ", compiled.message()));
    map->Invalidate();
  } else if (const absl::Status fields = map->ParseFields(); !fields.ok()) {
    arguments.errors.push_back(std::string(fields.message()));
    map->Invalidate();
  }
  return map;
}

}  // namespace stagepost
