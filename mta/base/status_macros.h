// Early return on error, for functions and for coroutines (Abseil's own macros say `return`, which a
// coroutine cannot).
//
//   RETURN_IF_ERROR(queue.Check());                        CO_RETURN_IF_ERROR(co_await file.Sync());
//   ASSIGN_OR_RETURN(auto user, accounts.User("alice"));   CO_ASSIGN_OR_RETURN(auto n, co_await c.Read(b));
#ifndef STAGEPOST_MTA_BASE_STATUS_MACROS_H_
#define STAGEPOST_MTA_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define STAGEPOST_CONCAT_INNER(a, b) a##b
#define STAGEPOST_CONCAT(a, b) STAGEPOST_CONCAT_INNER(a, b)

#define STAGEPOST_RETURN_IF_ERROR(keyword, expression)                         \
  do {                                                                         \
    if (::absl::Status stagepost_status = (expression); !stagepost_status.ok()) \
      keyword stagepost_status;                                                \
  } while (false)
#define STAGEPOST_ASSIGN_OR_RETURN(keyword, holder, declaration, expression) \
  auto holder = (expression);                                                \
  if (!holder.ok()) keyword std::move(holder).status();                      \
  declaration = *std::move(holder)

#define RETURN_IF_ERROR(expression) STAGEPOST_RETURN_IF_ERROR(return, expression)
#define CO_RETURN_IF_ERROR(expression) STAGEPOST_RETURN_IF_ERROR(co_return, expression)
#define ASSIGN_OR_RETURN(declaration, expression)                                            \
  STAGEPOST_ASSIGN_OR_RETURN(return, STAGEPOST_CONCAT(stagepost_result_, __LINE__), declaration, \
                             expression)
#define CO_ASSIGN_OR_RETURN(declaration, expression)                                             \
  STAGEPOST_ASSIGN_OR_RETURN(co_return, STAGEPOST_CONCAT(stagepost_result_, __LINE__), declaration, \
                             expression)

#endif  // STAGEPOST_MTA_BASE_STATUS_MACROS_H_
