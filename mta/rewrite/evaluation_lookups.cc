// The look-ups of right sides: $( … $) and $[ … $].
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/sysexits.h"
#include "mta/rewrite/evaluation.h"

namespace stagepost {
namespace {

constexpr char kInternal[] = "554 5.3.0";

// Text of scanned values may stay behind; past this much it is thrown out.
constexpr size_t kArenaBytes = 256 * 1024;

}  // namespace

// Makes tokens of what came from elsewhere, in tokens_. False: the ruleset has failed.
bool Evaluation::Scan(absl::string_view characters) {
  if (tokens_->arena().bytes() > kArenaBytes) Compact();
  tokens_->tokens().clear();
  const ScanResult result = machine_.tokenizer.Scan(characters, {}, *tokens_);
  Say(result.messages);
  if (!result.ok) Fail(kExitDataError);
  return result.ok;
}

bool Evaluation::MakeLookups() {
  map_ = nullptr;
  while (next_lookup_ < built_->size()) {
    const Token& token = (*built_)[next_lookup_];
    if (!token.Is(Operator::kLookup) && !token.Is(Operator::kCanonical)) {
      ++next_lookup_;
      continue;
    }
    if (!Prepare(next_lookup_)) return false;
    MapAnswer answer;
    if (map_ != nullptr) {
      std::optional<MapAnswer> now = map_->AnswerNow(key_, arguments_);
      if (!now.has_value()) return false;
      answer = *std::move(now);
      map_ = nullptr;
    }
    if (!Take(answer)) return false;
  }
  return true;
}

// Finds out what is to be looked up where. False: the ruleset has failed.
bool Evaluation::Prepare(size_t begin) {
  alone_ = false;
  const bool canonical = (*built_)[begin].Is(Operator::kCanonical);
  lookup_ = {.begin = begin, .key_begin = begin + (canonical ? 1 : 2)};
  if (!canonical && begin + 1 == built_->size()) {
    Say(kInternal, "rewrite: missing mapname");
    Fail(kExitConfiguration);
    return false;
  }
  map_ = FindMap(canonical ? "host" : (*built_)[begin + 1].text());
  const Operator closing = canonical ? Operator::kCanonicalEnd : Operator::kLookupEnd;
  size_t at = lookup_.key_end = Part(lookup_.key_begin, closing);
  argument_texts_.clear();
  while (at < built_->size() && !(*built_)[at].Is(closing)) {
    const bool is_default = (*built_)[at].Is(Operator::kUser);
    const size_t part = at + 1;
    at = Part(part, closing);
    if (is_default) {
      lookup_.has_default = true;
      lookup_.default_begin = part;
      lookup_.default_end = at;
    } else if (argument_texts_.size() < kMaxMapArguments) {
      argument_texts_.push_back(JoinTokens(built_->Between(part, at), machine_.blank));
    }
  }
  lookup_.end = at + (at < built_->size() ? 1 : 0);
  arguments_.assign(argument_texts_.begin(), argument_texts_.end());
  const char blank =
      map_ == nullptr ? machine_.blank : map_->blank_substitute().value_or(machine_.blank);
  JoinTokens(built_->Between(lookup_.key_begin, lookup_.key_end), blank, key_);
  return true;
}

Map* Evaluation::FindMap(absl::string_view name) {
  // What was found last is often wanted again.
  if (found_map_ != nullptr && found_name_ == name) return found_map_;
  found_map_ = machine_.find_map(absl::AsciiStrToLower(name));
  found_name_ = std::string(name);
  if (found_map_ == nullptr) Say(kInternal, absl::StrCat("rewrite: map ", name, " not found"));
  return found_map_;
}

// Where the part of a look-up that begins at `begin` ends.
size_t Evaluation::Part(size_t begin, Operator closing) {
  size_t at = begin;
  while (at < built_->size() && !(*built_)[at].Is(closing) && !(*built_)[at].Is(Operator::kHost) &&
         !(*built_)[at].Is(Operator::kUser)) {
    ++at;
  }
  return at;
}

void Evaluation::Resume(const MapAnswer& answer) {
  map_ = nullptr;
  machine_.classes.Refresh();
  Take(answer);
}

// What comes of an answer. False: the ruleset has failed.
bool Evaluation::Take(const MapAnswer& answer) {
  if (!answer.message.empty()) {
    for (const absl::string_view line : absl::StrSplit(answer.message, '\n')) {
      Say("451 4.3.0", std::string(line));
    }
  }
  if (answer.status == kExitTemporaryFailure) {
    Return(kExitTemporaryFailure);
    if (observer_ != nullptr) observer_->LookupDeferred(found_name_, key_);
  }
  if (traced_) observer_->LookedUp(found_name_, key_, answer.value);
  return Answer(answer);
}

// False: the ruleset has failed.
bool Evaluation::Answer(const MapAnswer& answer) {
  if (answer.value.has_value()) {
    if (answer.value->empty()) return Replace({});
    return Scan(*answer.value) && Replace(*tokens_);
  }
  if (lookup_.has_default) return ScanDefault() && Replace(*tokens_);
  built_->Erase(lookup_.key_end, lookup_.end);
  built_->Erase(lookup_.begin, lookup_.key_begin);
  next_lookup_ = lookup_.begin + (lookup_.key_end - lookup_.key_begin);
  return true;
}

// Puts `tokens` where the look-up stood. False: the ruleset has failed.
bool Evaluation::Replace(absl::Span<const Token> tokens) {
  const size_t size = built_->size() - (lookup_.end - lookup_.begin) + tokens.size();
  if (size > top().limit) return TooLong();
  built_->Replace(lookup_.begin, lookup_.end, tokens);
  next_lookup_ = lookup_.begin + tokens.size();
  return true;
}

// A default is joined to one string and cut again, operators of the rule included: two words that
// stood side by side now have a BlankSub between them.
bool Evaluation::ScanDefault() {
  const absl::Span<const Token> tokens =
      built_->Between(lookup_.default_begin, lookup_.default_end);
  tokens_->tokens().clear();
  if (tokens.empty()) return true;
  if (tokens_->arena().bytes() > kArenaBytes) Compact();
  const ScanResult result = machine_.tokenizer.ScanAgain(tokens, machine_.blank, *tokens_);
  Say(result.messages);
  if (!result.ok) Fail(kExitDataError);
  return result.ok;
}

// Gives the tokens that are left a fresh arena.
void Evaluation::Compact() {
  TokenArena fresh;
  for (TokenBuffer* const tokens : {work_, built_}) {
    for (Token& token : *tokens) token.data = fresh.Copy(token.text()).data();
  }
  tokens_->arena() = std::move(fresh);
}

}  // namespace stagepost
