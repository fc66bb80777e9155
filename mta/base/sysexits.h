// How programs end, and what look-ups and deliveries say of themselves: the codes of sysexits.h.
// They are part of what sendmail's programs tell each other, so their numbers are fixed.
#ifndef STAGEPOST_MTA_BASE_SYSEXITS_H_
#define STAGEPOST_MTA_BASE_SYSEXITS_H_

namespace stagepost {

inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 64;      // the command line is wrong
inline constexpr int kExitDataError = 65;  // the input is wrong
inline constexpr int kExitNoInput = 66;    // an input file is not there, or cannot be read
inline constexpr int kExitNoUser = 67;
inline constexpr int kExitNoHost = 68;
inline constexpr int kExitUnavailable = 69;
inline constexpr int kExitSoftware = 70;  // an error in the program itself
inline constexpr int kExitOsError = 71;   // the system has failed
inline constexpr int kExitOsFile = 72;    // a file of the system is missing or wrong
inline constexpr int kExitCannotCreate = 73;
inline constexpr int kExitIoError = 74;
inline constexpr int kExitTemporaryFailure = 75;  // to be tried again
inline constexpr int kExitProtocol = 76;
inline constexpr int kExitNoPermission = 77;
inline constexpr int kExitConfiguration = 78;

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BASE_SYSEXITS_H_
