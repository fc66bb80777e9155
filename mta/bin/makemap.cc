#include "mta/bin/makemap.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/bin/makemap_options.h"
#include "mta/maptools/map_text.h"
#include "mta/maptools/map_tool.h"

namespace stagepost {
namespace {

constexpr char kProgram[] = "makemap";

// Tells whoever waits at a terminal how far it has got, when it takes long.
class Progress {
 public:
  Progress(Environment& env, const std::string& map)
      : env_(env), map_(map), next_(env.clock().MonotonicNow() + kInterval) {}

  Task<void> Report(uint64_t lines) {
    if (!env_.process().standard_error_is_terminal()) co_return;
    const MonotonicTime now = env_.clock().MonotonicNow();
    if (now < next_) co_return;
    next_ = now + kInterval;
    co_await Complain(env_, absl::StrCat(kProgram, ": ", map_, ": ", lines, " lines\n"));
  }

 private:
  static constexpr absl::Duration kInterval = absl::Seconds(2);
  Environment& env_;
  const std::string& map_;
  MonotonicTime next_;
};

// One run, from the type on.
class Makemap {
 public:
  Makemap(Environment& env, const MakemapOptions& options, MapType type,
          std::optional<UserId> owner)
      : env_(env), options_(options), type_(type), owner_(owner), output_(env, kProgram) {}

  Task<int> Run() {
    const int exit_code = options_.unmap ? co_await Unmap() : co_await Make();
    co_return co_await output_.End(exit_code);
  }

 private:
  Task<int> CannotOpen(absl::Status status) {
    co_await Complain(env_,
                      OpeningError(kProgram, options_.type, options_.map, MapErrorText(status)));
    co_return kExitCannotCreate;
  }

  Task<int> Fail(absl::Status status) {
    co_await Complain(env_,
                      absl::StrCat(kProgram, ": ", options_.map, ": ", MapErrorText(status), "\n"));
    co_return kExitIoError;
  }

  Task<int> Unmap() {
    std::string warnings;
    const absl::StatusOr<std::unique_ptr<DbFile>> database = co_await OpenMapDatabase(
        env_, MapFileName(options_.map), type_,
        {.allow_links = options_.allow_links, .trusted = owner_}, std::nullopt, warnings);
    co_await Complain(env_, warnings);
    if (!database.ok()) co_return co_await CannotOpen(database.status());
    const std::string separator(1, options_.text.separator.value_or('\t'));
    DbCursor cursor(**database);
    while (true) {
      const absl::StatusOr<bool> found = co_await cursor.Next();
      if (!found.ok()) {
        co_await output_.Flush();
        co_return co_await Fail(found.status());
      }
      if (!*found) co_return kExitOk;
      if (!co_await output_.Write(
              absl::StrCat(Printable(cursor.key()), separator, Printable(cursor.value()), "\n"))) {
        co_return kExitIoError;
      }
    }
  }

  Task<int> Make() {
    std::string warnings;
    absl::StatusOr<std::unique_ptr<MapReplacement>> replacement =
        co_await MapReplacement::Begin(env_, MapFileName(options_.map),
                                       {.write = true,
                                        .create = !options_.append,
                                        .allow_links = options_.allow_links,
                                        .trusted = owner_},
                                       warnings);
    co_await Complain(env_, warnings);
    if (!replacement.ok()) co_return co_await CannotOpen(replacement.status());
    map_ = *std::move(replacement);
    if (const absl::Status begun = co_await BeginDatabase(); !begun.ok()) {
      co_await map_->Abandon();
      co_return co_await CannotOpen(begun);
    }
    if (const std::optional<int> failed = co_await ReadInput(); failed.has_value()) {
      co_await map_->Abandon();
      co_return *failed;
    }
    warnings.clear();
    const absl::Status in_place = co_await map_->Commit(owner_, warnings);
    co_await Complain(env_, warnings);
    if (!in_place.ok()) co_return co_await Fail(in_place);
    co_return exit_code_;
  }

  // Makes the new database, which begins with the entries of the old one if it is appended to.
  Task<absl::Status> BeginDatabase() {
    DatabaseOptions database{
        .type = type_ == MapType::kBtree ? DatabaseType::kBtree : DatabaseType::kHash,
        .duplicates = options_.duplicates,
        .cache_bytes = options_.cache_bytes};
    if (!options_.append) co_return map_->Build(database);
    CO_ASSIGN_OR_RETURN(old_, co_await OpenDatabase(map_->TakeOld(), type_));
    // What is there decides; it may not be asked for what it is not.
    if (options_.duplicates && !old_->has_duplicates()) {
      co_return ErrnoStatus(Errno::kEINVAL, "duplicates");
    }
    database.duplicates = old_->has_duplicates();
    if (old_->type() == DbType::kBtree) database.type = DatabaseType::kBtree;
    CO_RETURN_IF_ERROR(map_->Build(database));
    DbCursor cursor(*old_);
    while (true) {
      CO_ASSIGN_OR_RETURN(const bool found, co_await cursor.Next());
      if (!found) co_return absl::OkStatus();
      CO_RETURN_IF_ERROR(map_->Put(cursor.key(), cursor.value(), PutMode::kReplace).status());
    }
  }

  // An exit code if the map is not to be put in place.
  Task<std::optional<int>> ReadInput() {
    MapTextReader reader(options_.text);
    Progress progress(env_, options_.map);
    std::string block(64 * 1024, '\0');
    uint64_t lines = 0;
    for (bool more = true; more;) {
      const absl::StatusOr<size_t> read =
          co_await env_.process().standard_input().Read(absl::MakeSpan(block));
      if (!read.ok()) co_return co_await Fail(read.status());
      more = *read > 0;
      if (more) {
        reader.Append(absl::string_view(block).substr(0, *read));
      } else {
        reader.End();
      }
      while (const std::optional<MapLine> line = reader.Next()) {
        lines = line->number;
        if (const std::optional<int> failed = co_await Take(*line); failed.has_value()) {
          co_return failed;
        }
      }
      co_await progress.Report(lines);
    }
    co_return std::nullopt;
  }

  Task<std::optional<int>> Take(const MapLine& line) {
    switch (line.kind) {
      case MapLine::Kind::kEntry:
        co_return co_await Store(line);
      case MapLine::Kind::kTooLong:
        co_await Reject(line, absl::StrCat("line too long (", kMapLineBytes, " bytes max)"));
        break;
      case MapLine::Kind::kLeadingSpace:
        co_await Reject(line, "syntax error (leading space)");
        break;
      case MapLine::Kind::kNoValue:
        co_await Reject(line, absl::StrCat("no RHS for LHS ", line.key));
        break;
    }
    co_return std::nullopt;
  }

  Task<std::optional<int>> Store(const MapLine& line) {
    if (options_.verbose) {
      co_await output_.Write(absl::StrCat("key=`", line.key, "', val=`", line.value, "'\n"));
    }
    const bool keep = !options_.replace && !options_.duplicates;
    const absl::string_view end = options_.terminate ? absl::string_view("\0", 1) : "";
    const absl::StatusOr<bool> stored =
        map_->Put(absl::StrCat(line.key, end), absl::StrCat(line.value, end),
                  keep ? PutMode::kKeep : PutMode::kReplace);
    if (!stored.ok()) {
      co_await Reject(
          line, absl::StrCat("key ", line.key, ": put error: ", MapErrorText(stored.status())));
      co_return kExitIoError;
    }
    if (!*stored) co_await Reject(line, absl::StrCat("key ", line.key, ": duplicate key"));
    co_return std::nullopt;
  }

  Task<void> Reject(const MapLine& line, std::string why) {
    exit_code_ = kExitDataError;
    co_await Complain(
        env_, absl::StrCat(kProgram, ": ", options_.map, ": line ", line.number, ": ", why, "\n"));
  }

  Environment& env_;
  const MakemapOptions& options_;
  const MapType type_;
  const std::optional<UserId> owner_;
  ToolOutput output_;
  int exit_code_ = kExitOk;
  std::unique_ptr<DbFile> old_;  // holds the lock on the old map
  std::unique_ptr<MapReplacement> map_;
};

Task<int> Give(Environment& env, MakemapAnswer answer) {
  co_await Complain(env, answer.error);
  co_return co_await PrintAndExit(env, kProgram, answer.output, answer.exit_code);
}

}  // namespace

Task<int> MakemapMain(Environment& env, Arguments arguments) {
  std::string complaints;
  std::variant<MakemapOptions, MakemapAnswer> parsed = ParseMakemapOptions(arguments, complaints);
  co_await Complain(env, complaints);
  if (auto* answer = std::get_if<MakemapAnswer>(&parsed)) co_return co_await Give(env, *answer);
  MakemapOptions& options = std::get<MakemapOptions>(parsed);
  const std::optional<ToolSettings> settings =
      co_await ReadToolSettings(env, kProgram, options.configuration);
  if (!settings.has_value()) co_return kExitNoInput;
  if (std::optional<MakemapAnswer> answer = FindMakemapType(settings->maps, options);
      answer.has_value()) {
    const int exit_code = co_await Give(env, *std::move(answer));
    if (exit_code != kExitOk) co_return exit_code;
  }
  std::string error;
  const std::optional<MapType> type = ParseMapType(kProgram, options.type, options.map, error);
  if (!type.has_value()) co_return co_await Give(env, {"", error, kExitCannotCreate});
  Makemap makemap(env, options, *type, settings->owner);
  co_return co_await makemap.Run();
}

}  // namespace stagepost
