// The class stab: an alias file's text, kept in memory.
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/base/passing_error.h"
#include "mta/maps/alias_text.h"
#include "mta/maps/map_classes.h"
#include "mta/maps/map_file.h"

namespace stagepost {
namespace {

class StabMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<absl::Status> OpenClass(std::string& message) override {
    const std::string& path = flags().file;
    absl::StatusOr<std::unique_ptr<File>> file = co_await OpenMapFile(context(), path);
    if (IsPassingError(file.status())) co_return file.status();
    if (!file.ok()) co_return absl::NotFoundError("");
    const absl::StatusOr<std::string> text = co_await ReadMapText(**file);
    if (IsPassingError(text.status())) co_return text.status();
    if (!text.ok()) co_return absl::NotFoundError("");
    const AliasText aliases = ParseAliasText(*text);
    values_.clear();
    for (const AliasEntry& entry : aliases.entries) {
      values_[absl::AsciiStrToLower(entry.name)] = entry.value;
    }
    for (const std::string& complaint : aliases.messages) {
      absl::StrAppend(&message, path, ": ", complaint, "\n");
    }
    absl::StrAppend(&message, path, ": ", aliases.entries.size(), " aliases, longest ",
                    aliases.longest, " bytes, ", aliases.total, " bytes total");
    co_return absl::OkStatus();
  }

  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    // The table of symbols knows no case, whatever -f says.
    const auto found = values_.find(absl::AsciiStrToLower(key));
    if (found == values_.end()) co_return MapAnswer{};
    co_return Found(found->second, key, arguments);
  }

  absl::btree_map<std::string, std::string> values_;  // by name in lower case
};

}  // namespace

std::unique_ptr<BaseMap> MakeStabMap(const MapArguments& arguments) {
  MapFlags flags = CommonFlags(arguments);
  const bool has_file = HasFile(arguments, flags);
  auto map = std::make_unique<StabMap>(arguments.context, arguments.name, arguments.map_class,
                                       std::move(flags));
  if (!has_file) map->Invalidate();
  return map;
}

}  // namespace stagepost
