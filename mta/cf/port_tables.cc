#include "mta/cf/port_tables.h"

namespace stagepost {
namespace {

constexpr TableRow kPortKeyRows[] = {
    {"Name", "what it is called; its first letter is the key, as of all", "8.10", Support::kYes},
    {"Addr", "address, host or path", "8.8", Support::kPartly, "no path"},
    {"Port", "number or service", "8.8", Support::kYes},
    {"Family", "inet, inet6, local", "8.8", Support::kPartly,
     "inet and inet6; other families of sendmail's are refused"},
    {"Listen", "connections that may wait", "8.8", Support::kYes},
    {"SndBufSize", "bytes the system buffers for sending", "8.8", Support::kNo},
    {"RcvBufSize", "bytes the system buffers for receiving", "8.8", Support::kNo},
    {"Modifier", "letters, below", "8.10", Support::kYes},
    {"children", "MaxDaemonChildren of this port", "8.14", Support::kYes},
    {"DeliveryMode", "that of this port", "8.14", Support::kYes},
    {"delayLA", "that of this port", "8.14", Support::kYes},
    {"queueLA", "that of this port", "8.14", Support::kYes},
    {"refuseLA", "that of this port", "8.14", Support::kYes},
    {"InputMailFilters", "milters of this port, semicolons between", "8.14", Support::kNo},
};

constexpr TableRow kPortModifierRows[] = {
    {"a", "AUTH is required", "8.10", Support::kYes},
    {"A", "no AUTH", "8.10", Support::kNo},
    {"b", "mail goes out by the interface it came in by", "8.10", Support::kNo},
    {"c", "canonify host names", "8.10", Support::kYes},
    {"C", "do not canonify host names", "8.10", Support::kYes},
    {"D", "client: no DANE", "8.16", Support::kNo},
    {"E", "no ETRN", "8.10", Support::kYes},
    {"f", "the sender needs a domain", "8.10", Support::kYes},
    {"h", "client: HELO with the name of the interface", "8.10", Support::kNo},
    {"M", "client: no MTA-STS", "8.17", Support::kNo},
    {"O", "a port that cannot be opened does not matter", "8.12", Support::kYes},
    {"r", "recipients need a domain", "8.10", Support::kYes},
    {"s", "TLS from the first byte", "8.13", Support::kNo},
    {"S", "no STARTTLS", "8.12", Support::kNo},
    {"u", "addresses need no domain", "8.10", Support::kYes},
    {"V", "client: no ENVID", "8.17", Support::kNo},
};

constexpr TableRow kDeliveryModeRows[] = {
    {"b, background", "at once, while the client is answered", "8.1", Support::kYes},
    {"i, interactive", "at once, before the client is answered", "8.1", Support::kYes},
    {"q, queue", "by the next queue run", "8.1", Support::kYes},
    {"d, defer", "by the next queue run, and no look-ups before", "8.7", Support::kYes},
};

}  // namespace

absl::Span<const TableRow> PortKeyRows() { return kPortKeyRows; }

absl::Span<const TableRow> PortModifierRows() { return kPortModifierRows; }

absl::Span<const TableRow> DeliveryModeRows() { return kDeliveryModeRows; }

}  // namespace stagepost
