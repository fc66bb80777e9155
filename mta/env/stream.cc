#include "mta/env/stream.h"

#include "mta/base/status_macros.h"

namespace stagepost {

Task<absl::Status> WriteAll(ByteSink& sink, absl::string_view bytes) {
  while (!bytes.empty()) {
    CO_ASSIGN_OR_RETURN(const size_t written, co_await sink.Write(bytes));
    bytes.remove_prefix(written);
  }
  co_return absl::OkStatus();
}

}  // namespace stagepost
