#include "mta/bin/self_report.h"

#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/version.h"
#include "mta/cf/map_class_table.h"
#include "mta/cf/option_table.h"
#include "mta/cf/own_names.h"
#include "mta/cf/support.h"
#include "mta/dns/host_lookup.h"

namespace stagepost {
namespace {

// A list of words is broken where a line would pass this column.
constexpr size_t kLineEnd = 70;
// A tab stands for so many.
constexpr size_t kTab = 8;

// Of sendmail's names for what can be built in: those that are.
constexpr absl::string_view kFeatures[] = {
    "DNSMAP",  "IPV6_FULL", "LOG",       "MAP_REGEX",  "MATCHGECOS", "MAXDAEMONS=64", "NAMED_BIND",
    "NETINET", "NETINET6",  "NEWDB=5.3", "PIPELINING", "SCANF",      "SOCKETMAP",
};

// "TITLE: word word", with further lines two tabs in.
std::string WordList(absl::string_view title, const std::vector<std::string>& words) {
  std::string text = absl::StrCat(title, ":");
  size_t column = text.size();
  for (const std::string& word : words) {
    if (column + 1 + word.size() > kLineEnd) {
      absl::StrAppend(&text, "\n\t\t", word);
      column = 2 * kTab + word.size();
    } else {
      absl::StrAppend(&text, " ", word);
      column += 1 + word.size();
    }
  }
  return absl::StrCat(text, "\n");
}

std::string Built() {
  std::vector<std::string> words;
  for (const absl::string_view feature : kFeatures) words.emplace_back(feature);
  for (const MapClassInfo& map_class : MapClasses()) {
    if (map_class.support == Support::kYes || map_class.support == Support::kPartly) {
      words.push_back(absl::StrCat("MAP=", map_class.name));
    }
  }
  return WordList(" Compiled with", words);
}

// What this host calls itself, its aliases first, then its addresses.
std::string OwnNames(const Configuration& initial) {
  const auto value = [&](char macro) {
    const Text* const text = initial.macros.Find(OneCharacterName(macro));
    return text == nullptr ? std::string()
                           : initial.macros.ExpandToString(*text, initial.names).value_or("");
  };
  const std::string canonical = value('j');
  std::string text =
      absl::StrCat("Canonical name: ", canonical, "\n UUCP nodename: ", value('k'), "\n");
  const std::vector<absl::string_view> names = initial.classes.Words(OneCharacterName('w'));
  for (const bool addresses : {false, true}) {
    for (const absl::string_view name : names) {
      if (absl::StartsWith(name, "[") != addresses || name == canonical) continue;
      absl::StrAppend(&text, "\ta.k.a.: ", name, "\n");
    }
  }
  return text;
}

}  // namespace

Task<std::string> ReportBeforeReading(Environment& env, const Settings& settings, int level) {
  std::string text = absl::StrCat("Version ", kVersion, "\n", Built());
  const absl::string_view pid_file = InfoOf(OptionId::kPidFile).default_value;
  if (level >= 10) {
    absl::StrAppend(&text,
                    WordList("    OS Defines",
                             {"HASFLOCK", "HASINITGROUPS", "HASURANDOMDEV", "REQUIRES_DIR_FSYNC"}),
                    "     Conf file:\t", kSubmissionFile, " (default for MSP)\n",
                    "     Conf file:\t", kConfigurationFile, " (default for MTA)\n",
                    "      Pid file:\t", pid_file, " (default)\n");
  }
  if (level >= 4) {
    HostLookup hosts(env, HostLookupOptions());
    const std::unique_ptr<Configuration> initial = co_await InitialConfiguration(env, hosts);
    absl::StrAppend(&text, OwnNames(*initial));
  }
  if (level >= 10) {
    absl::StrAppend(&text, "     Conf file:\t", settings.ConfigurationFile(), " (selected)\n",
                    "      Pid file:\t", pid_file, " (selected)\n");
  }
  co_return text;
}

std::string ReportAfterReading(const Configuration& configuration) {
  const auto value = [&](char macro) {
    const Text* const text = configuration.macros.Find(OneCharacterName(macro));
    return text == nullptr
               ? std::string()
               : configuration.macros.ExpandToString(*text, configuration.names).value_or("");
  };
  return absl::StrCat("\n============ SYSTEM IDENTITY (after readcf) ============\n",
                      "      (short domain name) $w = ", value('w'), "\n",
                      "  (canonical domain name) $j = ", value('j'), "\n",
                      "         (subdomain name) $m = ", value('m'), "\n",
                      "              (node name) $k = ", value('k'), "\n",
                      "========================================================\n\n");
}

}  // namespace stagepost
