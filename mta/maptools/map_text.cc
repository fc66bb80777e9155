#include "mta/maptools/map_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace stagepost {

void MapTextReader::Append(absl::string_view bytes) {
  input_.erase(0, at_);
  at_ = 0;
  input_.append(bytes.data(), bytes.size());
}

std::optional<MapTextReader::Piece> MapTextReader::NextPiece() {
  constexpr size_t kLongest = kMapLineBytes - 1;
  const absl::string_view rest = absl::string_view(input_).substr(at_);
  const size_t end_of_line = rest.substr(0, kLongest).find('\n');
  Piece piece;
  size_t taken = 0;
  if (end_of_line != absl::string_view::npos) {
    piece = {rest.substr(0, end_of_line), true};
    taken = end_of_line + 1;
  } else if (rest.size() >= kLongest) {
    piece = {rest.substr(0, kLongest), false};
    taken = kLongest;
  } else if (ended_ && !rest.empty()) {
    piece = {rest, true};
    taken = rest.size();
  } else {
    return std::nullopt;
  }
  if (const size_t nul = piece.text.find('\0'); nul != absl::string_view::npos) {
    piece.text = piece.text.substr(0, nul);
    // The end of line stands behind the NUL; only the end of all input is seen.
    piece.complete = end_of_line == absl::string_view::npos && piece.complete;
  }
  at_ += taken;
  return piece;
}

std::optional<MapLine> MapTextReader::Parse(const Piece& piece) {
  MapLine line;
  line.number = number_;
  const absl::string_view text = piece.text;
  if (!piece.complete) {
    line.kind = MapLine::Kind::kTooLong;
    return line;
  }
  if (text.empty() || text[0] == options_.comment) return std::nullopt;
  const auto is_separator = [this](char c) {
    if (options_.separator.has_value()) return c == *options_.separator;
    return absl::ascii_isspace(static_cast<unsigned char>(c));
  };
  if (!options_.separator.has_value() && is_separator(text[0])) {
    line.kind = MapLine::Kind::kLeadingSpace;
    return line;
  }
  const auto key_end = std::find_if(text.begin(), text.end(), is_separator);
  const auto value_begin = std::find_if_not(key_end, text.end(), is_separator);
  line.key.assign(text.begin(), key_end);
  if (options_.fold_case) absl::AsciiStrToLower(&line.key);
  line.value.assign(value_begin, text.end());
  if (line.value.empty() && !options_.allow_empty) line.kind = MapLine::Kind::kNoValue;
  return line;
}

std::optional<MapLine> MapTextReader::Next() {
  while (const std::optional<Piece> piece = NextPiece()) {
    ++number_;
    if (std::optional<MapLine> line = Parse(*piece)) return line;
  }
  return std::nullopt;
}

}  // namespace stagepost
