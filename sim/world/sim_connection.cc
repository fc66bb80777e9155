#include "sim/world/sim_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "mta/async/operation.h"
#include "mta/base/check.h"

namespace stagepost {

class SocketRead final : public PendingOperation<absl::StatusOr<size_t>> {
 public:
  SocketRead(TcpConnection::End*& end, absl::Span<char> buffer) : end_(end), buffer_(buffer) {}
  ~SocketRead() override { Forget(); }
  void Wake() {
    TcpConnection::End* end = end_;
    Forget();
    Finish(end->Read(buffer_));
  }

 private:
  void Start() override {
    if (end_ == nullptr) return Finish(ErrnoStatus(Errno::kECONNRESET, "read"));
    end_->reader = this;
    if (end_->CanRead()) Wake();
  }
  void OnStop() override {
    Forget();
    PendingOperation::OnStop();
  }
  void Forget() {
    if (end_ != nullptr && end_->reader == this) end_->reader = nullptr;
  }
  TcpConnection::End*& end_;  // the handle's, null once the kernel has closed it
  absl::Span<char> buffer_;
};

class SocketWrite final : public PendingOperation<absl::StatusOr<size_t>> {
 public:
  SocketWrite(TcpConnection::End*& end, absl::string_view bytes) : end_(end), bytes_(bytes) {}
  ~SocketWrite() override { Forget(); }
  void Wake() {
    TcpConnection::End* end = end_;
    Forget();
    Finish(end->Write(bytes_));
  }

 private:
  void Start() override {
    if (end_ == nullptr) return Finish(ErrnoStatus(Errno::kEPIPE, "write"));
    end_->writer = this;
    if (end_->CanWrite()) Wake();
  }
  void OnStop() override {
    Forget();
    PendingOperation::OnStop();
  }
  void Forget() {
    if (end_ != nullptr && end_->writer == this) end_->writer = nullptr;
  }
  TcpConnection::End*& end_;
  absl::string_view bytes_;
};

namespace {

class SimConnection final : public Connection, public OwnedSocket {
 public:
  SimConnection(SocketOwner& owner, TcpConnection::End& end)
      : end_(&end), local_(end.address()), peer_(end.peer().address()) {
    owner.sockets().PushBack(*this);
    end.pid = owner.pid();
  }
  ~SimConnection() override {
    if (end_ != nullptr) std::exchange(end_, nullptr)->Close();
  }

  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    if (end_ == nullptr || end_->CanRead()) {
      return end_ == nullptr ? absl::StatusOr<size_t>(ErrnoStatus(Errno::kECONNRESET, "read"))
                             : end_->Read(buffer);
    }
    return Operation<absl::StatusOr<size_t>>(new SocketRead(end_, buffer));
  }
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    if (end_ == nullptr || end_->CanWrite()) {
      return end_ == nullptr ? absl::StatusOr<size_t>(ErrnoStatus(Errno::kEPIPE, "write"))
                             : end_->Write(bytes);
    }
    return Operation<absl::StatusOr<size_t>>(new SocketWrite(end_, bytes));
  }
  absl::Status ShutdownWrite() override {
    if (end_ == nullptr) return ErrnoStatus(Errno::kENOTCONN, "shutdown");
    return end_->ShutdownWrite();
  }
  void Reset() override {
    if (end_ != nullptr) std::exchange(end_, nullptr)->Reset();
  }
  SocketAddress local() const override { return local_; }
  SocketAddress peer() const override { return peer_; }

  void KernelClose(bool silently) override {
    if (end_ == nullptr) return;
    TcpConnection::End* end = std::exchange(end_, nullptr);
    end->reader = nullptr;
    end->writer = nullptr;
    if (silently) {
      end->Vanish();
    } else {
      end->Close();
    }
  }

 private:
  TcpConnection::End* end_;
  const SocketAddress local_, peer_;
};

}  // namespace

std::unique_ptr<Connection> MakeSimConnection(SocketOwner& owner, TcpConnection::End& end) {
  return std::make_unique<SimConnection>(owner, end);
}

void TcpConnection::Wire(NetNode& client, const SocketAddress& client_address, NetNode& server,
                         const SocketAddress& server_address) {
  client_.connection_ = server_.connection_ = this;
  client_.peer_ = &server_;
  server_.peer_ = &client_;
  client_.node_ = &client;
  server_.node_ = &server;
  client_.address_ = client_address;
  server_.address_ = server_address;
}

void TcpConnection::FreeIfDone() {
  for (const End* end : {&client_, &server_}) {
    if (end->state_ == End::State::kOpen || !end->under_way_.empty()) return;
  }
  fabric_.Free(*this);
}

bool TcpConnection::End::CanRead() const {
  return unread() > 0 || fin_received_ || error_ != Errno::kOk;
}

absl::StatusOr<size_t> TcpConnection::End::Read(absl::Span<char> buffer) {
  if (error_ != Errno::kOk) return ErrnoStatus(error_, "read");
  const size_t n = std::min(buffer.size(), unread());
  std::memcpy(buffer.data(), received_.data() + consumed_, n);
  consumed_ += n;
  if (consumed_ == received_.size()) {
    received_.clear();
    consumed_ = 0;
  }
  if (n > 0) peer_->WakeWriter();
  return n;
}

bool TcpConnection::End::CanWrite() const {
  return error_ != Errno::kOk || write_shut_ ||
         bytes_under_way_ + peer_->unread() < kWindowBytes;
}

absl::StatusOr<size_t> TcpConnection::End::Write(absl::string_view bytes) {
  if (error_ != Errno::kOk) return ErrnoStatus(error_, "write");
  if (write_shut_) return ErrnoStatus(Errno::kEPIPE, "write");
  const size_t room = kWindowBytes - std::min(kWindowBytes, bytes_under_way_ + peer_->unread());
  bytes = bytes.substr(0, room);
  connection_->fabric_.core().Record(
      node_->index, pid,
      {EventKind::kBytesSent, address_.ToString(), bytes, static_cast<int64_t>(bytes.size()),
       static_cast<int64_t>(connection_->id_)});
  SendSegmented(bytes);
  return bytes.size();
}

void TcpConnection::End::SendSegmented(absl::string_view bytes) {
  SimFabric& fabric = connection_->fabric_;
  Choices& choices = fabric.core().choices;
  // One write in four is cut: usually once, sometimes at up to four places.
  const uint64_t draw = choices.Pick(fabric.segment_stream(), 16);
  int cuts = draw < 12 ? 0 : draw < 15 ? 1 : 4;
  for (; cuts > 0 && bytes.size() > 1; --cuts) {
    const size_t length = 1 + choices.Pick(fabric.cut_stream(), bytes.size() - 1);
    Send(SegmentKind::kData, std::string(bytes.substr(0, length)));
    bytes.remove_prefix(length);
  }
  Send(SegmentKind::kData, std::string(bytes));
}

void TcpConnection::End::Send(SegmentKind kind, std::string bytes) {
  SimFabric& fabric = connection_->fabric_;
  absl::Duration delay = connection_->latency_;
  // Jitter: mostly none, else up to the latency again.
  if (const uint64_t draw = fabric.core().choices.Pick(fabric.jitter_stream(), 64); draw >= 48) {
    delay += connection_->latency_ * static_cast<int64_t>(draw - 47) / 16;
  }
  MonotonicTime due = fabric.core().loop.now() + delay;
  if (!under_way_.empty()) due = std::max(due, under_way_.back().due);
  bytes_under_way_ += bytes.size();
  under_way_.push_back({due, kind, std::move(bytes)});
  ArmForFirst();
}

void TcpConnection::End::ArmForFirst() {
  if (armed() || under_way_.empty()) return;
  connection_->fabric_.core().loop.timers().Arm(*this, under_way_.front().due);
}

void TcpConnection::End::OnTimer() {
  SimFabric& fabric = connection_->fabric_;
  if (!peer_->node_->up || fabric.Blocked(*node_, *peer_->node_)) {
    if (++tries_ >= kMaxTries || !node_->up) {
      Drop();
      Fail(Errno::kETIMEDOUT);
    } else {
      fabric.core().loop.timers().Arm(*this, fabric.core().loop.now() + RetransmitAfter(tries_));
      return;
    }
  } else {
    tries_ = 0;
    Segment segment = std::move(under_way_.front());
    under_way_.pop_front();
    bytes_under_way_ -= segment.bytes.size();
    Deliver(std::move(segment));
    ArmForFirst();
  }
  connection_->FreeIfDone();
}

void TcpConnection::End::Deliver(Segment segment) {
  End& to = *peer_;
  switch (segment.kind) {
    case SegmentKind::kReset:
      if (to.state_ == State::kOpen) to.ArriveReset();
      return;
    case SegmentKind::kFin:
      if (to.state_ == State::kOpen) {
        to.ArriveFin();
      } else if (to.state_ == State::kVanished) {
        Fail(Errno::kECONNRESET);
      }
      return;
    case SegmentKind::kData:
      if (to.state_ == State::kOpen) {
        to.ArriveData(std::move(segment.bytes));
      } else {
        // Nobody is there any more: a reset comes back.
        Drop();
        to.Send(SegmentKind::kReset, "");
      }
      return;
  }
}

void TcpConnection::End::ArriveData(std::string bytes) {
  if (received_.empty()) {
    received_ = std::move(bytes);
  } else {
    received_ += bytes;
  }
  WakeReader();
}

void TcpConnection::End::ArriveFin() {
  fin_received_ = true;
  WakeReader();
}

void TcpConnection::End::ArriveReset() { Fail(Errno::kECONNRESET); }

void TcpConnection::End::Fail(Errno error) {
  if (state_ != State::kOpen || error_ != Errno::kOk) return;
  error_ = error;
  received_.clear();
  consumed_ = 0;
  Drop();
  WakeReader();
  WakeWriter();
}

void TcpConnection::End::WakeReader() {
  if (reader != nullptr && CanRead()) reader->Wake();
}

void TcpConnection::End::WakeWriter() {
  if (writer != nullptr && CanWrite()) writer->Wake();
}

void TcpConnection::End::Drop() {
  under_way_.clear();
  bytes_under_way_ = 0;
  Disarm();
}

absl::Status TcpConnection::End::ShutdownWrite() {
  if (error_ != Errno::kOk) return ErrnoStatus(error_, "shutdown");
  if (!std::exchange(write_shut_, true)) Send(SegmentKind::kFin, "");
  return absl::OkStatus();
}

void TcpConnection::End::Close() {
  CHECK(state_ == State::kOpen);
  connection_->fabric_.core().Record(
      node_->index, pid,
      {EventKind::kConnectionClosed, address_.ToString(), peer_->address_.ToString(),
       static_cast<int64_t>(connection_->id_)});
  const bool abrupt = unread() > 0;
  state_ = State::kClosed;
  if (error_ == Errno::kOk) {
    if (abrupt) {
      Send(SegmentKind::kReset, "");
    } else if (!std::exchange(write_shut_, true)) {
      Send(SegmentKind::kFin, "");
    }
  }
  received_.clear();
  consumed_ = 0;
  connection_->FreeIfDone();
}

void TcpConnection::End::Reset() {
  CHECK(state_ == State::kOpen);
  connection_->fabric_.core().Record(
      node_->index, pid,
      {EventKind::kConnectionReset, address_.ToString(), peer_->address_.ToString(),
       static_cast<int64_t>(connection_->id_)});
  state_ = State::kClosed;
  Drop();
  if (error_ == Errno::kOk) Send(SegmentKind::kReset, "");
  connection_->FreeIfDone();
}

void TcpConnection::End::Vanish() {
  CHECK(state_ == State::kOpen);
  state_ = State::kVanished;
  Drop();
  received_.clear();
  consumed_ = 0;
  connection_->FreeIfDone();
}

}  // namespace stagepost
