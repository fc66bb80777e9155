// DaemonPortOptions and ClientPortOptions: where the daemon listens, from where it calls out.
// Operations Guide, 5.6.
#ifndef STAGEPOST_MTA_CF_PORT_OPTIONS_H_
#define STAGEPOST_MTA_CF_PORT_OPTIONS_H_

#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/cf/diagnostic.h"

namespace stagepost {

// In one configuration; as many as Debian's sendmail allows.
inline constexpr size_t kMaxDaemonPorts = 64;

struct PortOptions {
  SourceLine where;
  std::string name;              // "MTA"; a daemon without one: Daemon0, Daemon1, …
  std::string family = "inet";   // inet, inet6, local
  std::optional<uint16_t> port;  // absent: smtp for a daemon, any for a client
  std::string address;           // numeric, a host name, or (local) a path; empty: all
  std::optional<int> backlog;    // Listen
  std::optional<int> send_buffer_bytes;
  std::optional<int> receive_buffer_bytes;
  std::optional<int> max_children;
  std::optional<int> delay_load;   // delayLA
  std::optional<int> queue_load;   // queueLA
  std::optional<int> refuse_load;  // refuseLA
  char delivery_mode = '\0';       // i, b, q or d; '\0': that of the option DeliveryMode
  std::vector<std::string> input_mail_filters;  // names
  bool has_input_mail_filters = false;          // an empty list means: none on this port
  std::bitset<256> modifiers;                   // by letter
  std::string modifier_letters;                 // as written, for ${daemon_flags}

  // Whether `address` is one, and no name or path; false without one.
  bool has_numeric_address() const;
  bool Has(char modifier) const { return modifiers[static_cast<unsigned char>(modifier)]; }
};

// Reads one value. `index` counts the daemon ports before it. Errors in sendmail's words.
PortOptions ParseDaemonPort(absl::string_view value, size_t index, const SourceLine& where,
                            Diagnostics& diagnostics);
PortOptions ParseClientPort(absl::string_view value, const SourceLine& where,
                            Diagnostics& diagnostics);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_PORT_OPTIONS_H_
