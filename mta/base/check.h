// CHECK: for our own bugs, never for what a peer, a file or an administrator sent.
//
//   CHECK(scope.empty()) << "scope " << name << " still has children";
//
// A failing CHECK writes one line to standard error and aborts, in every build: an MTA that goes on
// after its own invariants broke is worse than one that stops. DCHECK is the same in builds without
// NDEBUG and compiles to nothing otherwise; use it only where the check would cost on a hot path.
#ifndef STAGEPOST_MTA_BASE_CHECK_H_
#define STAGEPOST_MTA_BASE_CHECK_H_

#include <string>

#include "absl/base/optimization.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace stagepost {

// Writes "CHECK failed: file:line: condition message" to standard error and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              absl::string_view message);

// Collects the message of one failing CHECK; its destructor does not return.
class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition)
      : file_(file), line_(line), condition_(condition) {}
  CheckFailure(const CheckFailure&) = delete;
  [[noreturn]] ~CheckFailure() { CheckFailed(file_, line_, condition_, message_); }

  template <class T>
  CheckFailure& operator<<(const T& value) {
    absl::StrAppend(&message_, value);
    return *this;
  }

 private:
  const char* file_;
  int line_;
  const char* condition_;
  std::string message_;
};

}  // namespace stagepost

// The switch keeps an `if` around the macro from taking its `else`.
#define CHECK(condition)                \
  switch (0) /* NOLINT */               \
  case 0:                               \
  default:                              \
    if (ABSL_PREDICT_TRUE(condition)) { \
    } else /* NOLINT */                 \
      ::stagepost::CheckFailure(__FILE__, __LINE__, #condition)

#ifdef NDEBUG
#define DCHECK(condition) CHECK(true || (condition))
#else
#define DCHECK(condition) CHECK(condition)
#endif

#endif  // STAGEPOST_MTA_BASE_CHECK_H_
