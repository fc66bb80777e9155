// The errors of POSIX calls, as values that are the same in the simulator and on Linux.
//
// Calls of the seam that stand for a system call fail with an absl::Status that carries an Errno:
//
//   absl::Status s = ErrnoStatus(Errno::kEACCES, "open /var/spool/mqueue");
//   ErrnoOf(s) == Errno::kEACCES;   ErrnoText(ErrnoOf(s)) == "Permission denied"
//
// The numbers are Linux's; the texts are those a person knows from perror(3), since sendmail's
// diagnostics end in them. The canonical absl code is chosen for programs that do not care.
#ifndef STAGEPOST_MTA_BASE_ERRNO_H_
#define STAGEPOST_MTA_BASE_ERRNO_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace stagepost {

enum class Errno : int {
  kOk = 0,
  kEPERM = 1,
  kENOENT = 2,
  kESRCH = 3,
  kEINTR = 4,
  kEIO = 5,
  kENXIO = 6,
  kE2BIG = 7,
  kENOEXEC = 8,
  kEBADF = 9,
  kECHILD = 10,
  kEAGAIN = 11,
  kENOMEM = 12,
  kEACCES = 13,
  kEFAULT = 14,
  kEBUSY = 16,
  kEEXIST = 17,
  kEXDEV = 18,
  kENODEV = 19,
  kENOTDIR = 20,
  kEISDIR = 21,
  kEINVAL = 22,
  kENFILE = 23,
  kEMFILE = 24,
  kETXTBSY = 26,
  kEFBIG = 27,
  kENOSPC = 28,
  kESPIPE = 29,
  kEROFS = 30,
  kEMLINK = 31,
  kEPIPE = 32,
  kERANGE = 34,
  kEDEADLK = 35,
  kENAMETOOLONG = 36,
  kENOLCK = 37,
  kENOTEMPTY = 39,
  kELOOP = 40,
  kEPROTO = 71,
  kEOVERFLOW = 75,
  kEOPNOTSUPP = 95,
  kEADDRINUSE = 98,
  kEADDRNOTAVAIL = 99,
  kENETDOWN = 100,
  kENETUNREACH = 101,
  kECONNABORTED = 103,
  kECONNRESET = 104,
  kENOBUFS = 105,
  kENOTCONN = 107,
  kETIMEDOUT = 110,
  kECONNREFUSED = 111,
  kEHOSTDOWN = 112,
  kEHOSTUNREACH = 113,
  kESTALE = 116,
  kEDQUOT = 122,
};

// "Permission denied"; "Unknown error" for a number not listed above.
absl::string_view ErrnoText(Errno e);

// "EACCES"; "E?" for a number not listed above.
absl::string_view ErrnoName(Errno e);

// An error Status whose message is "<what>: <text>". REQUIRES: e is not kOk.
absl::Status ErrnoStatus(Errno e, absl::string_view what);

// The Errno that `status` carries; kOk if it is ok or carries none.
Errno ErrnoOf(const absl::Status& status);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BASE_ERRNO_H_
