// Maps of aliases: a database that newaliases makes or, without one, the text that it is made of.
#include <memory>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/passing_error.h"
#include "mta/base/status_macros.h"
#include "mta/env/same_file.h"
#include "mta/maps/alias_text.h"
#include "mta/maps/map_classes.h"
#include "mta/maps/map_file.h"

namespace stagepost {
namespace {

// Stands in every complete database; newaliases writes it last.
constexpr char kComplete[] = "@";
constexpr absl::Duration kFirstWait = absl::Seconds(2);
constexpr absl::Duration kLongestWait = absl::Seconds(30);

// The aliases of a text file, in memory.
struct TextOfAliases {
  FileStat stat;
  absl::btree_map<std::string, std::string> values;  // by name in lower case
};

class AliasMap final : public BaseMap {
 public:
  AliasMap(const MapArguments& arguments, MapFlags flags)
      : BaseMap(arguments.context, arguments.name, arguments.map_class, std::move(flags)),
        table_(arguments.table),
        text_(arguments.text),
        database_path_(absl::StrCat(this->flags().file, ".db")) {}

 private:
  Task<absl::Status> OpenClass(std::string& message) override {
    std::unique_ptr<BaseMap> database = MakeDatabase();
    std::string said;
    co_await database->Open(said);
    if (database->works()) {
      CO_RETURN_IF_ERROR(co_await WaitUntilComplete(*database));
      database_ = std::move(database);
      aliases_.reset();
      co_return absl::OkStatus();
    }
    absl::StrAppend(&message, message.empty() || said.empty() ? "" : "\n", said);
    // Said already; nothing is known for sure, and the next look-up tries again.
    if (database->is_closed()) co_return absl::DeadlineExceededError("");
    if (map_class() != "implicit") co_return absl::NotFoundError("");
    co_return co_await OpenText(message);
  }

  // A new one each time: a map that has failed once stays as it is.
  std::unique_ptr<BaseMap> MakeDatabase() {
    std::vector<std::string> errors;  // of the flags: known since this map was made
    const MapArguments arguments = {.context = context(),
                                    .table = table_,
                                    .name = name(),
                                    .map_class = map_class(),
                                    .text = text_,
                                    .errors = errors,
                                    .of_aliases = true};
    if (map_class() == "hash") return MakeHashMap(arguments);
    return map_class() == "btree" ? MakeBtreeMap(arguments) : MakeImplicitMap(arguments);
  }

  // sendmail's newaliases writes into the database that is in use.
  Task<absl::Status> WaitUntilComplete(BaseMap& database) {
    const absl::Duration patience = context().configuration.options.Interval(OptionId::kAliasWait);
    const MonotonicTime end = context().env.clock().MonotonicNow() + patience;
    absl::Duration wait = kFirstWait;
    while (patience > absl::ZeroDuration()) {
      const MapAnswer marker = co_await database.Ask(kComplete, {});
      if (marker.value.has_value() || context().env.clock().MonotonicNow() >= end) break;
      CO_RETURN_IF_ERROR(co_await Sleep(wait));
      wait = std::min(2 * wait, kLongestWait);
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> OpenText(std::string& message) {
    const std::string& path = flags().file;
    if (!flags().optional) {
      absl::StrAppend(&message, message.empty() ? "" : "\n", "WARNING: cannot open alias database ",
                      path, "; reading text version");
    }
    absl::StatusOr<std::unique_ptr<File>> file = co_await OpenMapFile(context(), path);
    if (IsPassingError(file.status())) co_return file.status();
    if (!file.ok()) co_return absl::NotFoundError("");
    const absl::StatusOr<FileStat> stat = co_await (*file)->Stat();
    const absl::StatusOr<std::string> text = co_await ReadMapText(**file);
    if (IsPassingError(text.status())) co_return text.status();
    if (!text.ok() || !stat.ok()) co_return absl::NotFoundError("");
    const AliasText aliases = ParseAliasText(*text);
    for (const std::string& complaint : aliases.messages) {
      absl::StrAppend(&message, "\n", path, ": ", complaint);
    }
    absl::StrAppend(&message, "\n", path, ": ", aliases.entries.size(), " aliases, longest ",
                    aliases.longest, " bytes, ", aliases.total, " bytes total");
    auto in_memory = std::make_shared<TextOfAliases>();
    in_memory->stat = *stat;
    for (const AliasEntry& entry : aliases.entries) {
      in_memory->values[absl::AsciiStrToLower(entry.name)] = entry.value;
    }
    aliases_ = std::move(in_memory);
    co_return absl::OkStatus();
  }

  // Whether the text is another one by now, or there is a database.
  Task<bool> HasChanged(FileStat known) {
    const absl::StatusOr<FileStat> text = co_await context().env.files().Stat(flags().file);
    if (!text.ok() || !SameFile(*text, known)) co_return true;
    co_return (co_await context().env.files().Stat(database_path_)).ok();
  }

  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    if (aliases_ != nullptr && co_await HasChanged(aliases_->stat)) {
      std::string message;
      const absl::Status opened = co_await OpenClass(message);
      if (!opened.ok()) {
        Reopen();
        co_return MapAnswer{.status = kExitTemporaryFailure, .message = std::move(message)};
      }
    }
    // Kept while it is asked: somebody else may open the map anew meanwhile.
    const std::shared_ptr<const TextOfAliases> aliases = aliases_;
    const std::shared_ptr<BaseMap> database = database_;
    if (aliases == nullptr) co_return Whole(co_await database->Ask(key, arguments), key);
    const auto found = aliases->values.find(absl::AsciiStrToLower(key));
    if (found == aliases->values.end()) co_return MapAnswer{};
    co_return Whole(Found(found->second, key, arguments), key);
  }

  // A list that may have been cut is as good as none.
  MapAnswer Whole(MapAnswer answer, absl::string_view key) const {
    if (!answer.value.has_value() || answer.value->size() < kMaxAliasValueBytes) return answer;
    return Failed(kExitTemporaryFailure, absl::StrCat(name(), ": alias ", key, " is too long (",
                                                      kMaxAliasValueBytes, " bytes max)"));
  }

  MapTable& table_;
  const std::string text_;
  const std::string database_path_;
  std::shared_ptr<BaseMap> database_;             // asked unless there is
  std::shared_ptr<const TextOfAliases> aliases_;  // this
};

}  // namespace

std::unique_ptr<BaseMap> MakeAliasMap(const MapArguments& arguments) {
  MapFlags flags = CommonFlags(arguments);
  const bool has_file = HasFile(arguments, flags);
  auto map = std::make_unique<AliasMap>(arguments, std::move(flags));
  if (!has_file) map->Invalidate();
  return map;
}

}  // namespace stagepost
