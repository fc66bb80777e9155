#include "mta/cf/macros.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace stagepost {

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
      AppendCharacters(text_, piece.characters);
    } else if (names_ != nullptr) {
      AppendCharacters(text_, WriteText({piece}, *names_));
    } else {
      text_.push_back(piece);
    }
    return absl::OkStatus();
  }

  const Macros& macros_;
  const Names* const names_;
  Text text_;
  size_t spent_ = 0;
};

Macros::Value& Macros::At(NameId name) {
  const auto place =
      std::lower_bound(values_.begin(), values_.end(), name,
                       [](const Value& value, NameId wanted) { return value.name < wanted; });
  if (place != values_.end() && place->name == name) return *place;
  return *values_.insert(place, Value{name, false, {}});
}

void Macros::Set(NameId name, Text value) {
  Value& place = At(name);
  place.defined = true;
  place.text = std::move(value);
}

void Macros::Unset(NameId name) {
  Value& place = At(name);
  place.defined = false;
  place.text.clear();
}

const Text* Macros::Find(NameId name) const {
  for (const Macros* table = this; table != nullptr; table = table->parent_) {
    const auto place =
        std::lower_bound(table->values_.begin(), table->values_.end(), name,
                         [](const Value& value, NameId wanted) { return value.name < wanted; });
    if (place == table->values_.end() || place->name != name) continue;
    return place->defined ? &place->text : nullptr;
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
  Text expanded = expansion.Take();
  return expanded.empty() ? std::string() : std::move(expanded[0].characters);
}

}  // namespace stagepost
