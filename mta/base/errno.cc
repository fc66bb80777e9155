#include "mta/base/errno.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "mta/base/check.h"

namespace stagepost {
namespace {

constexpr absl::string_view kPayloadUrl = "stagepost/errno";

struct Row {
  Errno number;
  absl::string_view name;
  absl::string_view text;
  absl::StatusCode code;
};

using absl::StatusCode;

constexpr Row kRows[] = {
    {Errno::kEPERM, "EPERM", "Operation not permitted", StatusCode::kPermissionDenied},
    {Errno::kENOENT, "ENOENT", "No such file or directory", StatusCode::kNotFound},
    {Errno::kESRCH, "ESRCH", "No such process", StatusCode::kNotFound},
    {Errno::kEINTR, "EINTR", "Interrupted system call", StatusCode::kUnavailable},
    {Errno::kEIO, "EIO", "Input/output error", StatusCode::kDataLoss},
    {Errno::kENXIO, "ENXIO", "No such device or address", StatusCode::kNotFound},
    {Errno::kE2BIG, "E2BIG", "Argument list too long", StatusCode::kInvalidArgument},
    {Errno::kENOEXEC, "ENOEXEC", "Exec format error", StatusCode::kInvalidArgument},
    {Errno::kEBADF, "EBADF", "Bad file descriptor", StatusCode::kFailedPrecondition},
    {Errno::kECHILD, "ECHILD", "No child processes", StatusCode::kNotFound},
    {Errno::kEAGAIN, "EAGAIN", "Resource temporarily unavailable", StatusCode::kUnavailable},
    {Errno::kENOMEM, "ENOMEM", "Cannot allocate memory", StatusCode::kResourceExhausted},
    {Errno::kEACCES, "EACCES", "Permission denied", StatusCode::kPermissionDenied},
    {Errno::kEFAULT, "EFAULT", "Bad address", StatusCode::kInvalidArgument},
    {Errno::kEBUSY, "EBUSY", "Device or resource busy", StatusCode::kUnavailable},
    {Errno::kEEXIST, "EEXIST", "File exists", StatusCode::kAlreadyExists},
    {Errno::kEXDEV, "EXDEV", "Invalid cross-device link", StatusCode::kInvalidArgument},
    {Errno::kENODEV, "ENODEV", "No such device", StatusCode::kNotFound},
    {Errno::kENOTDIR, "ENOTDIR", "Not a directory", StatusCode::kFailedPrecondition},
    {Errno::kEISDIR, "EISDIR", "Is a directory", StatusCode::kFailedPrecondition},
    {Errno::kEINVAL, "EINVAL", "Invalid argument", StatusCode::kInvalidArgument},
    {Errno::kENFILE, "ENFILE", "Too many open files in system", StatusCode::kResourceExhausted},
    {Errno::kEMFILE, "EMFILE", "Too many open files", StatusCode::kResourceExhausted},
    {Errno::kETXTBSY, "ETXTBSY", "Text file busy", StatusCode::kUnavailable},
    {Errno::kEFBIG, "EFBIG", "File too large", StatusCode::kOutOfRange},
    {Errno::kENOSPC, "ENOSPC", "No space left on device", StatusCode::kResourceExhausted},
    {Errno::kESPIPE, "ESPIPE", "Illegal seek", StatusCode::kInvalidArgument},
    {Errno::kEROFS, "EROFS", "Read-only file system", StatusCode::kFailedPrecondition},
    {Errno::kEMLINK, "EMLINK", "Too many links", StatusCode::kResourceExhausted},
    {Errno::kEPIPE, "EPIPE", "Broken pipe", StatusCode::kUnavailable},
    {Errno::kERANGE, "ERANGE", "Numerical result out of range", StatusCode::kOutOfRange},
    {Errno::kEDEADLK, "EDEADLK", "Resource deadlock avoided", StatusCode::kAborted},
    {Errno::kENAMETOOLONG, "ENAMETOOLONG", "File name too long", StatusCode::kInvalidArgument},
    {Errno::kENOLCK, "ENOLCK", "No locks available", StatusCode::kResourceExhausted},
    {Errno::kENOTEMPTY, "ENOTEMPTY", "Directory not empty", StatusCode::kFailedPrecondition},
    {Errno::kELOOP, "ELOOP", "Too many levels of symbolic links", StatusCode::kInvalidArgument},
    {Errno::kEPROTO, "EPROTO", "Protocol error", StatusCode::kInternal},
    {Errno::kEOVERFLOW, "EOVERFLOW", "Value too large for defined data type",
     StatusCode::kOutOfRange},
    {Errno::kEOPNOTSUPP, "EOPNOTSUPP", "Operation not supported", StatusCode::kUnimplemented},
    {Errno::kEADDRINUSE, "EADDRINUSE", "Address already in use", StatusCode::kUnavailable},
    {Errno::kEADDRNOTAVAIL, "EADDRNOTAVAIL", "Cannot assign requested address",
     StatusCode::kInvalidArgument},
    {Errno::kENETDOWN, "ENETDOWN", "Network is down", StatusCode::kUnavailable},
    {Errno::kENETUNREACH, "ENETUNREACH", "Network is unreachable", StatusCode::kUnavailable},
    {Errno::kECONNABORTED, "ECONNABORTED", "Software caused connection abort",
     StatusCode::kUnavailable},
    {Errno::kECONNRESET, "ECONNRESET", "Connection reset by peer", StatusCode::kUnavailable},
    {Errno::kENOBUFS, "ENOBUFS", "No buffer space available", StatusCode::kResourceExhausted},
    {Errno::kENOTCONN, "ENOTCONN", "Transport endpoint is not connected",
     StatusCode::kFailedPrecondition},
    {Errno::kETIMEDOUT, "ETIMEDOUT", "Connection timed out", StatusCode::kUnavailable},
    {Errno::kECONNREFUSED, "ECONNREFUSED", "Connection refused", StatusCode::kUnavailable},
    {Errno::kEHOSTDOWN, "EHOSTDOWN", "Host is down", StatusCode::kUnavailable},
    {Errno::kEHOSTUNREACH, "EHOSTUNREACH", "No route to host", StatusCode::kUnavailable},
    {Errno::kESTALE, "ESTALE", "Stale file handle", StatusCode::kUnavailable},
    {Errno::kEDQUOT, "EDQUOT", "Disk quota exceeded", StatusCode::kResourceExhausted},
};

const Row* Find(Errno e) {
  for (const Row& row : kRows) {
    if (row.number == e) return &row;
  }
  return nullptr;
}

}  // namespace

absl::string_view ErrnoText(Errno e) {
  const Row* row = Find(e);
  return row == nullptr ? "Unknown error" : row->text;
}

absl::string_view ErrnoName(Errno e) {
  const Row* row = Find(e);
  return row == nullptr ? "E?" : row->name;
}

absl::Status ErrnoStatus(Errno e, absl::string_view what) {
  CHECK(e != Errno::kOk) << what;
  const Row* row = Find(e);
  absl::Status status(row == nullptr ? StatusCode::kUnknown : row->code,
                      absl::StrCat(what, ": ", ErrnoText(e)));
  status.SetPayload(kPayloadUrl, absl::Cord(absl::StrCat(static_cast<int>(e))));
  return status;
}

Errno ErrnoOf(const absl::Status& status) {
  if (status.ok()) return Errno::kOk;
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  int number = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &number)) return Errno::kOk;
  return static_cast<Errno>(number);
}

}  // namespace stagepost
