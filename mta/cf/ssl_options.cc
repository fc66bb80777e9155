#include "mta/cf/ssl_options.h"

#include "absl/strings/match.h"

namespace stagepost {
namespace {

constexpr absl::string_view kPrefix = "SSL_OP_";

// Behind the prefix; those of OpenSSL 3 that sendmail 8.17 knows.
constexpr absl::string_view kNames[] = {
    "ALL",
    "ALLOW_NO_DHE_KEX",
    "ALLOW_UNSAFE_LEGACY_RENEGOTIATION",
    "CIPHER_SERVER_PREFERENCE",
    "CISCO_ANYCONNECT",
    "COOKIE_EXCHANGE",
    "CRYPTOPRO_TLSEXT_BUG",
    "DONT_INSERT_EMPTY_FRAGMENTS",
    "ENABLE_MIDDLEBOX_COMPAT",
    "EPHEMERAL_RSA",
    "LEGACY_SERVER_CONNECT",
    "MICROSOFT_BIG_SSLV3_BUFFER",
    "MICROSOFT_SESS_ID_BUG",
    "MSIE_SSLV2_RSA_PADDING",
    "NETSCAPE_CA_DN_BUG",
    "NETSCAPE_CHALLENGE_BUG",
    "NETSCAPE_DEMO_CIPHER_CHANGE_BUG",
    "NETSCAPE_REUSE_CIPHER_CHANGE_BUG",
    "NO_ANTI_REPLAY",
    "NO_COMPRESSION",
    "NO_ENCRYPT_THEN_MAC",
    "NO_QUERY_MTU",
    "NO_RENEGOTIATION",
    "NO_SESSION_RESUMPTION_ON_RENEGOTIATION",
    "NO_SSLv2",
    "NO_SSLv3",
    "NO_TICKET",
    "NO_TLSv1",
    "NO_TLSv1_1",
    "NO_TLSv1_2",
    "NO_TLSv1_3",
    "PKCS1_CHECK_1",
    "PKCS1_CHECK_2",
    "PRIORITIZE_CHACHA",
    "SINGLE_DH_USE",
    "SINGLE_ECDH_USE",
    "SSLEAY_080_CLIENT_DH_BUG",
    "SSLREF2_REUSE_CERT_TYPE_BUG",
    "TLSEXT_PADDING",
    "TLS_BLOCK_PADDING_BUG",
    "TLS_D5_BUG",
    "TLS_ROLLBACK_BUG",
};

}  // namespace

bool IsSslOption(absl::string_view name) {
  if (!absl::StartsWithIgnoreCase(name, kPrefix)) return false;
  name.remove_prefix(kPrefix.size());
  for (const absl::string_view known : kNames) {
    if (absl::EqualsIgnoreCase(known, name)) return true;
  }
  return false;
}

}  // namespace stagepost
