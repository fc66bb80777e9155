// The class text: a file of lines with columns. It is read anew when it has changed.
#include <optional>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/passing_error.h"
#include "mta/base/status_macros.h"
#include "mta/env/same_file.h"
#include "mta/maps/map_classes.h"
#include "mta/maps/map_file.h"
#include "mta/maps/text_columns.h"

namespace stagepost {
namespace {

// sendmail's buffer for a column.
constexpr size_t kMaxColumnBytes = 256;

class TextMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<absl::Status> OpenClass(std::string&) override {
    const std::string& path = flags().file;
    if (!absl::StartsWith(path, "/")) co_return Wrong("\": file name must be fully qualified");
    absl::StatusOr<Contents> read = co_await ReadContents();
    if (IsPassingError(read.status())) co_return read.status();
    if (!read.ok()) co_return Wrong(absl::StrCat("\": unsafe map file ", path));
    for (auto& [letter, name, column] : {Column{'k', flags().key_column, key_column_},
                                         {'v', flags().value_column, value_column_}}) {
      if (!name.has_value()) continue;
      if (name->empty() || !absl::ascii_isdigit((*name)[0])) {
        co_return Wrong(absl::StrCat("\", file ", path, ": -", std::string(1, letter),
                                     " should specify a number, not ", *name));
      }
      column = LeadingNumber(*name);
    }
    Take(*std::move(read));
    co_return absl::OkStatus();
  }

  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    const absl::StatusOr<FileStat> now = co_await context().env.files().Stat(flags().file);
    if (!now.ok() || !SameFile(*now, stat_)) {
      absl::StatusOr<Contents> read = co_await ReadContents();
      if (!read.ok()) {
        Reopen();
        co_return MapAnswer{.status = kExitUnavailable};
      }
      Take(*std::move(read));
    }
    // Both sides in lower case: columns are compared without regard to it, whatever -f says.
    const auto found = values_.find(absl::AsciiStrToLower(key));
    if (found == values_.end() || !found->second.has_value()) {
      co_return MapAnswer{.status = kExitNoHost};
    }
    co_return Found(*found->second, key, arguments);
  }

  struct Column {
    char letter;
    const std::optional<std::string>& name;
    int& column;
  };

  struct Contents {
    std::string text;
    FileStat stat;
  };

  absl::Status Wrong(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("text map \"", name(), what));
  }

  Task<absl::StatusOr<Contents>> ReadContents() {
    CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                        co_await OpenMapFile(context(), flags().file));
    Contents contents;
    CO_ASSIGN_OR_RETURN(contents.stat, co_await file->Stat());
    CO_ASSIGN_OR_RETURN(contents.text, co_await ReadMapText(*file));
    co_return std::move(contents);
  }

  // The first line with a key counts, even if it has no value. Does not wait, so that whoever reads
  // the file at the same time finds all of it.
  void Take(Contents contents) {
    stat_ = contents.stat;
    values_.clear();
    for (const absl::string_view line : absl::StrSplit(contents.text, '\n')) {
      if (absl::StartsWith(line, "#")) continue;
      const auto key = TextColumn(line, key_column_, flags().delimiter);
      if (!key.has_value()) continue;
      const auto [place, is_new] =
          values_.try_emplace(absl::AsciiStrToLower(key->substr(0, kMaxColumnBytes)));
      if (!is_new) continue;
      const auto value = TextColumn(line, value_column_, flags().delimiter);
      if (value.has_value()) place->second = std::string(value->substr(0, kMaxColumnBytes));
    }
  }

  int key_column_ = 0;
  int value_column_ = 0;
  FileStat stat_;
  absl::btree_map<std::string, std::optional<std::string>> values_;  // by key in lower case
};

}  // namespace

std::unique_ptr<BaseMap> MakeTextMap(const MapArguments& arguments) {
  MapFlags flags = CommonFlags(arguments);
  const bool has_file = HasFile(arguments, flags);
  auto map = std::make_unique<TextMap>(arguments.context, arguments.name, arguments.map_class,
                                       std::move(flags));
  if (!has_file) map->Invalidate();
  return map;
}

}  // namespace stagepost
