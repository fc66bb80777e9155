#include "sim/world/sim_connection.h"

#include <algorithm>
#include <utility>

#include "mta/async/operation.h"
#include "mta/base/check.h"
#include "sim/world/mapped_address.h"

namespace stagepost {

// What waits at an end. Either may go first: the end gives up what waits when it is closed, and an
// operation that is destroyed leaves the end. It knows the end only while it is known there, since
// the end is freed as soon as nobody needs it.
class SocketRead final : public PendingOperation<absl::StatusOr<size_t>> {
 public:
  SocketRead(TcpConnection::End& end, absl::Span<char> buffer)
      : to_wait_at_(end), buffer_(buffer) {}
  ~SocketRead() override { Leave(); }
  void Wake() {
    TcpConnection::End& end = Leave();
    Finish(end.Read(buffer_));
  }
  void GiveUp() {
    Leave();
    Finish(ErrnoStatus(Errno::kECONNRESET, "read"));
  }

 private:
  void Start() override {
    end_ = &to_wait_at_;
    CHECK(end_->reader == nullptr) << "two reads of a connection at a time";
    end_->reader = this;
  }
  void OnStop() override {
    Leave();
    PendingOperation::OnStop();
  }
  TcpConnection::End& Leave() {
    if (end_ != nullptr) std::exchange(end_, nullptr)->reader = nullptr;
    return to_wait_at_;
  }
  TcpConnection::End& to_wait_at_;
  TcpConnection::End* end_ = nullptr;  // where it waits now
  absl::Span<char> buffer_;
};

class SocketWrite final : public PendingOperation<absl::StatusOr<size_t>> {
 public:
  SocketWrite(TcpConnection::End& end, absl::string_view bytes) : to_wait_at_(end), bytes_(bytes) {}
  ~SocketWrite() override { Leave(); }
  void Wake() {
    TcpConnection::End& end = Leave();
    Finish(end.Write(bytes_));
  }
  void GiveUp() {
    Leave();
    Finish(ErrnoStatus(Errno::kECONNRESET, "write"));
  }

 private:
  void Start() override {
    end_ = &to_wait_at_;
    CHECK(end_->writer == nullptr) << "two writes of a connection at a time";
    end_->writer = this;
  }
  void OnStop() override {
    Leave();
    PendingOperation::OnStop();
  }
  TcpConnection::End& Leave() {
    if (end_ != nullptr) std::exchange(end_, nullptr)->writer = nullptr;
    return to_wait_at_;
  }
  TcpConnection::End& to_wait_at_;
  TcpConnection::End* end_ = nullptr;
  absl::string_view bytes_;
};

namespace {

class SimConnection final : public Connection, public OwnedSocket {
 public:
  SimConnection(SocketOwner& owner, TcpConnection::End& end, bool v6_socket)
      : end_(&end),
        local_(v6_socket ? Mapped(end.address()) : end.address()),
        peer_(v6_socket ? Mapped(end.peer().address()) : end.peer().address()),
        descriptor_(&owner.descriptors()) {
    owner.sockets().PushBack(*this);
    end.pid = owner.pid();
  }
  ~SimConnection() override {
    if (end_ == nullptr) return;
    end_->DiscardUnread();
    std::exchange(end_, nullptr)->Close();
  }

  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    if (end_ == nullptr) return absl::StatusOr<size_t>(ErrnoStatus(Errno::kECONNRESET, "read"));
    if (end_->CanRead()) return end_->Read(buffer);
    return Operation<absl::StatusOr<size_t>>(new SocketRead(*end_, buffer));
  }
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    if (end_ == nullptr) return absl::StatusOr<size_t>(ErrnoStatus(Errno::kECONNRESET, "write"));
    if (end_->CanWrite()) return end_->Write(bytes);
    return Operation<absl::StatusOr<size_t>>(new SocketWrite(*end_, bytes));
  }
  absl::Status ShutdownWrite() override {
    if (end_ == nullptr) return ErrnoStatus(Errno::kENOTCONN, "shutdown");
    return end_->ShutdownWrite();
  }
  void Reset() override {
    descriptor_.Close();
    if (end_ != nullptr) std::exchange(end_, nullptr)->Reset();
  }
  SocketAddress local() const override { return local_; }
  SocketAddress peer() const override { return peer_; }

  void KernelClose(bool silently) override {
    if (end_ == nullptr) return;
    TcpConnection::End& end = *std::exchange(end_, nullptr);
    if (silently) {
      end.Vanish();
    } else {
      end.Close();
    }
  }

 private:
  TcpConnection::End* end_;
  const SocketAddress local_, peer_;
  Descriptor descriptor_;
};

}  // namespace

std::unique_ptr<Connection> MakeSimConnection(SocketOwner& owner, TcpConnection::End& end,
                                              bool v6_socket) {
  return std::make_unique<SimConnection>(owner, end, v6_socket);
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

// As Linux: what had arrived is read before an error is; after end of stream there is none, and
// after an error comes end of stream.
absl::StatusOr<size_t> TcpConnection::End::Read(absl::Span<char> buffer) {
  if (unread() == 0) {
    if (fin_received_) return 0;
    const Errno error = TellError(Errno::kOk);
    if (error == Errno::kOk) return 0;
    return ErrnoStatus(error, "read");
  }
  const size_t n = received_.Take(buffer);
  peer_->WakeWriter();
  return n;
}

void TcpConnection::End::DiscardUnread() {
  if (unread() == 0) return;
  received_.Clear();
  peer_->WakeWriter();
}

bool TcpConnection::End::CanWrite() const {
  return error_ != Errno::kOk || write_shut_ || bytes_under_way_ + peer_->unread() < kWindowBytes;
}

absl::StatusOr<size_t> TcpConnection::End::Write(absl::string_view bytes) {
  if (error_ != Errno::kOk) return ErrnoStatus(TellError(Errno::kEPIPE), "write");
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
  MonotonicTime due = fabric.WhenSent(*node_, *peer_->node_, bytes.size()) + delay;
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
  if (!peer_->node_->up || connection_->forgotten_ || fabric.Blocked(*node_, *peer_->node_) ||
      node_->down.contains(address_.address) ||
      peer_->node_->down.contains(peer_->address_.address)) {
    if (tries_ < kMaxTries) {
      const MonotonicTime now = fabric.core().loop.now();
      return fabric.core().loop.timers().Arm(*this, now + RetransmitAfter(++tries_));
    }
    Drop();
    Fail(Errno::kETIMEDOUT);
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
        to.Send(SegmentKind::kReset, "");  // a host that has been up again knows nothing of it
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
  received_.Append(bytes);
  WakeReader();
}

void TcpConnection::End::ArriveFin() {
  fin_received_ = true;
  WakeReader();
}

void TcpConnection::End::ArriveReset() { Fail(fin_received_ ? Errno::kEPIPE : Errno::kECONNRESET); }

void TcpConnection::End::Fail(Errno error) {
  if (state_ != State::kOpen || error_ != Errno::kOk) return;
  error_ = error;
  Drop();
  WakeReader();
  WakeWriter();
}

void TcpConnection::End::WakeReader() {
  if (reader != nullptr && CanRead()) reader->Wake();
}

// Who waits for room waits for a third of the window, as on Linux: woken for every byte it would
// send ever smaller segments.
void TcpConnection::End::WakeWriter() {
  if (writer == nullptr || !CanWrite()) return;
  const bool room = bytes_under_way_ + peer_->unread() <= kWindowBytes - kWindowBytes / 3;
  if (room || error_ != Errno::kOk || write_shut_) writer->Wake();
}

void TcpConnection::End::Drop() {
  under_way_.clear();
  bytes_under_way_ = 0;
  tries_ = 0;
  Disarm();
}

absl::Status TcpConnection::End::ShutdownWrite() {
  // With both ways closed and all of it told, the connection is over.
  const bool over = write_shut_ && fin_received_ && under_way_.empty();
  if (over || error_ != Errno::kOk) return ErrnoStatus(Errno::kENOTCONN, "shutdown");
  if (!std::exchange(write_shut_, true)) Send(SegmentKind::kFin, "");
  return absl::OkStatus();
}

void TcpConnection::End::Record(EventKind kind) {
  connection_->fabric_.core().Record(node_->index, pid,
                                     {kind, address_.ToString(), peer_->address_.ToString(),
                                      static_cast<int64_t>(connection_->id_)});
}

void TcpConnection::End::LeaveOpenState(State state) {
  CHECK(state_ == State::kOpen);
  state_ = state;
  if (reader != nullptr) reader->GiveUp();
  if (writer != nullptr) writer->GiveUp();
  received_.Clear();
}

void TcpConnection::End::Close() {
  Record(EventKind::kConnectionClosed);
  const bool abrupt = unread() > 0;
  LeaveOpenState(State::kClosed);
  if (error_ == Errno::kOk) {
    if (abrupt) {
      Send(SegmentKind::kReset, "");
    } else if (!std::exchange(write_shut_, true)) {
      Send(SegmentKind::kFin, "");
    }
  }
  connection_->FreeIfDone();
}

void TcpConnection::End::Reset() {
  Record(EventKind::kConnectionReset);
  LeaveOpenState(State::kClosed);
  Drop();
  if (error_ == Errno::kOk) Send(SegmentKind::kReset, "");
  connection_->FreeIfDone();
}

void TcpConnection::End::Vanish() {
  LeaveOpenState(State::kVanished);
  Drop();
  peer_->WakeWriter();  // as a probe of the closed window would, it meets the silence
  connection_->FreeIfDone();
}

void TcpConnection::VanishFrom(const NetNode& node) {
  for (End* end : {&client_, &server_}) {
    if (end->node_ != &node) continue;
    if (end->state_ == End::State::kOpen) end->LeaveOpenState(End::State::kVanished);
    end->state_ = End::State::kVanished;
    end->Drop();
    end->peer_->WakeWriter();
  }
  FreeIfDone();
}

}  // namespace stagepost
