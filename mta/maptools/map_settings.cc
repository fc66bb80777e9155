#include "mta/maptools/map_settings.h"

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr size_t kMaxBytes = 16 << 20;

// The value of `O NAME = value`, the blank after the O being exactly one.
std::optional<std::string> OptionValue(absl::string_view line, absl::string_view name) {
  if (!absl::ConsumePrefix(&line, "O ")) return std::nullopt;
  if (!absl::StartsWithIgnoreCase(line, name)) return std::nullopt;
  line = absl::StripLeadingAsciiWhitespace(line.substr(name.size()));
  if (!absl::ConsumePrefix(&line, "=")) return std::nullopt;
  return std::string(absl::StripLeadingAsciiWhitespace(line));
}

absl::string_view LastComponent(absl::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  return absl::StripSuffix(path, ".db");
}

void ParseLine(absl::string_view line, MapSettings& settings) {
  if (absl::ConsumePrefix(&line, "K")) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() >= 2) settings.maps.push_back({words[1], words.back()});
  } else if (auto user = OptionValue(line, "TrustedUser"); user.has_value()) {
    settings.trusted_users.push_back(*std::move(user));
  } else if (auto files = OptionValue(line, "AliasFile"); files.has_value()) {
    settings.alias_files.push_back(*std::move(files));
  } else if (absl::ConsumePrefix(&line, "OA")) {
    settings.alias_files.emplace_back(line);
  }
}

}  // namespace

MapSettings ParseMapSettings(absl::string_view text) {
  MapSettings settings;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) ParseLine(line, settings);
  return settings;
}

Task<absl::StatusOr<MapSettings>> ReadMapSettings(Environment& env, std::string path) {
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<File> file,
                      co_await env.files().Open(path, {.read = true}));
  std::string text;
  std::string block(64 * 1024, '\0');
  while (text.size() < kMaxBytes) {
    CO_ASSIGN_OR_RETURN(const size_t read, co_await file->Read(text.size(), absl::MakeSpan(block)));
    if (read == 0) break;
    text.append(block, 0, read);
  }
  co_return ParseMapSettings(text);
}

std::optional<UserId> FindTrustedUser(Environment& env, const MapSettings& settings,
                                      std::string& complaints) {
  std::optional<UserId> trusted;
  for (const std::string& name : settings.trusted_users) {
    if (!name.empty() && absl::ascii_isdigit(static_cast<unsigned char>(name[0]))) {
      uint32_t number = 0;
      if (absl::SimpleAtoi(name.substr(0, name.find_first_not_of("0123456789")), &number)) {
        trusted = UserId{number};
      }
      continue;
    }
    const absl::StatusOr<User> user = env.accounts().FindUser(name);
    if (user.ok()) {
      trusted = user->id;
    } else {
      trusted.reset();
      absl::StrAppend(&complaints, "TrustedUser: unknown user ", name, "\n");
    }
  }
  return trusted;
}

std::optional<std::string> FindMapType(const MapSettings& settings, absl::string_view name,
                                       bool by_name) {
  for (const MapSettings::Map& map : settings.maps) {
    const bool same = by_name ? LastComponent(map.path) == LastComponent(name) : map.path == name;
    if (same) return map.type;
  }
  return std::nullopt;
}

AliasFile ParseAliasFile(absl::string_view specification) {
  AliasFile file;
  absl::string_view rest = absl::StripLeadingAsciiWhitespace(specification);
  file.specification = std::string(rest);
  if (const size_t colon = rest.find(':'); colon != absl::string_view::npos) {
    file.type = std::string(rest.substr(0, colon));
    rest = absl::StripLeadingAsciiWhitespace(rest.substr(colon + 1));
  }
  while (absl::StartsWith(rest, "-")) {
    while (!rest.empty() && !absl::ascii_isspace(static_cast<unsigned char>(rest[0]))) {
      rest.remove_prefix(1);
    }
    rest = absl::StripLeadingAsciiWhitespace(rest);
  }
  file.path = std::string(rest);
  return file;
}

std::vector<AliasFile> ParseAliasFiles(absl::string_view value) {
  std::vector<AliasFile> files;
  while (!value.empty()) {
    const size_t comma = value.find(',');
    if (comma == absl::string_view::npos) {
      files.push_back(ParseAliasFile(value));
      break;
    }
    files.push_back(ParseAliasFile(absl::StripTrailingAsciiWhitespace(value.substr(0, comma))));
    value.remove_prefix(comma + 1);
  }
  return files;
}

}  // namespace stagepost
