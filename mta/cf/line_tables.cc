#include "mta/cf/line_tables.h"

namespace stagepost {
namespace {

constexpr TableRow kLineKindRows[] = {
    {"V", "level of the configuration, and its vendor", "8.1", Support::kYes},
    {"D", "defines a macro", "8.1", Support::kYes},
    {"C", "adds words to a class", "8.1", Support::kYes},
    {"F", "adds words from a file, a program or a map to a class", "8.1", Support::kYes},
    {"T", "adds users to class t", "8.1", Support::kYes},
    {"S", "begins a ruleset", "8.1", Support::kYes},
    {"R", "a rule: left side, tab, right side, tab, comment", "8.1", Support::kYes},
    {"M", "defines a mailer", "8.1", Support::kPartly, "see the mailers"},
    {"H", "a field of the header, or what checks it", "8.1", Support::kYes},
    {"O", "sets an option", "8.1", Support::kPartly, "see the options"},
    {"P", "number of a Precedence: word", "8.1", Support::kYes},
    {"K", "declares a map", "8.1", Support::kYes},
    {"E", "environment variable for programs that are started", "8.7", Support::kYes},
    {"Q", "defines a queue group", "8.12", Support::kYes},
    {"X", "declares a milter", "8.11", Support::kNo},
    {"L", "load averages (Sun's)", "8.9", Support::kRefused,
     "\"unknown configuration line\", as in builds without it"},
    {"A", "dynamic class (Sun's)", "8.14", Support::kRefused,
     "\"unknown configuration line\", as in builds without it"},
    {"G", "generics table (Sun's)", "8.9", Support::kRefused,
     "\"unknown configuration line\", as in builds without it"},
};

constexpr TableRow kQueueGroupKeyRows[] = {
    {"Path", "directories, below QueueDirectory", "8.12", Support::kYes},
    {"Flags", "f: several runners at a time", "8.12", Support::kYes},
    {"Runners", "how many; 0: the group is never run", "8.12", Support::kYes},
    {"Interval", "time between queue runs", "8.12", Support::kYes},
    {"Jobs", "messages in one run", "8.12", Support::kYes},
    {"recipients", "larger envelopes are divided", "8.12", Support::kYes},
    {"Nice", "niceness of runners", "8.12", Support::kNo},
};

constexpr TableRow kMilterKeyRows[] = {
    {"S=", "socket: local:PATH, inet:PORT@HOST, inet6:PORT@HOST", "8.11", Support::kNo},
    {"F=", "R, T or 4: refuse, or refuse for now, when the milter is gone", "8.11", Support::kNo},
    {"T=", "timeouts C, S, R and E", "8.11", Support::kNo},
};

}  // namespace

absl::Span<const TableRow> LineKindRows() { return kLineKindRows; }

absl::Span<const TableRow> QueueGroupKeyRows() { return kQueueGroupKeyRows; }

absl::Span<const TableRow> MilterKeyRows() { return kMilterKeyRows; }

}  // namespace stagepost
