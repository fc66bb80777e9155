// The text that makemap reads: in one piece or in many, the same lines.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/maptools/map_text.h"

namespace stagepost {
namespace {

void Take(MapTextReader& reader, std::vector<MapLine>& lines) {
  while (std::optional<MapLine> line = reader.Next()) lines.push_back(*std::move(line));
}

std::vector<MapLine> Read(const MapTextOptions& options, absl::string_view text, size_t piece) {
  MapTextReader reader(options);
  std::vector<MapLine> lines;
  for (size_t at = 0; at < text.size(); at += piece) {
    reader.Append(text.substr(at, piece));
    Take(reader, lines);
  }
  reader.End();
  Take(reader, lines);
  return lines;
}

void CheckLine(const MapTextOptions& options, const MapLine& line) {
  CHECK(line.key.size() < kMapLineBytes);
  CHECK(line.value.size() < kMapLineBytes);
  CHECK(line.key.find('\0') == std::string::npos && line.value.find('\0') == std::string::npos);
  CHECK(line.key.find('\n') == std::string::npos && line.value.find('\n') == std::string::npos);
  if (line.kind != MapLine::Kind::kEntry) return;
  CHECK(options.allow_empty || !line.value.empty());
  if (options.fold_case) CHECK(line.key == absl::AsciiStrToLower(line.key));
  if (options.separator.has_value()) {
    CHECK(line.key.find(*options.separator) == std::string::npos);
  } else {
    CHECK(!line.key.empty());
    CHECK(line.key.find_first_of(" \t\v\f\r") == std::string::npos);
  }
}

}  // namespace
}  // namespace stagepost

// The first byte chooses the options, the second the size of the pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stagepost;  // NOLINT
  if (size < 2) return 0;
  MapTextOptions options;
  options.fold_case = (data[0] & 1) == 0;
  options.allow_empty = (data[0] & 2) != 0;
  if ((data[0] & 4) != 0) options.comment = '\0';
  if ((data[0] & 8) != 0) options.separator = ':';
  const absl::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::vector<MapLine> whole = Read(options, text, size);
  const std::vector<MapLine> pieces = Read(options, text, size_t{1} + data[1]);
  CHECK(whole.size() == pieces.size());
  uint64_t last = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    CHECK(whole[i].kind == pieces[i].kind && whole[i].number == pieces[i].number);
    CHECK(whole[i].key == pieces[i].key && whole[i].value == pieces[i].value);
    CHECK(whole[i].number > last);
    last = whole[i].number;
    CheckLine(options, whole[i]);
  }
  return 0;
}
