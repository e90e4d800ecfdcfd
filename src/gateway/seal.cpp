// SPDX-License-Identifier: Apache-2.0
// Inference: making the receipt, waiting until it is durable, and answers that leave in one piece.
#include "base/log.hpp"
#include "gateway/commit.hpp"
#include "gateway/inference.hpp"
#include "gateway/translated.hpp"
#include "receipt/proof.hpp"

namespace lumoz::gateway {
namespace {

/// A store that does not answer within this has failed.
constexpr std::chrono::seconds kCommitLimit{30};

}  // namespace

net::Task<Result<std::optional<receipt::TextSignatures>>> Inference::seal(
    Digest256 response, std::optional<receipt::CutBy> cut_by, std::uint64_t bytes) {
    if (!receipt_) co_return std::optional<receipt::TextSignatures>();
    const Service& service = call_.service;
    fields_.response = receipt::ResponseHash(response.bytes);
    fields_.served_at = service.clock.now();
    if (!id_.id().empty()) fields_.chat_id = id_.id();
    if (cut_by) fields_.completeness = receipt::Completeness{.cut_by = cut_by, .bytes = bytes};
    receipt::SignedExchange made = call_.keys->signer.sign(fields_);
    store::Record record{
        .owner = call_.principal.name,
        .receipt_id = call_.id,
        .response_id = fields_.chat_id,
        .keyset_digest = call_.keys->identity.keyset_digest,
        .receipt_json = std::move(made.receipt_json),
        .signatures = made.signatures,
        .served_at = fields_.served_at,
    };
    if (model_ != nullptr && !refused_) {
        record.model = model_->name;
        record.usage = usage_.usage();
    }
    const std::optional<store::Usage> usage = record.usage;
    net::Loop& loop = call_.exchange.loop();
    const net::TimePoint begin = loop.now();
    const Status stored = co_await commit(loop, call_.service.store, std::move(record), kCommitLimit);
    call_.receipt_wait = loop.now() - begin;
    call_.metrics.receipt_wait.observe(call_.receipt_wait);
    if (!stored) {
        call_.metrics.receipts_failed.add();
        log::error("receipt_not_stored", {{"id", call_.id}, {"rule", stored.error().rule}});
        co_return std::unexpected(stored.error());
    }
    call_.metrics.receipts_issued.add();
    call_.receipt = true;
    if (model_ != nullptr && !refused_) note_usage(usage);
    if (cut_by) call_.metrics.receipts_incomplete.add();
    if (made.signatures) {
        call_.metrics.signatures_ecdsa.add();
        call_.metrics.signatures_ed25519.add();
    }
    co_return std::move(made.signatures);
}

void Inference::note_usage(const std::optional<store::Usage>& usage) {
    call_.metrics.model_usage.add(model_->name, usage);
    if (call_.bearer.empty()) return;
    const bool images = call_.route->name.starts_with("/v1/images/");
    if (!usage && !images) return;
    call_.used = UsageReport{.images = images,
                             .model = model_->name,
                             .usage = usage.value_or(store::Usage{}),
                             .image_count = usage_.data_items(),
                             .id = fields_.chat_id.value_or(call_.id)};
}

net::Headers Inference::headers_for(std::string_view content_type) const {
    return receipt_ ? signed_headers(call_, content_type) : answer_headers(call_, content_type);
}

net::Task<void> Inference::answer_whole(int status, std::string content_type, Bytes body) {
    const auto sealed = co_await seal(crypto::sha256(body), std::nullopt, body.size());
    if (!sealed) {
        ApiError error = api_error(Failure::StoreUnhealthy);
        co_await respond_error(call_, std::move(error));
        co_return;
    }
    net::Headers headers = headers_for(content_type);
    if (proof_.wanted && *sealed) {
        add_proof_headers(headers, **sealed);
        call_.metrics.inline_proofs.add();
    }
    call_.status = status;
    call_.response_bytes = body.size();
    call_.metrics.response_bytes.add(body.size());
    const Status sent = co_await call_.exchange.respond(status, headers, body);
    if (!sent) call_.cut_by = "client";
}

// An error answer with a receipt over its body.
net::Task<void> Inference::refuse(ApiError error) {
    refused_ = true;
    const std::string body = error_body(error, call_.route->page);
    const auto sealed = co_await seal(crypto::sha256(as_bytes(body)), std::nullopt, body.size());
    if (!sealed) {
        ApiError failure = api_error(Failure::StoreUnhealthy);
        co_await respond_error(call_, std::move(failure));
        co_return;
    }
    if (receipt_) call_.metrics.refusals_signed.add();
    call_.metrics.error(error.type);
    net::Headers headers = headers_for("application/json");
    add_retry_headers(headers, error);
    if (proof_.wanted && *sealed) add_proof_headers(headers, **sealed);
    call_.status = error.status;
    call_.response_bytes = body.size();
    const Status sent = co_await call_.exchange.respond(error.status, headers, as_bytes(body));
    if (!sent) call_.cut_by = "client";
}

// The receipt of a cut answer, then the end of the connection.
net::Task<void> Inference::record_cut(receipt::CutBy by) {
    call_.cut_by = receipt::to_text(by);
    call_.metrics.cut_answers[static_cast<std::size_t>(by)].add();
    if (call_.status == 0) call_.status = 499;
    call_.response_bytes = sent_;
    const auto sealed = co_await seal(hash_.finish(), by, sent_);
    if (!sealed) call_.cut_by = "store";
    call_.exchange.abort();
}

void Inference::add_proof_headers(net::Headers& headers, const receipt::TextSignatures& signatures) const {
    headers.add("X-Signature", receipt::signature_hex(proof_.algo, signatures));
    headers.add("X-Signing-Address", receipt::signing_address(proof_.algo, call_.keys->signer.addresses()));
    headers.add("X-Signing-Algo", receipt::to_text(proof_.algo));
    headers.add("X-Signature-Text", signatures.text);
}

std::string Inference::proof_event(const receipt::TextSignatures& signatures) const {
    return "event: proof\ndata: " +
           receipt::inline_proof_json(proof_.algo, signatures, call_.keys->signer.addresses(), call_.id) +
           "\n\n";
}

}  // namespace lumoz::gateway
