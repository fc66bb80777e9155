// What tests of maps on a simulated host share: the maps of one process, and their files.
#ifndef STAGEPOST_SIM_TESTING_MAPS_TEST_UTIL_H_
#define STAGEPOST_SIM_TESTING_MAPS_TEST_UTIL_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/cf/configuration.h"
#include "mta/dns/host_lookup.h"
#include "mta/env/databases.h"
#include "mta/env/environment.h"
#include "mta/maps/map_context.h"
#include "mta/maps/map_table.h"

namespace stagepost {

using Said = std::vector<std::string>;

// The maps of one process. K lines are written without their K.
class Maps {
 public:
  explicit Maps(Environment& env)
      : hosts_(env, HostLookupOptions()), context_{env, configuration, nullptr, hosts_} {}

  // The diagnostics, one on a line.
  std::string Declare(absl::string_view line) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 2));
    MapDeclaration declaration;
    declaration.name = words[0];
    declaration.map_class = words[1];
    if (words.size() > 2) declaration.arguments = words[2];
    Diagnostics diagnostics;
    table_.Declare(declaration, diagnostics);
    std::string text;
    for (const Diagnostic& each : diagnostics) absl::StrAppend(&text, each.text, "\n");
    return text;
  }

  // "value", "value (69)" with another status than 0, "(68)" without a value; messages in front.
  Task<std::string> Look(absl::string_view name, absl::string_view key,
                         std::vector<absl::string_view> arguments = {}) {
    Map* const map = table_.Find(name);
    CHECK(map != nullptr);
    const MapAnswer answer = co_await map->Lookup(key, arguments);
    std::string text = answer.message.empty() ? "" : absl::StrCat(answer.message, "\n");
    absl::StrAppend(&text, answer.value.value_or(""));
    if (!answer.value.has_value() || answer.status != 0)
      absl::StrAppend(&text, "(", answer.status, ")");
    co_return text;
  }

  Configuration configuration;
  MapContext& context() { return context_; }

 private:
  HostLookup hosts_;
  MapContext context_;
  MapTable table_{context_};
};

inline Task<int> WriteTextFile(Environment& env, std::string path, std::string text) {
  auto file = co_await env.files().Open(
      path, {.write = true, .create = true, .truncate = true, .mode = 0644});
  CHECK(file.ok());
  CHECK((co_await (*file)->Write(0, text)).ok());
  co_return 0;
}

struct Pair {
  std::string key, value;
};

// Builds the database beside its place, then puts it there.
inline Task<int> BuildDatabase(Environment& env, std::string path, DatabaseType type,
                               std::vector<Pair> pairs) {
  const std::string built = absl::StrCat(path, ".new");
  auto file = co_await env.files().Open(
      built, {.read = true, .write = true, .create = true, .truncate = true, .mode = 0644});
  CHECK(file.ok());
  auto builder = env.databases().Build(**file, {.type = type});
  CHECK(builder.ok());
  for (const Pair& pair : pairs) CHECK((*builder)->Put(pair.key, pair.value, PutMode::kKeep).ok());
  CHECK((co_await (*builder)->Finish()).ok());
  CHECK((co_await env.files().Rename(built, path)).ok());
  co_return 0;
}

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TESTING_MAPS_TEST_UTIL_H_
