#include "mta/expand/rebuild_aliases.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/cf/default_user.h"
#include "mta/cf/well_known_names.h"
#include "mta/expand/address_list.h"
#include "mta/expand/notes.h"
#include "mta/maps/alias_maps.h"
#include "mta/maps/alias_text.h"
#include "mta/maps/map_file.h"
#include "mta/maptools/map_file.h"
#include "mta/maptools/map_tool.h"
#include "mta/policy/safe_file.h"
#include "mta/rewrite/address.h"

namespace stagepost {
namespace {

constexpr absl::string_view kNul("\0", 1);
// Stands in every complete database.
constexpr char kComplete[] = "@";

std::string ReasonOf(const absl::Status& status) {
  const Errno error = ErrnoOf(status);
  return error == Errno::kOk ? std::string(status.message()) : std::string(ErrnoText(error));
}

// What is printed, in the order in which it is said.
class Report final : public ExpansionObserver {
 public:
  void Note(const ExpansionNote& note) override { Print(note.Line()); }
  void Print(absl::string_view line) { absl::StrAppend(&text_, line, "\n"); }
  std::string& text() { return text_; }

 private:
  std::string text_;
};

class Rebuilder {
 public:
  Rebuilder(Site& site, Macros& macros)
      : site_(site),
        macros_(macros),
        notes_(site.env().log(), {.id = "NOQUEUE", .observer = &report_}) {}

  Task<int> Run() {
    for (const AliasSpecification& specification : AliasSpecifications(options())) {
      // The others have no database that could be made, and sendmail says nothing about it.
      if (!IsMadeByNewaliases(specification.map_class)) continue;
      std::vector<std::string> errors;  // have been reported by the map
      flags_ = ParseCommonFlags(specification.arguments, specification.map_name, errors);
      if (!flags_.file.empty()) co_await Rebuild(specification);
    }
    co_return co_await PrintAndExit(env(), "newaliases", std::move(report_.text()), exit_code_);
  }

 private:
  Environment& env() { return site_.env(); }
  const Options& options() const { return site_.configuration().options; }
  bool Has(BlameFlag flag) const { return options().Has(flag); }

  void SystemError(std::string text, int exit_code = kExitSoftware) {
    notes_.SystemError(std::move(text));
    if (exit_code_ == 0) exit_code_ = exit_code;
  }

  SafeFileRules DirectoryRules() const {
    SafeFileRules rules;
    rules.group_writable_directories_are_safe = Has(BlameFlag::kGroupWritableDirPathSafe);
    rules.sticky_directories_are_safe = Has(BlameFlag::kTrustStickyBit);
    return rules;
  }

  // Whether others may write in the path of the file, which is worth a warning.
  Task<absl::Status> LookAtDirectories(std::string path) {
    absl::Status status = co_await CheckDirectories(env().files(), path, DirectoryRules());
    const std::string directory = UnsafeDirectory(status);
    if (!directory.empty()) {
      report_.Print(absl::StrCat("WARNING: ", status.message(), " ", directory));
    }
    co_return status;
  }

  Task<absl::StatusOr<std::string>> ReadSource(std::string path) {
    const bool writable_path = !UnsafeDirectory(co_await LookAtDirectories(path)).empty();
    SafeFileRules rules;
    rules.check_directories = false;
    rules.refuse_group_writable = !Has(BlameFlag::kGroupWritableAliasFile);
    rules.refuse_world_writable = !Has(BlameFlag::kWorldWritableAliasFile);
    rules.refuse_links = rules.refuse_hard_links =
        writable_path && !Has(BlameFlag::kLinkedAliasFileInWritableDir);
    rules.by_permission_bits = false;
    CO_ASSIGN_OR_RETURN(
        const std::unique_ptr<File> file,
        co_await OpenSafely(env().files(), env().process().credentials().effective(), path, rules));
    co_return co_await ReadMapText(*file);
  }

  // Whether the database may be written at all: what is there, and where.
  Task<absl::StatusOr<bool>> MayHaveLinks(std::string path) {
    const absl::Status directories = co_await LookAtDirectories(path);
    const bool writable_path = !UnsafeDirectory(directories).empty();
    if (!directories.ok() && !(writable_path && Has(BlameFlag::kMapInUnsafeDirPath))) {
      co_return directories;
    }
    const absl::StatusOr<FileStat> there = co_await env().files().LinkStat(path);
    if (ErrnoOf(there.status()) == Errno::kENOENT) co_return false;
    if (!there.ok()) co_return there.status();
    const bool risky = writable_path && !Has(BlameFlag::kLinkedMapInWritableDir);
    if (there->type == FileType::kSymlink) {
      if (risky || !Has(BlameFlag::kWriteMapToSymLink)) {
        co_return absl::PermissionDeniedError("Symbolic links not allowed");
      }
      co_return true;
    }
    if (there->type != FileType::kRegular) {
      co_return absl::PermissionDeniedError("Regular files only");
    }
    if (there->links == 1) co_return false;
    if (risky || !Has(BlameFlag::kWriteMapToHardLink)) {
      co_return absl::PermissionDeniedError("Hard links not allowed");
    }
    co_return true;
  }

  // If we may give it away.
  std::optional<UserId> OwnerOfMap() {
    if (env().process().credentials().effective_user != kRootUser) return std::nullopt;
    return TrustedUser(options(), env().accounts());
  }

  Task<absl::Status> Begin(const AliasSpecification& specification) {
    const std::string path = MapFileName(flags_.file);
    CO_ASSIGN_OR_RETURN(const bool links, co_await MayHaveLinks(path));
    std::string no_warnings;  // have been printed
    CO_ASSIGN_OR_RETURN(
        database_,
        co_await MapReplacement::Begin(
            env(), path,
            {.write = true, .create = true, .allow_links = links, .trusted = OwnerOfMap()},
            no_warnings));
    const bool tree = specification.map_class == "btree";
    const absl::Status begun =
        database_->Build({.type = tree ? DatabaseType::kBtree : DatabaseType::kHash});
    if (!begun.ok()) co_await database_->Abandon();
    co_return begun;
  }

  void CannotBegin(const AliasSpecification& specification, const absl::Status& status) {
    if (absl::IsUnimplemented(status)) {
      return SystemError("Cannot rebuild aliases: no database format defined");
    }
    if (specification.map_class == "implicit") {
      report_.Print(absl::StrCat("WARNING: cannot open alias database ", flags_.file));
    } else {
      SystemError(
          absl::StrCat(specification.map_class, " map \"", specification.map_name,
                       "\": unsafe map file ", MapFileName(flags_.file), ": ", ReasonOf(status)),
          kExitOsError);
    }
    SystemError(absl::StrCat("Cannot create database for alias file ", flags_.file));
  }

  std::string RealUserName() {
    const UserId id = env().process().credentials().real_user;
    const absl::StatusOr<User> user = env().accounts().FindUser(id);
    return user.ok() ? user->name : absl::StrCat(static_cast<uint32_t>(id));
  }

  Task<void> Rebuild(const AliasSpecification& specification) {
    const std::string path = flags_.file;
    const absl::StatusOr<std::string> text = co_await ReadSource(path);
    if (!text.ok()) {
      if (!flags_.optional) {
        report_.Print(
            absl::StrCat("newaliases: cannot open ", path, ": ", ReasonOf(text.status())));
      }
      co_return;
    }
    const absl::Status begun = co_await Begin(specification);
    if (!begun.ok()) co_return CannotBegin(specification, begun);
    env().log().Write(Severity::kNotice,
                      absl::StrCat("alias database ", path, " rebuilt by ", RealUserName()));
    aliases_ = {};
    absl::Status stored = co_await StoreAll(*text);
    if (stored.ok()) stored = Put(kComplete, kComplete, PutMode::kReplace).status();
    notes_.SetPlace("");
    if (!stored.ok()) {
      co_await database_->Abandon();
      co_return Lost(stored);
    }
    std::string warnings;
    const absl::Status committed = co_await database_->Commit(OwnerOfMap(), warnings);
    report_.text() += warnings;
    if (!committed.ok()) co_return Lost(committed);
    const std::string statistics =
        absl::StrCat(path, ": ", aliases_.count, " aliases, longest ", aliases_.longest, " bytes, ",
                     aliases_.total, " bytes total");
    report_.Print(statistics);
    env().log().Write(Severity::kInfo, statistics);
  }

  void Lost(const absl::Status& status) {
    SystemError(
        absl::StrCat("Cannot create database for alias file ", flags_.file, ": ", ReasonOf(status)),
        kExitIoError);
  }

  absl::StatusOr<bool> Put(absl::string_view name, absl::string_view value, PutMode mode) {
    return database_->Put(absl::StrCat(absl::AsciiStrToLower(name), kNul),
                          absl::StrCat(value, kNul), mode);
  }

  Task<absl::Status> StoreAll(absl::string_view text) {
    AliasLineReader reader(text);
    AliasLine line;
    while (reader.Next(line)) {
      notes_.SetPlace(absl::StrCat(flags_.file, ": line ", line.number, ": "));
      if (line.misplaced) {
        SystemError("Non-continuation line starts with space");
        continue;
      }
      CO_RETURN_IF_ERROR(co_await StoreLine(line.text));
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> StoreLine(const std::string& line) {
    const absl::string_view whole = line;
    const size_t colon = FindAliasColon(whole);
    if (colon == absl::string_view::npos) {
      SystemError("missing colon");
      co_return absl::OkStatus();
    }
    const std::string name(whole.substr(0, colon));
    const std::optional<ParsedAddress> parsed = co_await Parse(name, '\0', nullptr);
    if (!parsed.has_value()) {
      SystemError(IllegalAliasName(whole));
      co_return absl::OkStatus();
    }
    if (parsed->mailer == nullptr || !parsed->mailer->Has('A')) {
      SystemError(absl::StrCat(name, "... cannot alias non-local names"));
      co_return absl::OkStatus();
    }
    const absl::string_view value = absl::StripLeadingAsciiWhitespace(whole.substr(colon + 1));
    if (value.empty()) {
      SystemError(MissingAliasValue(whole));
      co_return absl::OkStatus();
    }
    std::string last = name;
    if (options().Flag(OptionId::kCheckAliases)) last = co_await CheckMembers(value, name);
    ++aliases_.count;
    aliases_.longest = std::max(aliases_.longest, value.size());
    aliases_.total += parsed->user.size() + value.size();
    co_return Store(parsed->user, value, last);
  }

  // `about`: what sendmail names in its warning.
  absl::Status Store(const std::string& name, absl::string_view value, const std::string& about) {
    if (flags_.aliases_append) {
      std::string& all = aliases_.appended[absl::AsciiStrToLower(name)];
      all = absl::StrCat(value, all.empty() ? "" : ",", all);
      return Put(name, all, PutMode::kReplace).status();
    }
    ASSIGN_OR_RETURN(const bool is_new, Put(name, value, PutMode::kKeep));
    if (is_new) return absl::OkStatus();
    notes_.Remark(about, absl::StrCat("Warning: duplicate alias name ", name));
    return Put(name, value, PutMode::kReplace).status();
  }

  // CheckAliases: says what is wrong with the right side. Gives its last address, or `name`.
  Task<std::string> CheckMembers(absl::string_view value, std::string name) {
    std::string last = std::move(name);
    for (absl::string_view rest = SkipSeparators(value); !rest.empty();
         rest = SkipSeparators(rest)) {
      const absl::string_view window = AddressWindow(rest);
      size_t end = 0;
      const std::optional<ParsedAddress> parsed = co_await Parse(window, ',', &end);
      last = std::string(window.substr(0, end));
      if (!parsed.has_value()) {
        notes_.Error("553", "5.3.5", window,
                     absl::StrCat(AddressInMessages(window), "... bad address"), 0);
        last = std::string(window);
      }
      SkipAddress(rest, end, ',');
    }
    co_return last;
  }

  Task<std::optional<ParsedAddress>> Parse(absl::string_view address, char delimiter, size_t* end) {
    macros_.SetLiteral(well_known::kAddrType, "e r");
    notes_.set_address(address);
    ParseOptions parse;
    parse.delimiter = delimiter;
    co_return co_await ParseAddress({site_.engine(), site_.configuration(), macros_, &notes_},
                                    address, parse, end);
  }

  struct Aliases {
    size_t count = 0, longest = 0, total = 0;
    std::map<std::string, std::string> appended;  // with -A only
  };

  Site& site_;
  Macros& macros_;
  Report report_;
  NoteTaker notes_;
  int exit_code_ = 0;
  MapFlags flags_;  // of the file in hand
  std::unique_ptr<MapReplacement> database_;
  Aliases aliases_;
};

}  // namespace

Task<int> RebuildAliases(Site& site) {
  Macros macros(&site.configuration().macros);
  Rebuilder rebuilder(site, macros);
  co_return co_await rebuilder.Run();
}

}  // namespace stagepost
