#include "conformance/smtp/recorded_connections.h"

namespace stagepost {

void RecordedConnections::OnEvent(const TraceEvent& event) {
  if (event.event.kind != EventKind::kConnectionOpened &&
      event.event.kind != EventKind::kConnectionRefused) {
    return;
  }
  if (!own_.contains(event.process)) made_.emplace_back(event.event.detail);
}

}  // namespace stagepost
