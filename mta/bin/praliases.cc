#include "mta/bin/praliases.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/maptools/map_tool.h"
#include "mta/maptools/option_scanner.h"

namespace stagepost {
namespace {

constexpr char kProgram[] = "praliases";
constexpr char kUsage[] = "usage: praliases [-C cffile] [-f aliasfile] [key ...]\n";

class Praliases {
 public:
  Praliases(Environment& env, std::vector<std::string> keys)
      : env_(env), keys_(std::move(keys)), output_(env, kProgram) {}

  Task<void> Print(AliasFile file) {
    MapType type = MapType::kImplicit;
    if (file.type == "hash") {
      type = MapType::kHash;
    } else if (file.type == "btree") {
      type = MapType::kBtree;
    } else if (file.type.has_value()) {
      co_return co_await Say(absl::StrCat("Skipping non-file based alias type ", *file.type, "\n"));
    }
    if (file.path.empty()) {
      co_return co_await Say(
          absl::StrCat("illegal alias specification: ", file.specification, "\n"));
    }
    std::string warnings;
    const absl::StatusOr<std::unique_ptr<DbFile>> database = co_await OpenMapDatabase(
        env_, MapFileName(file.path), type, {.allow_links = true}, std::nullopt, warnings);
    co_await Complain(env_, warnings);
    absl::Status status = database.status();
    if (!status.ok()) {
      co_return co_await Say(absl::StrCat(file.path, ": open: ", MapErrorText(status), "\n"));
    }
    status = keys_.empty() ? co_await PrintAll(**database) : co_await PrintKeys(**database);
    if (!status.ok()) {
      co_await Say(absl::StrCat(file.path, ": get value at cursor: ", MapErrorText(status), "\n"));
    }
  }

  Task<int> Finish() { co_return co_await output_.End(kExitOk); }

 private:
  Task<void> Say(std::string text) {
    co_await output_.Flush();
    co_await Complain(env_, absl::StrCat(kProgram, ": ", text));
  }

  Task<absl::Status> PrintAll(DbFile& database) {
    DbCursor cursor(database);
    while (true) {
      const absl::StatusOr<bool> found = co_await cursor.Next();
      if (!found.ok()) co_return found.status();
      if (!*found) co_return absl::OkStatus();
      if (!co_await output_.Write(
              absl::StrCat(Printable(cursor.key()), ":", Printable(cursor.value()), "\n"))) {
        co_return absl::OkStatus();  // Finish() says it
      }
    }
  }

  Task<absl::Status> PrintKeys(DbFile& database) {
    for (const std::string& key : keys_) {
      absl::StatusOr<std::optional<std::string>> value = co_await database.Get(key);
      if (value.ok() && !value->has_value()) {
        const std::string terminated = key + '\0';
        value = co_await database.Get(terminated);
      }
      if (!value.ok()) co_return value.status();
      co_await output_.Write(value->has_value() ? absl::StrCat(key, ":", Printable(**value), "\n")
                                                : absl::StrCat(key, ": No such key\n"));
    }
    co_return absl::OkStatus();
  }

  Environment& env_;
  const std::vector<std::string> keys_;
  ToolOutput output_;
};

}  // namespace

Task<int> PraliasesMain(Environment& env, Arguments arguments) {
  std::string configuration = kDefaultSendmailCf;
  std::optional<std::string> only;
  OptionScanner scanner(arguments, "C:f:l");
  while (std::optional<ScannedOption> option = scanner.Next()) {
    if (option->letter == 'C') {
      configuration = std::move(option->value);
    } else if (option->letter == 'f') {
      only = std::move(option->value);
    } else if (option->letter == 'l') {
      co_return co_await PrintAndExit(env, kProgram, kMapTypes, kExitOk);
    } else {
      co_await Complain(env, option->error + kUsage);
      co_return kExitUsage;
    }
  }
  const absl::StatusOr<MapSettings> settings = co_await ReadMapSettings(env, configuration);
  if (!settings.ok()) {
    co_await Complain(env, absl::StrCat(kProgram, ": ", configuration, ": ",
                                        MapErrorText(settings.status()), "\n"));
    co_return kExitNoInput;
  }
  std::vector<AliasFile> files;
  if (only.has_value()) {
    files.push_back(ParseAliasFile(*only));
  } else {
    for (const std::string& value : settings->alias_files) {
      for (AliasFile& file : ParseAliasFiles(value)) files.push_back(std::move(file));
    }
  }
  Praliases praliases(env, scanner.operands());
  for (AliasFile& file : files) co_await praliases.Print(std::move(file));
  co_return co_await praliases.Finish();
}

}  // namespace stagepost
