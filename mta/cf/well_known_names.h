// Long names that the program itself speaks of, and their numbers, the same everywhere.
// Operations Guide, 5.2 (macros), 5.3 (classes).
#ifndef STAGEPOST_MTA_CF_WELL_KNOWN_NAMES_H_
#define STAGEPOST_MTA_CF_WELL_KNOWN_NAMES_H_

#include "mta/cf/names.h"

// NAME(constant, "name") for each of them; append only, the order gives the numbers.
#define STAGEPOST_WELL_KNOWN_NAMES(NAME)                \
  NAME(kAddrType, "addr_type")                          \
  NAME(kAlgBits, "alg_bits")                            \
  NAME(kAuthAuthen, "auth_authen")                      \
  NAME(kAuthAuthor, "auth_author")                      \
  NAME(kAuthSsf, "auth_ssf")                            \
  NAME(kAuthType, "auth_type")                          \
  NAME(kBodytype, "bodytype")                           \
  NAME(kCertAltnames, "cert_altnames")                  \
  NAME(kCertFp, "cert_fp")                              \
  NAME(kCertIssuer, "cert_issuer")                      \
  NAME(kCertMd, "cert_md5")                             \
  NAME(kCertSubject, "cert_subject")                    \
  NAME(kCipher, "cipher")                               \
  NAME(kCipherBits, "cipher_bits")                      \
  NAME(kClientAddr, "client_addr")                      \
  NAME(kClientConnections, "client_connections")        \
  NAME(kClientFlags, "client_flags")                    \
  NAME(kClientName, "client_name")                      \
  NAME(kClientPort, "client_port")                      \
  NAME(kClientPtr, "client_ptr")                        \
  NAME(kClientRate, "client_rate")                      \
  NAME(kClientResolve, "client_resolve")                \
  NAME(kCnIssuer, "cn_issuer")                          \
  NAME(kCnSubject, "cn_subject")                        \
  NAME(kCurrHeader, "currHeader")                       \
  NAME(kDaemonAddr, "daemon_addr")                      \
  NAME(kDaemonFamily, "daemon_family")                  \
  NAME(kDaemonFlags, "daemon_flags")                    \
  NAME(kDaemonInfo, "daemon_info")                      \
  NAME(kDaemonName, "daemon_name")                      \
  NAME(kDaemonPort, "daemon_port")                      \
  NAME(kDeliveryMode, "deliveryMode")                   \
  NAME(kDsnEnvid, "dsn_envid")                          \
  NAME(kDsnNotify, "dsn_notify")                        \
  NAME(kDsnRet, "dsn_ret")                              \
  NAME(kEnvid, "envid")                                 \
  NAME(kHdrlen, "hdrlen")                               \
  NAME(kHdrName, "hdr_name")                            \
  NAME(kIfAddr, "if_addr")                              \
  NAME(kIfFamily, "if_family")                          \
  NAME(kIfName, "if_name")                              \
  NAME(kIfAddrOut, "if_addr_out")                       \
  NAME(kIfFamilyOut, "if_family_out")                   \
  NAME(kIfNameOut, "if_name_out")                       \
  NAME(kLoadAvg, "load_avg")                            \
  NAME(kMailAddr, "mail_addr")                          \
  NAME(kMailHost, "mail_host")                          \
  NAME(kMailMailer, "mail_mailer")                      \
  NAME(kMailFrom, "mail_from")                          \
  NAME(kMsgId, "msg_id")                                \
  NAME(kMsgSize, "msg_size")                            \
  NAME(kNbadrcpts, "nbadrcpts")                         \
  NAME(kNrcpts, "nrcpts")                               \
  NAME(kNtries, "ntries")                               \
  NAME(kOpMode, "opMode")                               \
  NAME(kQuarantine, "quarantine")                       \
  NAME(kQueueInterval, "queue_interval")                \
  NAME(kRcptAddr, "rcpt_addr")                          \
  NAME(kRcptHost, "rcpt_host")                          \
  NAME(kRcptMailer, "rcpt_mailer")                      \
  NAME(kRcptFlags, "rcpt_flags")                        \
  NAME(kSendmailMtaCluster, "sendmailMTACluster")       \
  NAME(kServerAddr, "server_addr")                      \
  NAME(kServerName, "server_name")                      \
  NAME(kStsSni, "sts_sni")                              \
  NAME(kStsStatus, "sts_status")                        \
  NAME(kTime, "time")                                   \
  NAME(kTlsVersion, "tls_version")                      \
  NAME(kTotalRate, "total_rate")                        \
  NAME(kVerify, "verify")                               \
  NAME(kPersistentMacros, "persistentMacros")           \
  NAME(kCheckMimeTextHeaders, "checkMIMETextHeaders")   \
  NAME(kCheckMimeFieldHeaders, "checkMIMEFieldHeaders") \
  NAME(kCheckMimeHeaders, "checkMIMEHeaders")

namespace stagepost {

namespace well_known {
enum class Index : uint16_t {
#define STAGEPOST_NAME(constant, name) constant,
  STAGEPOST_WELL_KNOWN_NAMES(STAGEPOST_NAME)
#undef STAGEPOST_NAME
};

// well_known::kClientAddr and so on.
#define STAGEPOST_NAME(constant, name) \
  inline constexpr NameId constant{kFirstLongName + static_cast<uint16_t>(Index::constant)};
STAGEPOST_WELL_KNOWN_NAMES(STAGEPOST_NAME)
#undef STAGEPOST_NAME
}  // namespace well_known

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_WELL_KNOWN_NAMES_H_
