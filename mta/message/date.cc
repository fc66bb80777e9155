#include "mta/message/date.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace stagepost {
namespace {

// "Fri Nov 20 10:00:00 2026"
constexpr size_t kCtimeLength = 24;

}  // namespace

std::string FormatDate(absl::Time time, absl::TimeZone zone) {
  const absl::TimeZone::CivilInfo civil = zone.At(time);
  const absl::string_view name = civil.zone_abbr;
  std::string result = absl::StrCat(absl::FormatTime("%a, ", time, zone), civil.cs.day(),
                                    absl::FormatTime(" %b %Y %H:%M:%S ", time, zone));
  if (civil.offset == 0 && (name == "UTC" || name == "GMT")) return result + "GMT";
  absl::StrAppend(&result, absl::FormatTime("%z", time, zone));
  // Zones without letters of their own ("-03") say nothing that the offset does not.
  if (!name.empty() && name[0] != '+' && name[0] != '-') absl::StrAppend(&result, " (", name, ")");
  return result;
}

std::string FormatCtime(absl::Time time, absl::TimeZone zone) {
  return absl::FormatTime("%a %b %e %H:%M:%S %Y", time, zone);
}

std::string FormatMessageIdTime(absl::Time time) {
  return absl::FormatTime("%Y%m%d%H%M", time, absl::UTCTimeZone());
}

std::optional<absl::Time> ParseFromLineDate(absl::string_view line, absl::TimeZone zone) {
  if (line.size() < kCtimeLength) return std::nullopt;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%a %b %e %H:%M:%S %Y", line.substr(line.size() - kCtimeLength), zone, &time,
                       &error)) {
    return std::nullopt;
  }
  return time;
}

}  // namespace stagepost
