// What a server offers to one client: the configuration, the daemon port and the ruleset
// srv_features together. Operations Guide, 5.1.4.16 (srv_features), 5.6 (PrivacyOptions,
// DaemonPortOptions, DeliverByMin).
#ifndef STAGEPOST_MTA_SMTP_SESSION_FEATURES_H_
#define STAGEPOST_MTA_SMTP_SESSION_FEATURES_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "mta/cf/options.h"
#include "mta/cf/port_options.h"
#include "mta/smtp/data_decoder.h"

namespace stagepost {

struct SessionFeatures {
  bool pipelining = true;
  bool expn = true;
  bool verb = true;
  bool dsn = true;
  bool etrn = true;
  bool auth_required = false;
  bool temporary_failure = false;  // everything is answered 450
  // Who speaks before the reply to HELO, EHLO or DATA is refused.
  bool guards_replies = true;
  DataRules lines;
};

SessionFeatures DefaultFeatures(const Options& options, const PortOptions& port);

// Applies the answer of srv_features: letters, upper case turns off. "temp" alone makes the server
// refuse for now.
void ApplyFeatureLetters(absl::Span<const std::string> words, SessionFeatures& features);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_SESSION_FEATURES_H_
