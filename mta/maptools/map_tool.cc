#include "mta/maptools/map_tool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr size_t kBlockBytes = 32 * 1024;

absl::Status UnknownType() { return absl::NotFoundError("Unknown database type"); }

}  // namespace

Task<bool> ToolOutput::Write(absl::string_view text) {
  text_.append(text.data(), text.size());
  if (text_.size() >= kBlockBytes) co_return co_await Flush();
  co_return status_.ok();
}

Task<bool> ToolOutput::Flush() {
  if (status_.ok() && !text_.empty()) {
    status_ = co_await WriteAll(env_.process().standard_output(), text_);
  }
  text_.clear();
  co_return status_.ok();
}

Task<int> ToolOutput::End(int exit_code) {
  if (co_await Flush()) co_return exit_code;
  if (!absl::IsUnavailable(status_)) {
    co_await Complain(env_,
                      absl::StrCat(program_, ": standard output: ", MapErrorText(status_), "\n"));
  }
  co_return exit_code == kExitOk ? kExitIoError : exit_code;
}

Task<int> PrintAndExit(Environment& env, std::string program, std::string text, int exit_code) {
  ToolOutput output(env, std::move(program));
  co_await output.Write(text);
  co_return co_await output.End(exit_code);
}

Task<void> Complain(Environment& env, absl::string_view text) {
  if (!text.empty()) (void)co_await WriteAll(env.process().standard_error(), text);
}

Task<std::optional<ToolSettings>> ReadToolSettings(Environment& env, std::string program,
                                                   std::string path) {
  absl::StatusOr<MapSettings> maps = co_await ReadMapSettings(env, path);
  if (!maps.ok()) {
    co_await Complain(env,
                      absl::StrCat(program, ": ", path, ": ", MapErrorText(maps.status()), "\n"));
    co_return std::nullopt;
  }
  std::string complaints;
  ToolSettings settings{*std::move(maps), std::nullopt};
  const std::optional<UserId> owner = FindTrustedUser(env, settings.maps, complaints);
  if (env.process().credentials().effective_user == kRootUser) settings.owner = owner;
  co_await Complain(env, complaints);
  co_return settings;
}

std::optional<MapType> ParseMapType(absl::string_view program, absl::string_view type,
                                    absl::string_view map, std::string& error) {
  if (type == "hash") return MapType::kHash;
  if (type == "btree") return MapType::kBtree;
  if (type == "implicit") return MapType::kImplicit;
  if (type == "dbm" || type == "cdb") {
    error = absl::StrCat(program, ": Need to recompile with -D", type == "dbm" ? "NDBM" : "CDB",
                         " for ", type, " support\n");
  } else {
    error = OpeningError(program, type, map, UnknownType().message());
  }
  return std::nullopt;
}

std::string OpeningError(absl::string_view program, absl::string_view type, absl::string_view map,
                         absl::string_view text) {
  return absl::StrCat(program, ": error opening type ", type, " map ", map, ": ", text, "\n");
}

Task<absl::StatusOr<std::unique_ptr<DbFile>>> OpenDatabase(std::unique_ptr<File> file,
                                                           MapType type) {
  absl::StatusOr<std::unique_ptr<DbFile>> database = co_await DbFile::Open(std::move(file));
  bool fits = database.ok();
  if (fits && type != MapType::kImplicit) {
    fits = ((*database)->type() == DbType::kHash) == (type == MapType::kHash);
  }
  if (fits) co_return database;
  if (database.ok() || absl::IsInvalidArgument(database.status())) {
    if (type == MapType::kImplicit) co_return UnknownType();
    co_return ErrnoStatus(Errno::kEINVAL, "database");
  }
  co_return database.status();
}

Task<absl::StatusOr<std::unique_ptr<DbFile>>> OpenMapDatabase(Environment& env, std::string path,
                                                              MapType type, MapAccess access,
                                                              std::optional<UserId> new_owner,
                                                              std::string& warnings) {
  absl::StatusOr<std::unique_ptr<File>> file = co_await OpenMap(env, path, access, warnings);
  if (type == MapType::kImplicit && ErrnoOf(file.status()) == Errno::kENOENT) {
    co_return UnknownType();
  }
  CO_RETURN_IF_ERROR(file.status());
  absl::StatusOr<std::unique_ptr<DbFile>> database = co_await OpenDatabase(*std::move(file), type);
  if (!database.ok() || !new_owner.has_value()) co_return database;
  std::string no_more_warnings;
  file = co_await OpenMap(env, path, access, no_more_warnings);
  if (file.ok()) co_await GiveTo(**file, path, *new_owner, warnings);
  co_return database;
}

absl::string_view Printable(absl::string_view bytes) { return bytes.substr(0, bytes.find('\0')); }

}  // namespace stagepost
