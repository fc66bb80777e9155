#include "mta/message/date.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"

namespace stagepost {
namespace {

// "Fri Nov 20 10:00:00 2026"
constexpr size_t kCtimeLength = 24;

// absl::FormatTime would do, but asks for the parts of the time again for each piece of a format.
absl::string_view WeekdayOf(absl::CivilSecond time) {
  constexpr absl::string_view kNames[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  return kNames[static_cast<size_t>(absl::GetWeekday(time))];
}

absl::string_view MonthOf(absl::CivilSecond time) {
  constexpr absl::string_view kNames[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return kNames[time.month() - 1];
}

absl::Dec TwoDigits(int number) { return absl::Dec(number, absl::kZeroPad2); }

// "10:00:00"
void AppendClock(absl::CivilSecond time, std::string& to) {
  absl::StrAppend(&to, TwoDigits(time.hour()), ":", TwoDigits(time.minute()), ":",
                  TwoDigits(time.second()));
}

// " +0100"
void AppendOffset(int seconds, std::string& to) {
  const int minutes = std::abs(seconds) / 60;
  absl::StrAppend(&to, seconds < 0 ? " -" : " +", TwoDigits(minutes / 60), TwoDigits(minutes % 60));
}

}  // namespace

std::string FormatDate(absl::Time time, absl::TimeZone zone) {
  const absl::TimeZone::CivilInfo civil = zone.At(time);
  const absl::string_view name = civil.zone_abbr;
  std::string result = absl::StrCat(WeekdayOf(civil.cs), ", ", civil.cs.day(), " ",
                                    MonthOf(civil.cs), " ", civil.cs.year(), " ");
  AppendClock(civil.cs, result);
  if (civil.offset == 0 && (name == "UTC" || name == "GMT")) {
    result += " GMT";
    return result;
  }
  AppendOffset(civil.offset, result);
  // Zones without letters of their own ("-03") say nothing that the offset does not.
  if (!name.empty() && name[0] != '+' && name[0] != '-') absl::StrAppend(&result, " (", name, ")");
  return result;
}

std::string FormatCtime(absl::Time time, absl::TimeZone zone) {
  const absl::CivilSecond civil = absl::ToCivilSecond(time, zone);
  std::string result = absl::StrCat(WeekdayOf(civil), " ", MonthOf(civil), " ",
                                    absl::Dec(civil.day(), absl::kSpacePad2), " ");
  AppendClock(civil, result);
  absl::StrAppend(&result, " ", civil.year());
  return result;
}

std::string FormatMessageIdTime(absl::Time time) {
  const absl::CivilSecond civil = absl::ToCivilSecond(time, absl::UTCTimeZone());
  return absl::StrCat(civil.year(), TwoDigits(civil.month()), TwoDigits(civil.day()),
                      TwoDigits(civil.hour()), TwoDigits(civil.minute()));
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
