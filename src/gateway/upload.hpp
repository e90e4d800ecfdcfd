// SPDX-License-Identifier: Apache-2.0
// A request body on its way through: pieces of the client's body, hashed and given to the engine as they
// come. At most 64 KiB (what is looked at before the engine is chosen) and one piece more are held.
#pragma once

#include "crypto/sha2.hpp"
#include "gateway/multipart.hpp"
#include "net/client.hpp"
#include "net/server.hpp"

namespace lumoz::gateway {

struct UploadLimits {
    std::size_t bytes = 0;
    net::Duration piece{};  ///< the longest wait for the next piece
    net::Duration total{};
};

class Upload final : public net::BodySource {
public:
    Upload(net::Exchange& exchange, UploadLimits limits);

    /// Reads until the scanner is settled, 64 KiB are there, or the body ends.
    net::Task<Status> look_ahead(MultipartScanner& scanner);
    /// Reads the rest without giving it to anybody.
    net::Task<Status> drain();
    /// What `drain` ended with, or the engine's side; the first trouble with the client's body counts.
    [[nodiscard]] const std::optional<Error>& trouble() const { return trouble_; }
    [[nodiscard]] bool begun() const { return begun_; }  ///< the engine was given something
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// SHA-256 of what came, and of what the engine was given. Once each, at the end.
    [[nodiscard]] Digest256 received_hash() { return received_.finish(); }
    [[nodiscard]] Digest256 forwarded_hash() { return forwarded_.finish(); }

    [[nodiscard]] std::optional<std::uint64_t> length() const override;
    net::Task<Result<ByteView>> next() override;

private:
    net::Task<Result<ByteView>> read();

    net::Exchange& exchange_;
    UploadLimits limits_;
    net::TimePoint until_;
    Bytes ahead_;  ///< what `look_ahead` read
    bool ahead_given_ = false;
    bool begun_ = false;
    bool ended_ = false;
    std::uint64_t bytes_ = 0;
    crypto::Sha256 received_;
    crypto::Sha256 forwarded_;
    std::optional<Error> trouble_;
};

}  // namespace lumoz::gateway
