#include "tools/audit/site_facts.h"

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/async/task.h"
#include "mta/base/status_macros.h"
#include "mta/maps/db_file.h"
#include "mta/maps/map_file.h"
#include "mta/maps/map_flags.h"
#include "mta/site/site.h"

namespace stagepost {
namespace {

bool IsNetworkMailer(const Mailer& mailer) {
  return absl::StrContains(mailer.path, "[IPC]") || absl::StrContains(mailer.path, "[TCP]");
}

std::string WithoutNul(const std::string& bytes) {
  return !bytes.empty() && bytes.back() == '\0' ? bytes.substr(0, bytes.size() - 1) : bytes;
}

// Reads the maps whose files can be read whole.
class EntryReader {
 public:
  EntryReader(Environment& env, SiteFacts& facts) : env_(env), facts_(facts) {}

  Task<void> Read(const MapDeclaration& declaration) {
    std::vector<std::string> errors;
    const MapFlags flags = ParseCommonFlags(declaration.arguments, declaration.name, errors);
    if (declaration.map_class == "hash" || declaration.map_class == "btree") {
      const bool has_end = absl::EndsWith(flags.file, ".db");
      std::string file = has_end ? flags.file : absl::StrCat(flags.file, ".db");
      Know(declaration, file);
      const absl::Status status = co_await ReadDatabase(declaration.name, file);
      if (!status.ok() && !absl::IsNotFound(status)) {
        facts_.notes.push_back(absl::StrCat(file, ": ", status.message()));
      }
    } else if (declaration.map_class == "text") {
      Know(declaration, flags.file);
      co_await ReadText(declaration.name, flags);
    } else if (declaration.map_class == "bestmx" || declaration.map_class == "dns") {
      Know(declaration, "");
    }
  }

 private:
  void Know(const MapDeclaration& declaration, std::string file) {
    facts_.map_files[absl::AsciiStrToLower(declaration.name)] = std::move(file);
  }

  Task<absl::Status> ReadDatabase(std::string map, std::string file) {
    CO_ASSIGN_OR_RETURN(std::unique_ptr<File> opened,
                        co_await env_.files().Open(file, {.read = true}));
    CO_ASSIGN_OR_RETURN(const std::unique_ptr<DbFile> database,
                        co_await DbFile::Open(std::move(opened)));
    DbCursor cursor(*database);
    for (size_t count = 0; true; ++count) {
      CO_ASSIGN_OR_RETURN(const bool found, co_await cursor.Next());
      if (!found) co_return absl::OkStatus();
      if (count == kMaxAuditedEntries) {
        facts_.notes.push_back(
            absl::StrCat(file, ": only the first ", count, " entries have probes of their own"));
        co_return absl::OkStatus();
      }
      // The entry by which both programs know a rebuilt alias file is no entry.
      facts_.entries.push_back({map, file, WithoutNul(cursor.key()), WithoutNul(cursor.value())});
    }
  }

  Task<void> ReadText(std::string map, MapFlags flags) {
    const absl::StatusOr<std::unique_ptr<File>> opened =
        co_await env_.files().Open(flags.file, {.read = true});
    if (!opened.ok()) co_return;
    const absl::StatusOr<std::string> text = co_await ReadMapText(**opened);
    if (!text.ok()) co_return;
    const char by = flags.delimiter.value_or(' ');
    for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
      const size_t end = by == ' ' ? line.find_first_of(" \t") : line.find(by);
      if (end == 0 || end == absl::string_view::npos || line[0] == '#') continue;
      if (facts_.entries.size() == kMaxAuditedEntries) co_return;
      facts_.entries.push_back({map, flags.file, std::string(line.substr(0, end)),
                                std::string(absl::StripAsciiWhitespace(line.substr(end + 1)))});
    }
  }

  Environment& env_;
  SiteFacts& facts_;
};

std::string MacroText(const Configuration& configuration, char name) {
  const Text* const value = configuration.macros.Find(OneCharacterName(name));
  if (value == nullptr) return "";
  return configuration.macros.ExpandToString(*value, configuration.names).value_or("");
}

void ReadClasses(const Configuration& configuration, SiteFacts& facts) {
  for (size_t i = 1; i < configuration.names.size(); ++i) {
    const NameId id{static_cast<uint16_t>(i)};
    for (const absl::string_view word : configuration.classes.Words(id)) {
      facts.classes[std::string(configuration.names.NameOf(id))].emplace_back(word);
    }
  }
}

Task<int> Gather(Environment& env, std::string file, SiteFacts& facts) {
  ReadOptions options;
  options.file = file;
  options.mode = 'd';
  LoadedSite loaded = co_await LoadSite(env, std::move(options));
  facts.diagnostics = std::move(loaded.diagnostics);
  facts.exit_code = loaded.exit_code;
  if (loaded.site == nullptr) co_return 0;
  const Configuration& configuration = loaded.site->configuration();
  facts.loaded = true;
  facts.host_name = MacroText(configuration, 'j');
  facts.domain = MacroText(configuration, 'm');
  ReadClasses(configuration, facts);
  for (const Mailer& mailer : configuration.mailers) {
    if (IsNetworkMailer(mailer)) facts.network_mailers.insert(mailer.name);
  }
  EntryReader reader(env, facts);
  for (const MapDeclaration& declaration : configuration.maps) {
    co_await reader.Read(declaration);
    Map* const map = loaded.site->maps().Find(absl::AsciiStrToLower(declaration.name));
    std::string message;
    if (map != nullptr) (void)co_await map->Open(message);
    if (!message.empty()) facts.unopened.emplace_back(declaration.name, message);
  }
  co_return 0;
}

}  // namespace

std::vector<std::string> SiteFacts::Words(absl::string_view class_name) const {
  const auto found = classes.find(std::string(class_name));
  return found == classes.end() ? std::vector<std::string>() : found->second;
}

SiteFacts ReadFacts(SimulatedSite& site, const std::string& file) {
  SiteFacts facts;
  const auto result = site.RunTask(&Gather, file, std::ref(facts));
  if (!result.ok()) facts.loaded = false;
  return facts;
}

}  // namespace stagepost
