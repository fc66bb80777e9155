// The text that makemap reads: one entry to a line, a key, white space, a value (makemap(8)).
//
//   MapTextReader reader(options);
//   reader.Append(block);                 // as it is read from somewhere
//   while (const std::optional<MapLine> line = reader.Next()) …
//   …
//   reader.End();                         // nothing more comes
//   while (const std::optional<MapLine> line = reader.Next()) …
//
// Lines are read as sendmail's makemap reads them, with their limit and its consequences: 1023
// bytes without an end of line are an error, and so are the next 1023, and what is left is taken
// for a line of its own; a NUL ends a line's text, and hides its end. Blank lines and comments are
// left out, yet counted. Holds one line and what was appended last.
#ifndef STAGEPOST_MTA_MAPTOOLS_MAP_TEXT_H_
#define STAGEPOST_MTA_MAPTOOLS_MAP_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

// makemap's line buffer, its final NUL included.
inline constexpr size_t kMapLineBytes = 1024;

struct MapTextOptions {
  bool fold_case = true;     // keys to lower case
  bool allow_empty = false;  // a key may stand alone; its value is empty then
  char comment = '#';        // lines that begin with it are left out
  // Between key and value, any number of them; white space then means nothing, not even at the
  // beginning of a line. nullopt: white space.
  std::optional<char> separator = std::nullopt;
};

struct MapLine {
  enum class Kind : uint8_t {
    kEntry,
    kTooLong,
    kLeadingSpace,
    kNoValue,  // there is only a key
  };
  Kind kind = Kind::kEntry;
  uint64_t number = 0;  // of the line, from 1
  std::string key;      // of kEntry and kNoValue
  std::string value;
};

class MapTextReader {
 public:
  explicit MapTextReader(const MapTextOptions& options) : options_(options) {}

  // REQUIRES: Next() has given nullopt since the last Append().
  void Append(absl::string_view bytes);
  void End() { ended_ = true; }

  // The next line that is an entry or an error; nullopt: more input is needed, or there is no more.
  std::optional<MapLine> Next();

 private:
  // A piece of input as fgets(3) gives it, or nullopt.
  struct Piece {
    absl::string_view text;  // up to a NUL, without the end of line
    bool complete = false;   // there was an end of line, or the end of all
  };
  std::optional<Piece> NextPiece();
  std::optional<MapLine> Parse(const Piece& piece);

  const MapTextOptions options_;
  std::string input_;
  size_t at_ = 0;  // read up to here
  bool ended_ = false;
  uint64_t number_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPTOOLS_MAP_TEXT_H_
