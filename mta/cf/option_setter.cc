#include "mta/cf/option_setter.h"

#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mta/base/sysexits.h"
#include "mta/cf/map_class_table.h"
#include "mta/cf/option_value.h"

namespace stagepost {
namespace {

// What an error message shows of a hostile name.
constexpr size_t kMaxShownBytes = 256;

// Room for MustQuoteChars in sendmail, beside those always quoted.
constexpr size_t kMaxMustQuoteChars = 39;
// Messages about one setting: a hostile one could earn two for each of its bytes.
constexpr size_t kMaxMessages = 1000;
constexpr int64_t kSmallHeaderLimit = 16384;

absl::string_view StripTrailingSpaces(absl::string_view text) {
  while (absl::EndsWith(text, " ")) text.remove_suffix(1);
  return text;
}

absl::string_view StripLeadingSpaces(absl::string_view text) {
  while (absl::StartsWith(text, " ")) text.remove_prefix(1);
  return text;
}

// These add up, or keep their own accounts of what is fixed.
bool IsNeverFixed(OptionId id) {
  return id == OptionId::kTimeout || id == OptionId::kPrivacyOptions ||
         id == OptionId::kDontBlameSendmail || id == OptionId::kMilter ||
         id == OptionId::kDefineMacro;
}

bool HasSuboptions(OptionId id) { return id == OptionId::kTimeout || id == OptionId::kMilter; }

// sendmail's atoi() and atol(): what counts bytes is wider.
int64_t LimitOf(const OptionInfo& option) {
  return option.unit == "bytes" || option.unit == "blocks" || option.unit == "kilobytes"
             ? int64_t{1} << 53
             : std::numeric_limits<int32_t>::max();
}

}  // namespace

void OptionSetter::Say(Severity severity, int exit_code, std::string text, bool shows_line) {
  if (diagnostics_.size() == kMaxMessages) return;
  diagnostics_.push_back({.severity = severity,
                          .where = where_,
                          .text = std::move(text),
                          .exit_code = exit_code,
                          .shows_line = shows_line});
}

void OptionSetter::Ignored(std::string text) {
  options_.ignored_.push_back(
      {.severity = Severity::kNotImplemented, .where = where_, .text = std::move(text)});
}

void OptionSetter::SetLong(absl::string_view setting) {
  const size_t equals = setting.find('=');
  absl::string_view name = StripTrailingSpaces(setting.substr(0, equals));
  const absl::string_view value = equals == absl::string_view::npos
                                      ? absl::string_view()
                                      : StripLeadingSpaces(setting.substr(equals + 1));
  absl::string_view sub;
  if (const size_t dot = name.find('.'); dot != absl::string_view::npos) {
    sub = name.substr(dot + 1);
    name = name.substr(0, dot);
  }
  if (name.empty()) return Error("readcf: null option name");
  const OptionMatch match = FindOptionByName(name);
  const absl::string_view shown = name.substr(0, kMaxShownBytes);
  if (match.other != nullptr) {
    return Error(absl::StrCat("readcf: ambiguous option name ", shown, " (matches ",
                              match.first->name, " and ", match.other->name, ")"));
  }
  if (match.found == nullptr) return Error(absl::StrCat("readcf: unknown option name ", shown));
  if (match.abbreviated) {
    Say(Severity::kWarning, 0,
        absl::StrCat("Option ", shown, " used as abbreviation for ", match.found->name), true);
  }
  Set(*match.found, sub, value);
}

void OptionSetter::SetShort(char letter, absl::string_view value) {
  const OptionInfo* const option = FindOptionByLetter(letter);
  if (option == nullptr) {
    return Error(
        absl::StrFormat("readcf: unknown option name 0x%x", static_cast<unsigned char>(letter)));
  }
  Set(*option, absl::string_view(), value);
}

void OptionSetter::SetDefault(const OptionInfo& option) {
  is_default_ = true;
  if (option.id == OptionId::kTimeout) return SetTimeouts("");
  if (option.default_value.empty() || option.id == OptionId::kSmtpUTF8) return;
  Store(option, absl::string_view(), option.default_value);
}

bool OptionSetter::IsFixed(const OptionInfo& option) const {
  return origin_ == Options::Origin::kFile && options_.sticky_.count(option.id) > 0;
}

void OptionSetter::Set(const OptionInfo& option, absl::string_view sub, absl::string_view value) {
  if (value.size() > kMaxOptionValueBytes) {
    return Error(absl::StrCat("option ", option.name, ": value too long"));
  }
  if (sub.data() != nullptr && !HasSuboptions(option.id)) {
    Ignored(absl::StrCat(option.name, " does not support suboptions, ignoring .", sub));
  }
  if (IsFixed(option)) return;
  const bool harmless_macro =
      option.id == OptionId::kDefineMacro && !value.empty() && (value[0] == 'r' || value[0] == 's');
  if (origin_ == Options::Origin::kCommandLine) {
    if (option.privilege == Privilege::kDropped && !harmless_macro) {
      options_.must_drop_privileges_ = true;
    }
    if (!IsNeverFixed(option.id)) options_.sticky_.insert(option.id);
  }
  options_.where_[option.id] = where_;
  Store(option, sub, value);
}

void OptionSetter::Store(const OptionInfo& option, absl::string_view sub, absl::string_view value) {
  Options::Value& stored = ValueOf(option.id);
  switch (option.type) {
    case OptionType::kFlag:
      stored = {ReadFlag(value) ? 1 : 0, std::string(value)};
      return CheckNumber(option, stored.number);
    case OptionType::kNumber:
      stored = {ReadNumber(value, LimitOf(option)), std::string(value)};
      return CheckNumber(option, stored.number);
    case OptionType::kMode:
      stored = {ReadOctal(value), std::string(value)};
      return;
    case OptionType::kInterval:
      if (option.id == OptionId::kQueueTimeout) return SetQueueTimeout(value);
      stored = {ReadTime(value, option.unit[0]), std::string(value)};
      return;
    case OptionType::kCharacter:
      return StoreCharacter(option, value);
    case OptionType::kText:
      return StoreText(option, value);
    case OptionType::kSet:
      return StoreSet(option, value);
    case OptionType::kEntry:
      return StoreEntry(option, sub, value);
  }
}

void OptionSetter::CheckNumber(const OptionInfo& option, int64_t number) {
  if (option.id == OptionId::kMaxHeadersLength && number > 0 && number < kSmallHeaderLimit) {
    Warn(absl::StrCat("Warning: MaxHeadersLength: headers length limit set lower than ",
                      kSmallHeaderLimit));
  }
  if (option.id != OptionId::kSmtpUTF8) return;
  if (number != 0) {
    Error("readcf: option: SmtpUTF8 set but no USE_EAI support");
  } else {
    Warn("Warning: Option: SmtpUTF8 requires USE_EAI support");
  }
}

void OptionSetter::StoreCharacter(const OptionInfo& option, absl::string_view value) {
  char letter = value.empty() ? '\0' : value[0];
  const absl::string_view shown = value.substr(0, 1);
  switch (option.id) {
    case OptionId::kDeliveryMode:
      if (letter == '\0') letter = 'i';
      if (!absl::StrContains("bdiq", letter)) {
        return Say(Severity::kFatal, kExitUsage, absl::StrCat("Unknown delivery mode ", shown),
                   true);
      }
      break;
    case OptionId::kEightBitMode:
      if (letter == '\0' || !absl::StrContains("mps", letter)) {
        return Say(Severity::kFatal, kExitUsage, absl::StrCat("Unknown 8-bit mode ", shown), true);
      }
      break;
    case OptionId::kSuperSafe:
      letter = absl::ascii_tolower(letter);
      if (letter != 'i' && letter != 'p') letter = ReadFlag(value) ? 't' : 'f';
      break;
    case OptionId::kQueueSortOrder:
      letter = absl::ascii_tolower(letter);
      if (letter == '\0' || !absl::StrContains("fhmnprt", letter)) {
        return Error(absl::StrCat("Invalid queue sort order \"", value, "\""));
      }
      break;
    default:
      break;
  }
  ValueOf(option.id) = {letter, std::string(value)};
}

void OptionSetter::StoreSet(const OptionInfo& option, absl::string_view value) {
  ValueOf(option.id).text = std::string(value);
  if (option.id == OptionId::kResolverOptions) return SetResolver(value);
  size_t at = 0;
  while (at < value.size()) {
    const size_t begin = at;
    while (at < value.size() && absl::ascii_isalnum(value[at])) ++at;
    const absl::string_view name = value.substr(begin, at - begin);
    ++at;
    if (name.empty()) continue;
    if (option.id == OptionId::kPrivacyOptions) {
      if (const PrivacyWord* const word = FindPrivacyWord(name)) {
        options_.privacy_ |= PrivacyFlags(word->flags);
      } else {
        Error(absl::StrCat("readcf: Op line: ", name, " unrecognized"));
      }
    } else if (absl::EqualsIgnoreCase(name, "safe")) {
      options_.blame_.reset();
    } else if (const BlameWord* const word = FindBlameWord(name)) {
      options_.blame_.set(static_cast<size_t>(word->flag));
    } else {
      Error(absl::StrCat("readcf: DontBlameSendmail option: ", name, " unrecognized"));
    }
  }
}

void OptionSetter::StoreEntry(const OptionInfo& option, absl::string_view sub,
                              absl::string_view value) {
  ValueOf(option.id).text = std::string(value);
  switch (option.id) {
    case OptionId::kTimeout:
      return sub.data() == nullptr ? SetTimeouts(value) : SetTimeout(sub, value);
    case OptionId::kMilter:
      return SetMilter(sub, value);
    case OptionId::kMaxMimeHeaderLength:
      return SetMimeLimits(value);
    case OptionId::kDaemonPortOptions:
    case OptionId::kClientPortOptions:
      return AddPort(option, value);
    default:
      return;
  }
}

void OptionSetter::StoreText(const OptionInfo& option, absl::string_view value) {
  std::string& text = ValueOf(option.id).text;
  switch (option.id) {
    case OptionId::kAliasFile:
      return AddAliasFiles(value);
    case OptionId::kDefineMacro:
      options_.macro_definitions_.emplace_back(value);
      break;
    case OptionId::kDefaultGroup:
      CheckGroup("g", value);
      break;
    case OptionId::kDefaultUser:
      CheckUser("u", value, true);
      break;
    case OptionId::kRunAsUser:
    case OptionId::kTrustedUser:
      CheckUser(option.name, value, option.id == OptionId::kRunAsUser);
      break;
    case OptionId::kServerSSLOptions:
    case OptionId::kClientSSLOptions:
      CheckSslOptions(option, value);
      break;
    case OptionId::kConnectOnlyTo:
      CheckConnectOnlyTo(value);
      break;
    case OptionId::kMustQuoteChars:
      if (value.size() > kMaxMustQuoteChars) {
        return Warn("Warning: MustQuoteChars too long, ignored.");
      }
      break;
    case OptionId::kOperatorChars:
      NoteOperatorChars();
      break;
    case OptionId::kNoRecipientAction: {
      static constexpr absl::string_view kActions[] = {"none", "add-to", "add-apparently-to",
                                                       "add-bcc", "add-to-undisclosed"};
      const bool known = std::any_of(std::begin(kActions), std::end(kActions), [&](auto action) {
        return absl::EqualsIgnoreCase(action, value);
      });
      if (!known) return Error(absl::StrCat("Invalid NoRecipientAction: ", value));
      break;
    }
    default:
      break;
  }
  text = std::string(value);
}

}  // namespace stagepost
