// A connection whose other end is the test: what the client will send is known, what the server
// says is kept.
#ifndef STAGEPOST_MTA_SMTP_TESTING_MEMORY_CONNECTION_H_
#define STAGEPOST_MTA_SMTP_TESTING_MEMORY_CONNECTION_H_

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "mta/env/network.h"

namespace stagepost {

// The client's side; outlives the connection.
struct TestClient {
  std::deque<std::string> segments;  // each is what one read of the server brings
  bool closes = true;                // after the last segment; else it falls silent
  bool deaf = false;                 // never reads
  IpAddress address = *IpAddress::Parse("192.0.2.33");

  std::string received;  // what the server wrote
  int writes = 0;        // in how many pieces
  bool closed = false;   // the server has closed

  // Sends `text` in pieces of `size` bytes.
  void Send(absl::string_view text, size_t size = 4096) {
    for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) {
      segments.emplace_back(text.substr(0, size));
    }
  }
};

class MemoryConnection final : public Connection {
 public:
  explicit MemoryConnection(TestClient& client) : client_(client) {}
  ~MemoryConnection() override { client_.closed = true; }

  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    if (client_.segments.empty()) {
      if (client_.closes) return absl::StatusOr<size_t>(0);
      return Operation<absl::StatusOr<size_t>>(std::make_unique<Never>());
    }
    std::string& segment = client_.segments.front();
    const size_t size = std::min(buffer.size(), segment.size());
    std::memcpy(buffer.data(), segment.data(), size);
    segment.erase(0, size);
    if (segment.empty()) client_.segments.pop_front();
    return absl::StatusOr<size_t>(size);
  }
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    if (client_.deaf) return Operation<absl::StatusOr<size_t>>(std::make_unique<Never>());
    ++client_.writes;
    client_.received += std::string(bytes);
    return absl::StatusOr<size_t>(bytes.size());
  }
  SocketAddress local() const override { return {*IpAddress::Parse("10.0.0.1"), 25}; }
  SocketAddress peer() const override { return {client_.address, 40000}; }
  absl::Status ShutdownWrite() override { return absl::OkStatus(); }
  void Reset() override {}

 private:
  // Waits until it is told to stop.
  class Never final : public PendingOperation<absl::StatusOr<size_t>> {
    void Start() override {}
  };
  TestClient& client_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_TESTING_MEMORY_CONNECTION_H_
