#include "mta/message/complete_header.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/cf/well_known_names.h"
#include "mta/message/address_list.h"
#include "mta/message/date.h"
#include "mta/message/known_fields.h"
#include "mta/message/phrase.h"
#include "mta/rewrite/address.h"
#include "mta/rewrite/crack_address.h"

namespace stagepost {
namespace {

constexpr NameId kOriginDate = OneCharacterName('a');
constexpr NameId kHops = OneCharacterName('c');
constexpr NameId kSender = OneCharacterName('g');
constexpr NameId kFullName = OneCharacterName('x');

bool IsBlankText(absl::string_view text) { return absl::StripAsciiWhitespace(text).empty(); }

// One field of the header under way.
struct Line {
  std::string name;
  std::string value;
  std::string flags;
  const HeaderDefinition* definition = nullptr;  // of a field that the configuration adds
};

class Completion {
 public:
  Completion(const Configuration& configuration, const Tokenizer& tokenizer,
             const ReceivedHeader& received, Macros& macros)
      : configuration_(configuration),
        tokenizer_(tokenizer),
        received_(received),
        macros_(macros) {}

  CompletedHeader Run();

 private:
  void AddDefinitions();
  void Take(const HeaderField& field);
  void AddRecipientField();
  void DefineFullName();
  void ExpandDefinitions();
  std::optional<std::string> Expanded(const HeaderDefinition& definition);
  void FoldAddressFields();
  void ReadMeaning();
  const Line* Find(absl::string_view name) const;
  std::string Value(absl::string_view name) const;
  // Adds a field in front of the first one of its name, or behind all.
  void Insert(absl::string_view name, absl::string_view value);

  const Configuration& configuration_;
  const Tokenizer& tokenizer_;
  const ReceivedHeader& received_;
  Macros& macros_;
  std::vector<Line> lines_;
  bool resent_ = false;
  CompletedHeader result_;
};

std::string ConditionOf(const HeaderDefinition& definition, const Names& names) {
  if (!definition.conditional) return "";
  if (definition.if_macro != NameId{}) return "$" + names.Written(definition.if_macro);
  return definition.mailer_flags;
}

void Completion::AddDefinitions() {
  for (const HeaderDefinition& definition : configuration_.headers) {
    if (!definition.ruleset.empty()) continue;
    lines_.push_back(
        {definition.name, "", ConditionOf(definition, configuration_.names), &definition});
  }
  for (const HeaderField& field : received_.added) {
    lines_.push_back({field.name, field.value, field.mailer_flags});
  }
}

// A field that came in takes the place of ours, unless there is nothing in it.
void Completion::Take(const HeaderField& field) {
  const FieldTraits traits = TraitsOf(field.name);
  // Who passes a message on says who sent it; nobody else is believed.
  if (traits.Has(FieldTraits::kLate)) return;
  if (traits.Has(FieldTraits::kResent)) resent_ = true;
  Line line = {field.name, field.value, ""};
  if (!traits.Has(FieldTraits::kForced)) {
    const auto ours = [&field](const Line& l) {
      return l.definition != nullptr && absl::EqualsIgnoreCase(l.name, field.name);
    };
    const auto found = std::find_if(lines_.begin(), lines_.end(), ours);
    if (found != lines_.end()) {
      if (IsBlankText(field.value)) return;
      if (traits.Has(FieldTraits::kGuarded)) line.flags = found->flags;
      lines_.erase(std::remove_if(lines_.begin(), lines_.end(), ours), lines_.end());
    }
  }
  const bool from = absl::EqualsIgnoreCase(field.name, "From");
  if (from && configuration_.options.Flag(OptionId::kSingleLineFromHeader)) {
    std::replace(line.value.begin(), line.value.end(), '\n', ' ');
  }
  lines_.push_back(std::move(line));
}

const Line* Completion::Find(absl::string_view name) const {
  for (const Line& line : lines_) {
    if (line.definition == nullptr && absl::EqualsIgnoreCase(line.name, name)) return &line;
  }
  return nullptr;
}

std::string Completion::Value(absl::string_view name) const {
  const Line* line = Find(name);
  return line == nullptr ? "" : std::string(absl::StripAsciiWhitespace(line->value));
}

void Completion::Insert(absl::string_view name, absl::string_view value) {
  const auto place = std::find_if(lines_.begin(), lines_.end(), [name](const Line& line) {
    return absl::EqualsIgnoreCase(line.name, name);
  });
  lines_.insert(place, {std::string(name), absl::StrCat(" ", value), ""});
}

// A message without any recipient field gets what NoRecipientAction says.
void Completion::AddRecipientField() {
  if (Find("To") != nullptr || Find("Cc") != nullptr || Find("Apparently-To") != nullptr) {
    result_.delete_bcc = true;
    return;
  }
  if (Find("Bcc") != nullptr) return;
  const std::string& action = configuration_.options.Text(OptionId::kNoRecipientAction);
  const auto is = [&action](absl::string_view name) {
    return absl::EqualsIgnoreCase(action, name);
  };
  if (is("add-bcc")) return Insert("Bcc", " ");
  if (is("add-to-undisclosed")) return Insert("To", "undisclosed-recipients:;");
  if (!is("add-to") && !is("add-apparently-to")) return;
  for (const std::string& recipient : received_.recipients) {
    Insert(is("add-to") ? "To" : "Apparently-To", recipient);
  }
}

void Completion::DefineFullName() {
  const std::string name = Value("Full-Name");
  if (name.empty()) return;
  macros_.SetLiteral(kFullName,
                     QuotedPhrase(name, configuration_.options.Text(OptionId::kMustQuoteChars)));
}

// nullopt: there is nothing in it.
std::optional<std::string> Completion::Expanded(const HeaderDefinition& definition) {
  const absl::StatusOr<std::string> text =
      macros_.ExpandToString(definition.value, configuration_.names);
  if (!text.ok()) return std::nullopt;
  const FieldTraits traits = TraitsOf(definition.name);
  // A message from nobody has a From with nothing in it.
  if (text->empty() && !traits.Has(FieldTraits::kSender)) return std::nullopt;
  if (text->empty() || !traits.Has(FieldTraits::kSender)) return absl::StrCat(" ", *text);
  // A name that must be quoted becomes so.
  const Text cracked = CrackAddress(*text, CrackOptionsOf(configuration_));
  const absl::StatusOr<std::string> value = macros_.ExpandToString(cracked, configuration_.names);
  return absl::StrCat(" ", value.ok() ? *value : *text);
}

void Completion::ExpandDefinitions() {
  std::vector<Line> lines;
  const Text* sender = macros_.Find(kSender);
  const Text own_sender = sender == nullptr ? Text() : *sender;
  for (Line& line : lines_) {
    if (line.definition != nullptr) {
      const FieldTraits traits = TraitsOf(line.name);
      if (traits.Has(FieldTraits::kResent) && !resent_) continue;
      if (traits.Has(FieldTraits::kLate)) macros_.SetLiteral(kSender, kLateSenderMacro);
      std::optional<std::string> value = Expanded(*line.definition);
      if (traits.Has(FieldTraits::kLate)) macros_.Set(kSender, own_sender);
      if (!value.has_value()) continue;
      line.value = *std::move(value);
    }
    lines.push_back(std::move(line));
  }
  lines_ = std::move(lines);
}

// As a qf file holds them: joined, with commas, folded.
void Completion::FoldAddressFields() {
  const bool old_style =
      IsOldStyle(result_.header, configuration_.options.Flag(OptionId::kOldStyleHeaders));
  for (HeaderField& field : result_.header) {
    const FieldTraits traits = TraitsOf(field.name);
    if (!traits.has_addresses() || !field.mailer_flags.empty()) continue;
    field.value = FoldAddresses(tokenizer_, field, old_style && !traits.Has(FieldTraits::kSender));
  }
}

// What fields mean to the program.
void Completion::ReadMeaning() {
  for (const Line& line : lines_) {
    const FieldTraits traits = TraitsOf(line.name);
    if (traits.Has(FieldTraits::kTrace)) ++result_.hops;
    if (traits.Has(FieldTraits::kReceiptTo)) result_.wants_receipt = true;
  }
  macros_.SetLiteral(kHops, absl::StrCat(result_.hops));

  const absl::string_view id_field = resent_ ? "Resent-Message-Id" : "Message-Id";
  for (const Line& line : lines_) {
    if (!absl::EqualsIgnoreCase(line.name, id_field)) continue;
    result_.message_id = std::string(absl::StripAsciiWhitespace(line.value));
    break;
  }
  macros_.SetLiteral(well_known::kMsgId, result_.message_id);

  const Importance importance = ImportanceOf(configuration_, received_.header);
  result_.message_class = importance.message_class;
  result_.urgency = importance.urgency;

  for (const absl::string_view name : {"Posted-Date", "Date"}) {
    for (const Line& line : lines_) {
      if (!absl::EqualsIgnoreCase(line.name, name)) continue;
      macros_.SetLiteral(kOriginDate, absl::StripAsciiWhitespace(line.value));
      return;
    }
  }
}

CompletedHeader Completion::Run() {
  AddDefinitions();
  for (const HeaderField& field : received_.header) Take(field);
  AddRecipientField();
  DefineFullName();
  ExpandDefinitions();
  ReadMeaning();
  result_.is_mime = received_.body_8bitmime || Find("MIME-Version") != nullptr;
  // Whether the body has eight bits shows later; a header that has says so for all.
  result_.has_8bitmime =
      received_.body_8bitmime || (result_.is_mime && HasEightBits(received_.header));
  for (Line& line : lines_) {
    result_.header.push_back({std::move(line.name), std::move(line.value), std::move(line.flags)});
  }
  FoldAddressFields();
  return std::move(result_);
}

}  // namespace

Importance ImportanceOf(const Configuration& configuration, const Header& header) {
  Importance importance;
  const std::string precedence = FieldValue(header, "Precedence");
  for (const auto& [name, value] : configuration.precedences) {
    if (absl::EqualsIgnoreCase(name, precedence)) importance.message_class = value;
  }
  if (importance.message_class < 0) importance.urgency = Urgency::kNonUrgent;
  if (importance.message_class > 0) importance.urgency = Urgency::kUrgent;
  const std::string priority = FieldValue(header, "Priority");
  if (absl::EqualsIgnoreCase(priority, "urgent")) importance.urgency = Urgency::kUrgent;
  if (absl::EqualsIgnoreCase(priority, "normal")) importance.urgency = Urgency::kNormal;
  if (absl::EqualsIgnoreCase(priority, "non-urgent")) importance.urgency = Urgency::kNonUrgent;
  return importance;
}

CompletedHeader CompleteHeader(const Configuration& configuration, const Tokenizer& tokenizer,
                               ReceivedHeader received, Macros& macros) {
  if (const std::optional<absl::Time> written =
          ParseFromLineDate(received.from_line, received.zone);
      written.has_value()) {
    macros.SetLiteral(kOriginDate, FormatDate(*written, received.zone));
  }
  return Completion(configuration, tokenizer, received, macros).Run();
}

std::string FullNameOf(absl::string_view gecos, absl::string_view login,
                       absl::string_view must_quote) {
  if (absl::StartsWith(gecos, "*")) gecos.remove_prefix(1);
  std::string name;
  for (const char c : gecos.substr(0, gecos.find_first_of(",;%"))) {
    if (c != '&') {
      name.push_back(c);
      continue;
    }
    const size_t at = name.size();
    absl::StrAppend(&name, login);
    if (at < name.size()) name[at] = absl::ascii_toupper(static_cast<unsigned char>(name[at]));
  }
  return QuotedPhrase(absl::StripAsciiWhitespace(name), must_quote);
}

}  // namespace stagepost
