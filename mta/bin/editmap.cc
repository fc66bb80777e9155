#include "mta/bin/editmap.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/maptools/map_tool.h"
#include "mta/maptools/option_scanner.h"

namespace stagepost {
namespace {

constexpr char kProgram[] = "editmap";
constexpr char kUsage[] =
    "Usage: editmap [-C cffile] [-N] [-f] [-q|-u|-x] maptype mapname key [ \"value ...\" ]\n";

struct Options {
  std::string configuration = kDefaultSendmailCf;
  char action = 0;         // 'q', 'u' or 'x'
  bool terminate = false;  // -N: keys and values end in a NUL
  bool fold_case = true;   // unless -f
  std::string type, map, key, value;
};

// The options, or why there are none.
std::variant<Options, std::string> ParseOptions(const Arguments& arguments) {
  Options options;
  OptionScanner scanner(arguments, "C:fquxN");
  int actions = 0;
  while (std::optional<ScannedOption> option = scanner.Next()) {
    switch (option->letter) {
      case 'C':
        options.configuration = std::move(option->value);
        break;
      case 'f':
        options.fold_case = false;
        break;
      case 'N':
        options.terminate = true;
        break;
      case '?':
        return option->error + kUsage;
      default:
        options.action = option->letter;
        ++actions;
    }
  }
  const std::vector<std::string>& operands = scanner.operands();
  const bool update = options.action == 'u';
  // What follows the value of an update means nothing.
  const bool complete = update ? operands.size() >= 4 : operands.size() == 3;
  if (actions != 1 || !complete) return std::string(kUsage);
  options.type = operands[0];
  options.map = operands[1];
  options.key = operands[2];
  if (update) options.value = operands[3];
  return options;
}

class Editmap {
 public:
  Editmap(Environment& env, const Options& options, MapType type, std::optional<UserId> owner)
      : env_(env), options_(options), type_(type), owner_(owner) {
    key_ = options.key;
    if (options.fold_case) absl::AsciiStrToLower(&key_);
    stored_key_ = Terminated(key_);
  }

  Task<int> Run() {
    if (options_.action == 'q') co_return co_await Query();
    co_return co_await Change();
  }

 private:
  std::string Terminated(std::string text) const {
    if (options_.terminate) text += '\0';
    return text;
  }

  Task<int> CannotOpen(absl::Status status) {
    co_await Complain(env_,
                      OpeningError(kProgram, options_.type, options_.map, MapErrorText(status)));
    co_return kExitCannotCreate;
  }

  Task<int> Fail(absl::Status status) {
    const std::string text = MapErrorText(status);
    if (options_.action == 'u') {
      co_await Complain(env_,
                        absl::StrCat(kProgram, ": error updating (", key_, ", ", options_.value,
                                     ") in map ", options_.map, ": ", text, "\n"));
    } else {
      co_await Complain(env_, absl::StrCat(kProgram, ": ", options_.map, ": ", text, "\n"));
    }
    co_return kExitIoError;
  }

  Task<int> Query() {
    std::string warnings;
    const absl::StatusOr<std::unique_ptr<DbFile>> database = co_await OpenMapDatabase(
        env_, MapFileName(options_.map), type_, {.trusted = owner_}, owner_, warnings);
    co_await Complain(env_, warnings);
    if (!database.ok()) co_return co_await CannotOpen(database.status());
    const absl::StatusOr<std::optional<std::string>> value = co_await (*database)->Get(stored_key_);
    if (!value.ok()) co_return co_await Fail(value.status());
    if (!value->has_value()) {
      co_await Complain(env_, absl::StrCat(kProgram, ": couldn't find key ", key_, " in map ",
                                           options_.map, "\n"));
      co_return kExitUnavailable;
    }
    const std::string line = absl::StrCat(Printable(**value), "\n");
    co_return co_await PrintAndExit(env_, kProgram, line, kExitOk);
  }

  Task<int> Change() {
    std::string warnings;
    absl::StatusOr<std::unique_ptr<MapReplacement>> replacement = co_await MapReplacement::Begin(
        env_, MapFileName(options_.map), {.write = true, .create = true, .trusted = owner_},
        warnings);
    co_await Complain(env_, warnings);
    if (!replacement.ok()) co_return co_await CannotOpen(replacement.status());
    map_ = *std::move(replacement);
    if (const absl::Status opened = co_await OpenOld(); !opened.ok()) {
      co_await map_->Abandon();
      co_return co_await CannotOpen(opened);
    }
    if (const absl::Status copied = co_await Copy(); !copied.ok()) {
      co_await map_->Abandon();
      co_return co_await Fail(copied);
    }
    if (options_.action == 'x' && removed_ == 0) {
      co_await Complain(env_, absl::StrCat(kProgram, ": key ", key_, " doesn't exist in map ",
                                           options_.map, "\n"));
    }
    warnings.clear();
    const absl::Status in_place = co_await map_->Commit(owner_, warnings);
    co_await Complain(env_, warnings);
    if (!in_place.ok()) co_return co_await Fail(in_place);
    co_return kExitOk;
  }

  // An empty file is a map without entries.
  Task<absl::Status> OpenOld() {
    if (!map_->replaces()) co_return absl::OkStatus();
    std::unique_ptr<File> file = map_->TakeOld();
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await file->Stat());
    if (stat.size == 0) {
      empty_ = std::move(file);
      co_return absl::OkStatus();
    }
    CO_ASSIGN_OR_RETURN(old_, co_await OpenDatabase(std::move(file), type_));
    co_return absl::OkStatus();
  }

  // Everything of the old map into the new one, with the change.
  Task<absl::Status> Copy() {
    DatabaseOptions database;
    if (type_ == MapType::kBtree || (old_ != nullptr && old_->type() == DbType::kBtree)) {
      database.type = DatabaseType::kBtree;
    }
    database.duplicates = old_ != nullptr && old_->has_duplicates();
    CO_RETURN_IF_ERROR(map_->Build(database));
    if (old_ != nullptr) CO_RETURN_IF_ERROR(co_await CopyEntries());
    if (options_.action == 'u') {
      CO_RETURN_IF_ERROR(
          map_->Put(stored_key_, Terminated(options_.value), PutMode::kReplace).status());
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> CopyEntries() {
    DbCursor cursor(*old_);
    while (true) {
      CO_ASSIGN_OR_RETURN(const bool found, co_await cursor.Next());
      if (!found) co_return absl::OkStatus();
      if (options_.action == 'x' && cursor.key() == stored_key_) {
        ++removed_;
        continue;
      }
      CO_RETURN_IF_ERROR(map_->Put(cursor.key(), cursor.value(), PutMode::kReplace).status());
    }
  }

  Environment& env_;
  const Options& options_;
  const MapType type_;
  const std::optional<UserId> owner_;
  std::string key_, stored_key_;
  size_t removed_ = 0;
  // Either holds the lock on the old map.
  std::unique_ptr<DbFile> old_;
  std::unique_ptr<File> empty_;
  std::unique_ptr<MapReplacement> map_;
};

}  // namespace

Task<int> EditmapMain(Environment& env, Arguments arguments) {
  const std::variant<Options, std::string> parsed = ParseOptions(arguments);
  if (const auto* error = std::get_if<std::string>(&parsed)) {
    co_await Complain(env, *error);
    co_return kExitUsage;
  }
  const Options& options = std::get<Options>(parsed);
  const std::optional<ToolSettings> settings =
      co_await ReadToolSettings(env, kProgram, options.configuration);
  if (!settings.has_value()) co_return kExitNoInput;
  std::string error;
  const std::optional<MapType> type = ParseMapType(kProgram, options.type, options.map, error);
  if (!type.has_value()) {
    co_await Complain(env, error);
    co_return kExitCannotCreate;
  }
  Editmap editmap(env, options, *type, settings->owner);
  co_return co_await editmap.Run();
}

}  // namespace stagepost
