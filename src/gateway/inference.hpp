// SPDX-License-Identifier: Apache-2.0
// The life of one signed request (docs/life-of-a-request.md): checked, hashed, forwarded untouched, its
// answer hashed as it is written, the last byte held until the receipt is durable (design decisions 9 to 15,
// 20, 22).
#pragma once

#include "crypto/sha2.hpp"
#include "gateway/call.hpp"
#include "gateway/engine_routes.hpp"
#include "gateway/id_scanner.hpp"
#include "gateway/request_body.hpp"
#include "gateway/running.hpp"
#include "gateway/sse_scanner.hpp"
#include "gateway/upload.hpp"
#include "gateway/usage_scanner.hpp"
#include "translate/translation.hpp"

namespace lumoz::gateway {

/// How the proof is handed over with the answer (specs/api.md 4.4).
struct InlineProof {
    bool wanted = false;
    receipt::Algo algo = receipt::Algo::Ecdsa;
    bool trailers = false;  ///< the client said `TE: trailers`
};
/// Reads `X-Proof: inline[;algo=ecdsa|ed25519]` and `TE`. 400 for anything else in `X-Proof`.
[[nodiscard]] std::expected<InlineProof, ApiError> read_inline_proof(const net::Headers& headers);

/// The answer for a body that could not be read; `max_bytes` is what was allowed.
[[nodiscard]] ApiError body_error(const Error& error, std::int64_t max_bytes);
/// The answer for an engine that could not be asked.
[[nodiscard]] Failure engine_failure(const Error& error);

class Inference final : public Running {
public:
    explicit Inference(Call& call);
    ~Inference() override;
    Inference(const Inference&) = delete;
    Inference& operator=(const Inference&) = delete;

    /// Answers the call. Requires: the route is an inference page and the principal is allowed.
    net::Task<void> run();
    /// Ends the answer where it is; the receipt says by whom. On the loop's thread.
    void cut(receipt::CutBy by) override;

private:
    class TotalLimit;

    // inference.cpp: up to the head of the engine's answer
    [[nodiscard]] std::optional<ApiError> admission() const;
    [[nodiscard]] std::optional<ApiError> describe();
    void set_request_hash(const Digest256& received);
    [[nodiscard]] std::expected<RequestBody, ApiError> check_body(std::string_view body);
    [[nodiscard]] std::optional<ApiError> choose_model(const std::optional<std::string>& name);
    [[nodiscard]] Model::Route destination() const;
    [[nodiscard]] std::optional<ApiError> engine_trouble() const;
    net::Task<void> run_json();
    net::Task<void> run_bodiless();
    void watch_client();
    net::Task<void> forward(net::Payload body);
    net::Task<void> refused_by_engine();
    net::Task<void> engine_failed(Error error);

    // upload_relay.cpp: bodies that are streamed
    net::Task<void> run_upload(BodyForm form);
    net::Task<std::optional<ApiError>> admit_upload(BodyForm form);
    net::Task<bool> settle_upload();
    net::Task<void> upload_failed(std::int64_t limit);
    void count_upload();

    // relay.cpp: the body of the answer
    net::Task<void> relay();
    net::Task<void> relay_stream(Bytes first);
    net::Task<Status> pass(ByteView piece);
    net::Task<Status> release(std::size_t count, ByteView piece);
    net::Task<void> end_stream();
    void give_id(Bytes& whole);
    Status begin();
    [[nodiscard]] net::Headers headers_for(std::string_view content_type) const;
    net::Task<void> cut_stream(receipt::CutBy by, ApiError error);

    // translated.cpp: an engine that does not speak the client's protocol
    net::Task<void> relay_translated();
    net::Task<Status> take(ByteView piece);

    // seal.cpp: receipts
    net::Task<void> answer_whole(int status, std::string content_type, Bytes body);
    net::Task<void> refuse(ApiError error);
    net::Task<Result<std::optional<receipt::TextSignatures>>> seal(Digest256 response,
                                                                   std::optional<receipt::CutBy> cut_by,
                                                                   std::uint64_t bytes);
    /// An answer has its receipt: what it cost is counted, and reported where the token is another's.
    void note_usage(const std::optional<store::Usage>& usage);
    net::Task<void> record_cut(receipt::CutBy by);
    void add_proof_headers(net::Headers& headers, const receipt::TextSignatures& signatures) const;
    [[nodiscard]] std::string proof_event(const receipt::TextSignatures& signatures) const;

    Call& call_;
    const EngineRoute& route_;
    bool receipt_;                  ///< the exchange has a receipt
    const Model* model_ = nullptr;  ///< of `call_.models`; set by choose_model
    ModelLease lease_;
    InlineProof proof_;
    std::optional<Digest256> substituted_;  ///< request hash that a trusted gateway gave
    std::unique_ptr<Upload> upload_;        ///< the body, where it is streamed
    receipt::ReceiptFields fields_;
    net::CancelToken token_;
    std::unique_ptr<net::ClientExchange> engine_;
    std::unique_ptr<TotalLimit> total_limit_;
    std::optional<receipt::CutBy> cut_;
    std::unique_ptr<translate::Translation> translation_;  ///< none: the engine speaks the client's protocol

    // the answer
    std::string content_type_;
    int status_ = 200;
    bool sse_ = false;
    std::optional<std::uint64_t> length_;  ///< announced by the engine and passed on
    SseScanner scanner_;
    IdScanner id_;
    UsageScanner usage_{UsageScanner::Mode::Json};
    bool refused_ = false;  ///< the answer is an error of ours
    crypto::Sha256 hash_;
    Bytes held_;                 ///< what came and may not leave yet
    std::uint64_t sent_ = 0;     ///< body bytes handed to the socket
    std::uint64_t arrived_ = 0;  ///< body bytes that came from the engine
};

}  // namespace lumoz::gateway
