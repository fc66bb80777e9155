#include "mta/cf/macros.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

// What a table has room for when it gets its first one.
constexpr size_t kUsualMacros = 16;

// Of what has a name and is sorted by it.
constexpr auto kIsBefore = [](const auto& named, NameId wanted) { return named.name < wanted; };

}  // namespace

// Puts macros in, for one call of Expand() or ExpandToString().
class Macros::Expansion {
 public:
  // `names`: deferred macros and operators are written out too.
  Expansion(const Macros& macros, const Names* names) : macros_(macros), names_(names) {}

  absl::Status Append(const Text& text, int depth) {
    std::vector<bool> skipping;  // by open conditional
    int skipped = 0;             // how many of these say so
    for (const Piece& piece : text) {
      if (!Spend(1 + piece.characters.size())) {
        return absl::ResourceExhaustedError("expand: expansion too long");
      }
      if (Conditional(piece, skipping, skipped) || skipped > 0) continue;
      const absl::Status status = AppendPiece(piece, depth);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  Text Take() { return std::move(text_); }
  std::string TakeWritten() { return std::move(written_); }

 private:
  bool Spend(size_t cost) {
    spent_ += cost;
    return spent_ <= kMaxExpansionBytes;
  }

  // Whether the piece is a part of a conditional.
  bool Conditional(const Piece& piece, std::vector<bool>& skipping, int& skipped) const {
    if (piece.kind != Piece::Kind::kOperator) return false;
    if (piece.op == Operator::kIf) {
      const Text* const value = macros_.Find(piece.name);
      skipping.push_back(value == nullptr || value->empty());
      skipped += skipping.back() ? 1 : 0;
      return true;
    }
    if (skipping.empty()) return false;
    if (piece.op == Operator::kSeparator) {
      skipping.back() = !skipping.back();
      skipped += skipping.back() ? 1 : -1;
      return true;
    }
    if (piece.op == Operator::kEndIf) {
      skipped -= skipping.back() ? 1 : 0;
      skipping.pop_back();
      return true;
    }
    return false;
  }

  absl::Status AppendPiece(const Piece& piece, int depth) {
    const bool macro = piece.kind == Piece::Kind::kMacro ||
                       (piece.kind == Piece::Kind::kDeferredMacro && names_ != nullptr);
    if (macro) {
      const Text* const value = macros_.Find(piece.name);
      if (value == nullptr) return absl::OkStatus();
      if (depth == kMaxExpansionDepth) {
        return absl::ResourceExhaustedError(
            absl::StrCat("expand: recursion too deep (", kMaxExpansionDepth, " max)"));
      }
      return Append(*value, depth + 1);
    }
    if (piece.kind == Piece::Kind::kCharacters) {
      if (names_ != nullptr) {
        written_ += piece.characters;
      } else {
        AppendCharacters(text_, piece.characters);
      }
    } else if (names_ != nullptr) {
      written_ += WriteText({piece}, *names_);
    } else {
      text_.push_back(piece);
    }
    return absl::OkStatus();
  }

  const Macros& macros_;
  const Names* const names_;
  Text text_;
  std::string written_;  // where there are names
  size_t spent_ = 0;
};

Macros::Slot& Macros::At(NameId name) {
  if (slots_.empty()) {
    slots_.reserve(kUsualMacros);
    values_.reserve(kUsualMacros);
  }
  const auto place = std::lower_bound(slots_.begin(), slots_.end(), name, kIsBefore);
  if (place != slots_.end() && place->name == name) return *place;
  const Slot slot = {name, static_cast<uint16_t>(values_.size()), false};
  values_.emplace_back();
  return *slots_.insert(place, slot);
}

Text& Macros::Define(NameId name) {
  Slot& slot = At(name);
  slot.defined = true;
  return values_[slot.value];
}

void Macros::Set(NameId name, Text value) { Define(name) = std::move(value); }

// The value may be a part of the one that it replaces.
void Macros::SetLiteral(NameId name, absl::string_view value) {
  Text& text = Define(name);
  if (text.empty()) {
    AppendCharacters(text, value);
  } else if (!value.empty() && text.size() == 1 && text[0].kind == Piece::Kind::kCharacters) {
    text[0].characters.assign(value.data(), value.size());
  } else {
    text = Literal(value);
  }
}

void Macros::Unset(NameId name) {
  Slot& slot = At(name);
  slot.defined = false;
  values_[slot.value].clear();
}

const Text* Macros::Find(NameId name) const {
  for (const Macros* table = this; table != nullptr; table = table->parent_) {
    const auto place =
        std::lower_bound(table->slots_.begin(), table->slots_.end(), name, kIsBefore);
    if (place == table->slots_.end() || place->name != name) continue;
    return place->defined ? &table->values_[place->value] : nullptr;
  }
  return nullptr;
}

absl::StatusOr<Text> Macros::Expand(const Text& text) const {
  Expansion expansion(*this, nullptr);
  const absl::Status status = expansion.Append(text, 0);
  if (!status.ok()) return status;
  return expansion.Take();
}

absl::StatusOr<std::string> Macros::ExpandToString(const Text& text, const Names& names) const {
  Expansion expansion(*this, &names);
  const absl::Status status = expansion.Append(text, 0);
  if (!status.ok()) return status;
  return expansion.TakeWritten();
}

}  // namespace stagepost
