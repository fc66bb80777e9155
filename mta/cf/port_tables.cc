#include "mta/cf/port_tables.h"

namespace stagepost {
namespace {

constexpr TableRow kPortKeyRows[] = {
    {"Name", "what it is called; its first letter is the key, as of all", "8.10", Support::kYes},
    {"Addr", "address, host or path", "8.8", Support::kPartly, "numeric addresses"},
    {"Port", "number or service", "8.8", Support::kYes},
    {"Family", "inet, inet6, local", "8.8", Support::kPartly,
     "inet and inet6; other families of sendmail's are refused"},
    {"Listen", "connections that may wait", "8.8", Support::kNo},
    {"SndBufSize", "bytes the system buffers for sending", "8.8", Support::kNo},
    {"RcvBufSize", "bytes the system buffers for receiving", "8.8", Support::kNo},
    {"Modifier", "letters, below", "8.10", Support::kNo},
    {"children", "MaxDaemonChildren of this port", "8.14", Support::kNo},
    {"DeliveryMode", "that of this port", "8.14", Support::kNo},
    {"delayLA", "that of this port", "8.14", Support::kNo},
    {"queueLA", "that of this port", "8.14", Support::kNo},
    {"refuseLA", "that of this port", "8.14", Support::kNo},
    {"InputMailFilters", "milters of this port, semicolons between", "8.14", Support::kNo},
};

constexpr TableRow kPortModifierRows[] = {
    {"a", "AUTH is required", "8.10", Support::kNo},
    {"A", "no AUTH", "8.10", Support::kNo},
    {"b", "mail goes out by the interface it came in by", "8.10", Support::kNo},
    {"c", "canonify host names", "8.10", Support::kNo},
    {"C", "do not canonify host names", "8.10", Support::kNo},
    {"D", "client: no DANE", "8.16", Support::kNo},
    {"E", "no ETRN", "8.10", Support::kNo},
    {"f", "the sender needs a domain", "8.10", Support::kNo},
    {"h", "client: HELO with the name of the interface", "8.10", Support::kNo},
    {"M", "client: no MTA-STS", "8.17", Support::kNo},
    {"O", "a port that cannot be opened does not matter", "8.12", Support::kNo},
    {"r", "recipients need a domain", "8.10", Support::kNo},
    {"s", "TLS from the first byte", "8.13", Support::kNo},
    {"S", "no STARTTLS", "8.12", Support::kNo},
    {"u", "addresses need no domain", "8.10", Support::kNo},
    {"V", "client: no ENVID", "8.17", Support::kNo},
};

constexpr TableRow kDeliveryModeRows[] = {
    {"b, background", "at once, while the client is answered", "8.1", Support::kYes},
    {"i, interactive", "at once, before the client is answered", "8.1", Support::kNo},
    {"q, queue", "by the next queue run", "8.1", Support::kNo},
    {"d, defer", "by the next queue run, and no look-ups before", "8.7", Support::kNo},
};

}  // namespace

absl::Span<const TableRow> PortKeyRows() { return kPortKeyRows; }

absl::Span<const TableRow> PortModifierRows() { return kPortModifierRows; }

absl::Span<const TableRow> DeliveryModeRows() { return kDeliveryModeRows; }

}  // namespace stagepost
