// SPDX-License-Identifier: Apache-2.0
// Inference: requests whose body is streamed to the engine while it arrives. Their hash is known when the
// body has ended, so a refusal reads the rest first: the receipt covers what the client sent.
#include "gateway/inference.hpp"
#include "gateway/media_type.hpp"

namespace lumoz::gateway {
namespace {

constexpr std::string_view kModelField = "model";

std::int64_t upload_bytes(const Config& config, Intake intake, std::string_view path) {
    if (intake == Intake::Image || path.starts_with("/v1/images/")) return config.max_image_bytes;
    if (intake == Intake::Audio || path.starts_with("/v1/audio/")) return config.max_audio_bytes;
    return config.max_body_bytes;
}

}  // namespace

net::Task<void> Inference::run_upload(BodyForm form) {
    const Config& config = call_.config();
    const net::RequestHead& head = call_.exchange.head();
    const std::int64_t limit = upload_bytes(config, route_.intake, head.path());
    upload_ = std::make_unique<Upload>(call_.exchange, UploadLimits{.bytes = static_cast<std::size_t>(limit),
                                                                    .piece = config.body_timeout,
                                                                    .total = config.upload_timeout});
    std::optional<ApiError> refusal = describe();
    if (!refusal) refusal = co_await admit_upload(form);
    if (!refusal && !upload_->trouble()) refusal = engine_trouble();
    if (refusal && !upload_->trouble()) {
        const Status drained = co_await upload_->drain();
        if (drained) {
            const Digest256 digest = upload_->received_hash();
            count_upload();
            set_request_hash(digest);
            co_await refuse(std::move(*refusal));
            co_return;
        }
    }
    if (upload_->trouble()) {
        co_await upload_failed(limit);
        co_return;
    }
    const net::Payload body(*upload_);
    co_await forward(body);
}

/// Finds out for whom the body is, before anything of it is forwarded.
net::Task<std::optional<ApiError>> Inference::admit_upload(BodyForm form) {
    const net::RequestHead& head = call_.exchange.head();
    if (form == BodyForm::Refused)
        co_return api_error(Failure::BadRequest,
                            "Content-Type must be multipart/form-data or application/json");
    if (form == BodyForm::Opaque) co_return choose_model(query_value(head.query(), kModelField));
    const std::optional<std::string> boundary = multipart_boundary(head.headers.get("Content-Type"));
    if (!boundary || head.headers.count("Content-Type") != 1)
        co_return api_error(Failure::BadRequest,
                            "multipart/form-data needs one boundary of 1 to 70 characters (RFC 2046)");
    MultipartScanner scanner(*boundary, kModelField);
    const Status read = co_await upload_->look_ahead(scanner);
    if (!read) co_return std::nullopt;  // told by `trouble`
    if (scanner.malformed())
        co_return api_error(Failure::BadRequest,
                            "The body is not multipart/form-data of the announced boundary");
    co_return choose_model(scanner.value());
}

void Inference::count_upload() {
    call_.request_bytes = upload_->bytes();
    call_.metrics.request_bytes.add(upload_->bytes());
}

// The engine has answered, or failed: the rest of the body is read for its hash. False: the exchange is over.
net::Task<bool> Inference::settle_upload() {
    if (!upload_->trouble()) (void)co_await upload_->drain();
    if (upload_->trouble()) {
        const std::int64_t limit = upload_bytes(call_.config(), route_.intake, call_.exchange.head().path());
        co_await upload_failed(limit);
        co_return false;
    }
    count_upload();
    const Digest256 received = upload_->received_hash();
    set_request_hash(received);
    fields_.forwarded = receipt::ForwardedHash(upload_->forwarded_hash().bytes);
    watch_client();
    co_return true;
}

// The client's body broke off, is too long, or does not come. Where the engine has seen nothing of it, the
// answer is as for a body that is taken whole.
net::Task<void> Inference::upload_failed(std::int64_t limit) {
    const Error error = *upload_->trouble();
    count_upload();
    const bool gone = error.code == Errc::Closed;
    if (!upload_->begun() && !gone) {
        ApiError answer = body_error(error, limit);
        co_await respond_error(call_, std::move(answer));
        co_return;
    }
    const Digest256 received = upload_->received_hash();
    set_request_hash(received);
    fields_.forwarded.reset();
    if (upload_->begun()) fields_.forwarded = receipt::ForwardedHash(upload_->forwarded_hash().bytes);
    if (gone) {
        cut(receipt::CutBy::Client);
        co_await record_cut(*cut_);
        co_return;
    }
    ApiError answer = body_error(error, limit);
    co_await refuse(std::move(answer));
}

}  // namespace lumoz::gateway
