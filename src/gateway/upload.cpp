// SPDX-License-Identifier: Apache-2.0
#include "gateway/upload.hpp"

namespace lumoz::gateway {
namespace {

constexpr std::size_t kLookAhead = std::size_t{64} << 10;

}  // namespace

Upload::Upload(net::Exchange& exchange, UploadLimits limits)
    : exchange_(exchange), limits_(limits), until_(exchange.loop().now() + limits.total) {}

std::optional<std::uint64_t> Upload::length() const {
    return exchange_.head().content_length;
}

net::Task<Result<ByteView>> Upload::read() {
    if (trouble_) co_return std::unexpected(*trouble_);
    const net::TimePoint now = exchange_.loop().now();
    Result<ByteView> piece =
        co_await exchange_.read_body_some(limits_.bytes, std::min(until_, now + limits_.piece));
    if (!piece) {
        trouble_ = piece.error();
        co_return piece;
    }
    ended_ = piece->empty();
    bytes_ += piece->size();
    received_.update(*piece);
    co_return piece;
}

net::Task<Status> Upload::look_ahead(MultipartScanner& scanner) {
    while (!scanner.settled() && ahead_.size() < kLookAhead && !ended_) {
        const Result<ByteView> piece = co_await read();
        if (!piece) co_return std::unexpected(piece.error());
        append(ahead_, *piece);
        scanner.feed(*piece);
    }
    if (ended_) scanner.end();
    co_return Status{};
}

net::Task<Status> Upload::drain() {
    while (!ended_) {
        const Result<ByteView> piece = co_await read();
        if (!piece) co_return std::unexpected(piece.error());
    }
    co_return Status{};
}

net::Task<Result<ByteView>> Upload::next() {
    begun_ = true;
    if (!ahead_given_ && !ahead_.empty()) {
        ahead_given_ = true;
        forwarded_.update(ahead_);
        co_return ByteView(ahead_);
    }
    ahead_ = {};
    if (ended_) co_return ByteView();
    Result<ByteView> piece = co_await read();
    if (piece) forwarded_.update(*piece);
    co_return piece;
}

}  // namespace lumoz::gateway
