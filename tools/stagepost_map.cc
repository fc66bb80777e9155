#include "tools/stagepost_map.h"

#include <sysexits.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/maps/db_file.h"
#include "mta/maptools/map_path.h"
#include "mta/maptools/map_tool.h"
#include "sim/scenario/suggest.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

constexpr char kProgram[] = "stagepost map";

constexpr absl::string_view kHelp =
    R"(usage: stagepost map get FILE KEY...
       stagepost map list FILE
       stagepost map check FILE...

Looks into maps of the types hash and btree (FILE or FILE.db).

  get      prints the values of each key, as it is written and in lower case,
           with and without a NUL at its end
  list     prints all entries, a tab between key and value
  check    reads all of each file, looks every key up, and says what is in it
           and what may be wrong with it

What cannot be printed is shown as \ooo (octal), a backslash as \\.
docs/stagepost.md says more.

Exit status: 0; 1 a key is not there, or check has something to say; 64 wrong
usage; 65 a file is damaged or no database; 66 it cannot be opened; 74 the
output cannot be written.
)";

// Safe for a terminal, one line, and not ambiguous.
std::string Shown(absl::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (c == '\\') {
      text += "\\\\";
    } else if (absl::ascii_isprint(static_cast<unsigned char>(c))) {
      text += c;
    } else {
      absl::StrAppendFormat(&text, "\\%03o", static_cast<unsigned char>(c));
    }
  }
  return text;
}

struct OpenedMap {
  std::string path;
  FileStat stat;
  std::unique_ptr<DbFile> database;
};

// Opens FILE or FILE.db under sendmail's lock.
Task<absl::StatusOr<OpenedMap>> Open(Environment& env, std::string name) {
  OpenedMap map{name, {}, nullptr};
  absl::StatusOr<std::unique_ptr<File>> file = co_await env.files().Open(name, {.read = true});
  // The text beside a map often has the name without ".db".
  if (!absl::EndsWith(name, ".db")) {
    const std::string longer = MapFileName(name);
    absl::StatusOr<std::unique_ptr<File>> other = co_await env.files().Open(longer, {.read = true});
    if (other.ok() || ErrnoOf(other.status()) != Errno::kENOENT) {
      map.path = longer;
      file = std::move(other);
    }
  }
  CO_RETURN_IF_ERROR(file.status());
  CO_RETURN_IF_ERROR(co_await (*file)->Lock(LockKind::kFlock, LockMode::kShared, LockWait::kYes));
  CO_ASSIGN_OR_RETURN(map.stat, co_await (*file)->Stat());
  CO_ASSIGN_OR_RETURN(map.database, co_await DbFile::Open(*std::move(file)));
  co_return map;
}

Task<int> Fail(Environment& env, std::string name, absl::Status status) {
  co_await Complain(env,
                    absl::StrCat(kProgram, ": ", Shown(name), ": ", MapErrorText(status), "\n"));
  co_return ErrnoOf(status) == Errno::kOk ? EX_DATAERR : EX_NOINPUT;
}

// The forms under which sendmail may have stored or would look for a key, each once.
std::vector<std::string> FormsOf(const std::string& key) {
  std::vector<std::string> forms;
  for (const std::string& form : {key, absl::AsciiStrToLower(key)}) {
    for (const std::string& whole : {form, form + '\0'}) {
      if (std::count(forms.begin(), forms.end(), whole) == 0) forms.push_back(whole);
    }
  }
  return forms;
}

// All values of a key. Duplicates can only be had one after the other.
Task<absl::StatusOr<std::vector<std::string>>> ValuesOf(DbFile& database, std::string key) {
  std::vector<std::string> values;
  CO_ASSIGN_OR_RETURN(std::optional<std::string> first, co_await database.Get(key));
  if (!first.has_value()) co_return values;
  if (!database.has_duplicates()) {
    values.push_back(*std::move(first));
    co_return values;
  }
  DbCursor cursor(database);
  while (true) {
    CO_ASSIGN_OR_RETURN(const bool found, co_await cursor.Next());
    if (!found) co_return values;
    if (cursor.key() == key) values.push_back(cursor.value());
  }
}

Task<int> Get(Environment& env, std::vector<std::string> words) {
  const absl::StatusOr<OpenedMap> map = co_await Open(env, words[0]);
  if (!map.ok()) co_return co_await Fail(env, words[0], map.status());
  ToolOutput output(env, kProgram);
  int exit_code = 0;
  for (size_t i = 1; i < words.size(); ++i) {
    bool found = false;
    for (const std::string& form : FormsOf(words[i])) {
      const absl::StatusOr<std::vector<std::string>> values =
          co_await ValuesOf(*map->database, form);
      if (!values.ok()) co_return co_await Fail(env, map->path, values.status());
      found |= !values->empty();
      for (const std::string& value : *values) {
        co_await output.Write(absl::StrCat(Shown(form), "\t", Shown(value), "\n"));
      }
    }
    if (found) continue;
    exit_code = 1;
    co_await output.Flush();
    co_await Complain(
        env, absl::StrCat(kProgram, ": ", Shown(map->path), ": no key ", Shown(words[i]), "\n"));
  }
  co_return co_await output.End(exit_code);
}

Task<int> ListAll(Environment& env, std::string name) {
  const absl::StatusOr<OpenedMap> map = co_await Open(env, name);
  if (!map.ok()) co_return co_await Fail(env, name, map.status());
  ToolOutput output(env, kProgram);
  DbCursor cursor(*map->database);
  absl::StatusOr<bool> found = co_await cursor.Next();
  for (; found.ok() && *found; found = co_await cursor.Next()) {
    if (!co_await output.Write(
            absl::StrCat(Shown(cursor.key()), "\t", Shown(cursor.value()), "\n"))) {
      break;
    }
  }
  const int exit_code = co_await output.End(kExitOk);
  if (!found.ok()) co_return co_await Fail(env, map->path, found.status());
  co_return exit_code;
}

// What is in a map.
struct Census {
  uint64_t entries = 0, terminated = 0, upper_case = 0, empty_values = 0, key_bytes = 0,
           value_bytes = 0;
  bool alias_marker = false;  // "@", which newaliases puts at the end
  uint64_t not_found = 0;     // listed, but a look-up does not find them

  void Add(absl::string_view key, absl::string_view value) {
    ++entries;
    const bool nul = absl::ConsumeSuffix(&key, absl::string_view("\0", 1));
    if (nul) absl::ConsumeSuffix(&value, absl::string_view("\0", 1));
    terminated += nul ? 1 : 0;
    if (std::any_of(key.begin(), key.end(),
                    [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)); })) {
      ++upper_case;
    }
    empty_values += value.empty() ? 1 : 0;
    key_bytes = std::max<uint64_t>(key_bytes, key.size());
    value_bytes = std::max<uint64_t>(value_bytes, value.size());
    alias_marker |= key == "@" && value == "@";
  }
};

Task<absl::Status> Count(DbFile& database, Census& census) {
  DbCursor cursor(database);
  while (true) {
    CO_ASSIGN_OR_RETURN(const bool found, co_await cursor.Next());
    if (!found) co_return absl::OkStatus();
    census.Add(cursor.key(), cursor.value());
    CO_ASSIGN_OR_RETURN(const std::optional<std::string> value,
                        co_await database.Get(cursor.key()));
    if (!value.has_value()) ++census.not_found;
  }
}

// One line for each thing that may surprise somebody.
std::vector<std::string> Remarks(const OpenedMap& map, const Census& census) {
  std::vector<std::string> remarks;
  if (census.not_found > 0) {
    remarks.push_back(absl::StrCat(census.not_found, " keys are listed but not found"));
  }
  if (census.terminated > 0 && census.terminated < census.entries) {
    remarks.push_back(absl::StrCat(
        census.terminated, " keys end in a NUL, ", census.entries - census.terminated,
        " do not: makemap ran with -N and without, and some look-ups find only one kind"));
  }
  if (census.upper_case > 0) {
    remarks.push_back(absl::StrCat(census.upper_case,
                                   " keys have capital letters: only a map with -f finds them"));
  }
  if ((map.stat.mode & 022) != 0) {
    remarks.push_back(absl::StrFormat("its mode is %04o: others may write it", map.stat.mode));
  }
  return remarks;
}

Task<int> Check(Environment& env, std::string name) {
  const absl::StatusOr<OpenedMap> map = co_await Open(env, name);
  if (!map.ok()) co_return co_await Fail(env, name, map.status());
  Census census;
  const absl::Status counted = co_await Count(*map->database, census);
  if (!counted.ok()) co_return co_await Fail(env, map->path, counted);
  std::string text = absl::StrCat(
      Shown(map->path), ": ", map->database->type() == DbType::kHash ? "hash" : "btree",
      map->database->has_duplicates() ? ", duplicates allowed" : "", ", ", census.entries,
      census.entries == 1 ? " entry" : " entries");
  if (census.entries > 0 && census.terminated == census.entries) text += " with NULs at their ends";
  absl::StrAppend(&text, ", keys of up to ", census.key_bytes, " and values of up to ",
                  census.value_bytes, " bytes");
  if (census.empty_values > 0) absl::StrAppend(&text, ", ", census.empty_values, " values empty");
  if (census.alias_marker) text += ", an alias database";
  text += "\n";
  const std::vector<std::string> remarks = Remarks(*map, census);
  for (const std::string& remark : remarks) {
    absl::StrAppend(&text, Shown(map->path), ": ", remark, "\n");
  }
  co_return co_await PrintAndExit(env, kProgram, text, remarks.empty() ? 0 : 1);
}

// Takes "--" out of `words`. The first of them that looks like an option where a file should stand;
// empty: none. After the file of `get` there are keys, which may look like anything.
std::string MisplacedOption(absl::string_view command, std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
    if (words[i].size() > 1 && words[i][0] == '-') return words[i];
    if (command == "get") break;
  }
  return "";
}

Task<int> Misused(Environment& env, std::string what) {
  co_await Complain(env, absl::StrCat(kProgram, ": ", what, "\nTry: stagepost map --help\n"));
  co_return EX_USAGE;
}

}  // namespace

Task<int> MapMain(Environment& env, Arguments arguments) {
  if (arguments.size() < 2) co_return co_await Misused(env, "get, list or check what?");
  const std::string& command = arguments[1];
  std::vector<std::string> words(arguments.begin() + 2, arguments.end());
  const bool help = command == "--help" || (!words.empty() && words[0] == "--help");
  if (help) {
    co_return co_await PrintAndExit(env, kProgram, std::string(kHelp), kExitOk);
  }
  if (const std::string option = MisplacedOption(command, words); !option.empty()) {
    co_return co_await Misused(env, absl::StrCat("unknown option \"", OneLine(option, 80), "\""));
  }
  if (command == "get") {
    if (words.size() < 2) co_return co_await Misused(env, "get needs a file and a key");
    co_return co_await Get(env, std::move(words));
  }
  if (command == "list") {
    if (words.size() != 1) co_return co_await Misused(env, "list needs one file");
    co_return co_await ListAll(env, words[0]);
  }
  if (command == "check") {
    if (words.empty()) co_return co_await Misused(env, "check needs a file");
    int exit_code = 0;
    for (const std::string& name : words) {
      const int own = co_await Check(env, name);
      exit_code = std::max(exit_code, own);
    }
    co_return exit_code;
  }
  co_return co_await Misused(env, absl::StrCat("unknown command \"", OneLine(command, 80), "\"",
                                               DidYouMean(command, {"get", "list", "check"})));
}

}  // namespace stagepost
