// SPDX-License-Identifier: Apache-2.0
#include "gateway/pages.hpp"

#include "base/json.hpp"
#include "gateway/engine_pages.hpp"
#include "gateway/evidence_pages.hpp"
#include "gateway/model_pages.hpp"
#include "gateway/usage_page.hpp"
#include "receipt/proof.hpp"

namespace lumoz::gateway {
namespace {

std::string root_json(const Call& call) {
    json::Writer w;
    w.object();
    w.key("api_version").string("aci/1");
    w.key("workload_keyset_digest").string(call.keys->identity.keyset_digest);
    w.end();
    return std::move(w).text();
}

std::string version_json(const Service& service) {
    json::Writer w;
    w.object();
    w.key("version").string(service.version);
    w.key("type").string("lumozd");
    w.end();
    return std::move(w).text();
}

net::Task<void> answer_ready(Call& call) {
    const std::vector<ReadyCheck> checks = ready_checks(call.service);
    const bool ready = std::ranges::all_of(checks, &ReadyCheck::ok);
    std::string body = ready_json(checks, authentication_on(call.service.config));
    co_await respond_json(call, ready ? 200 : 503, std::move(body));
}

net::Task<void> answer_metrics(Call& call) {
    const std::string body = metrics_page(call.service);
    call.status = 200;
    call.response_bytes = body.size();
    const net::Headers headers = answer_headers(call, "text/plain; version=0.0.4; charset=utf-8");
    const Status sent = co_await call.exchange.respond(200, headers, as_bytes(body));
    if (!sent) call.cut_by = "client";
}

/// What the caller may read: the record, or the error to answer with (design decision 13).
std::expected<store::StoredRecord, ApiError> find_record(const Call& call) {
    const bool open = call.principal.state == AuthState::Open || call.config().signatures_open;
    const std::string& id = call.route->parameter;
    if (id.size() > store::kMaxIdBytes) return std::unexpected(api_error(Failure::SignatureNotFound));
    std::optional<std::string_view> owner;
    if (!open) owner = call.principal.name;
    Result<std::optional<store::StoredRecord>> found = call.service.store.find(owner, id);
    if (!found) return std::unexpected(api_error(Failure::StoreUnhealthy));
    if (!*found) return std::unexpected(api_error(Failure::SignatureNotFound));
    return std::move(**found);
}

net::Task<void> answer_receipt(Call& call) {
    auto found = find_record(call);
    if (!found) {
        co_await respond_error(call, std::move(found).error());
        co_return;
    }
    co_await respond_json(call, 200, std::move(found->record.receipt_json));
}

std::optional<receipt::Algo> wanted_algo(std::string_view query) {
    const std::string algo = query_value(query, "signing_algo").value_or("ecdsa");
    if (algo == "ecdsa") return receipt::Algo::Ecdsa;
    if (algo == "ed25519") return receipt::Algo::Ed25519;
    return std::nullopt;
}

net::Task<void> answer_signature(Call& call) {
    const std::optional<receipt::Algo> algo = wanted_algo(call.exchange.head().query());
    if (!algo) {
        ApiError error =
            api_error(Failure::BadRequest, "Invalid signing algorithm. Must be 'ed25519' or 'ecdsa'");
        co_await respond_error(call, std::move(error));
        co_return;
    }
    auto found = find_record(call);
    if (!found) {
        co_await respond_error(call, std::move(found).error());
        co_return;
    }
    if (!found->record.signatures) {
        ApiError error = api_error(Failure::Incomplete);
        error.detail_name = "receipt_id";
        error.detail_value = found->record.receipt_id;
        co_await respond_error(call, std::move(error));
        co_return;
    }
    std::string body = receipt::signature_json(*algo, *found->record.signatures, found->signers);
    co_await respond_json(call, 200, std::move(body));
}

/// Time until the stapled collateral runs out; nothing when there is none.
std::optional<std::int64_t> collateral_seconds_left(const Service& service) {
    const auto current = service.collateral.current();
    if (!current) return std::nullopt;
    return current->expires_at - service.clock.now();
}

/// Long before the collateral runs out, and whenever it could not be renewed.
std::string collateral_warning(const Service& service) {
    std::string warning;
    const std::shared_ptr<const KeyEpoch> keys = service.keys.get();
    const Config& config = keys->config != nullptr ? *keys->config : service.config;
    const auto before = std::chrono::duration_cast<std::chrono::seconds>(config.collateral_warn_before);
    const auto left = collateral_seconds_left(service);
    if (left && *left <= before.count()) warning = "runs out in " + std::to_string(*left) + " s";
    if (const Status trouble = service.collateral.trouble(); !trouble)
        warning.append(warning.empty() ? "" : "; ").append("not renewed: ").append(trouble.error().rule);
    return warning;
}

std::string joined(const std::vector<std::string_view>& names) {
    std::string out;
    for (const std::string_view name : names)
        out.append(out.empty() ? "" : ", ").append(name);
    return out;
}

/// Which models the service is not ready without.
std::string engine_reason(const ModelTable& models) {
    const std::vector<std::string_view> missing = models.missing(false);
    if (missing.empty()) return {};
    if (models.all().size() == 1) return "the engine does not answer";
    return "no answer from the engines of: " + joined(missing);
}

std::string engine_warning(const ModelTable& models) {
    const std::vector<std::string_view> missing = models.missing(true);
    return missing.empty() ? std::string() : "optional models that do not answer: " + joined(missing);
}

}  // namespace

std::vector<ReadyCheck> ready_checks(Service& service) {
    const Status store = service.store.healthy();
    const Status collateral = service.collateral.status();
    const bool expired = service.clock.now() >= service.keys.get()->identity.not_after;
    const std::shared_ptr<const ModelTable> models = service.models.get();
    const bool engine = models->ready();
    const bool attested = service.attested.load();
    const bool draining = service.draining.load();
    return {
        {"engine", engine, engine_reason(*models), engine_warning(*models)},
        {"keys", attested, attested ? "" : "the evidence of the keys is not stored", keys_warning(service)},
        {"store", store.has_value(), std::string(store ? "" : store.error().rule)},
        {"collateral", collateral.has_value(), std::string(collateral ? "" : collateral.error().rule),
         collateral_warning(service)},
        {"keyset", !expired, expired ? "the keyset is past not_after" : ""},
        {"tls", true, "", tls_warning(service)},
        {"service", !draining, draining ? "the service is shutting down" : ""},
    };
}

std::string ready_json(const std::vector<ReadyCheck>& checks, bool authentication) {
    json::Writer w;
    w.object();
    w.key("status").string(std::ranges::all_of(checks, &ReadyCheck::ok) ? "ready" : "not_ready");
    w.key("missing").array();
    for (const ReadyCheck& check : checks)
        if (!check.ok) w.string(check.name);
    w.end();
    w.key("checks").object();
    for (const ReadyCheck& check : checks)
        w.key(check.name).string(check.ok ? "ok" : check.reason);
    w.end();
    w.key("warnings").object();
    for (const ReadyCheck& check : checks)
        if (!check.warning.empty()) w.key(check.name).string(check.warning);
    w.end();
    w.key("authentication").string(authentication ? "on" : "off");
    w.key("receipts").string(authentication ? "by credential" : "open to everybody");
    w.end();
    return std::move(w).text();
}

std::string metrics_page(Service& service) {
    Metrics sum;
    service.metrics.sum(sum);
    std::string out;
    sum.write(out);
    const store::StoreCounters store = service.store.counters();
    const identity::AttestorCounters attestor = service.attestor.counters();
    const std::shared_ptr<const KeyEpoch> keys = service.keys.get();
    const identity::ReportsCounters reports = keys->reports.counters();
    const auto counter = [&out](std::string_view name, std::string_view help, std::uint64_t value) {
        write_metric(out, name, "counter", help, static_cast<double>(value));
    };
    const auto gauge = [&out](std::string_view name, std::string_view help, double value) {
        write_metric(out, name, "gauge", help, value);
    };
    counter("lumoz_store_appended_total", "Records made durable.", store.appended);
    counter("lumoz_store_commits_total", "Transactions.", store.commits);
    counter("lumoz_store_failed_total", "Records that were not stored.", store.failed);
    counter("lumoz_store_deleted_total", "Records past their retention.", store.deleted);
    gauge("lumoz_store_queued", "Records that wait.", static_cast<double>(store.queued));
    gauge("lumoz_store_bytes", "Size of the store.", static_cast<double>(store.bytes_used));
    gauge("lumoz_store_free_bytes", "Free space of its file system.", static_cast<double>(store.bytes_free));
    counter("lumoz_quotes_total", "Quotes made by the TEE.", attestor.quotes);
    counter("lumoz_quotes_failed_total", "Quotes that the TEE refused.", attestor.failed);
    counter("lumoz_quotes_coalesced_total", "Requests that shared a quote.", attestor.coalesced);
    counter("lumoz_quotes_refused_total", "Requests that found the queue full.", attestor.refused);
    gauge("lumoz_quotes_waiting", "Requests that wait for a quote.", static_cast<double>(attestor.waiting));
    counter("lumoz_attestation_cache_hits_total", "Reports without nonce from the cache.",
            reports.cache_hits);
    counter("lumoz_attestation_cache_misses_total", "Reports without nonce that were made.",
            reports.cache_misses);
    const identity::CollateralCounters collateral = service.collateral.counters();
    if (const auto left = collateral_seconds_left(service))
        gauge("lumoz_collateral_seconds_left", "Until the stapled collateral runs out; negative when it has.",
              static_cast<double>(*left));
    gauge("lumoz_collateral_warning", "1 when /ready has a warning about the collateral.",
          collateral_warning(service).empty() ? 0 : 1);
    counter("lumoz_collateral_renewals_total", "Attempts that brought all collateral that was wanted.",
            collateral.renewals);
    counter("lumoz_collateral_failures_total", "Attempts to renew collateral that failed.",
            collateral.failures);
    const std::shared_ptr<const ModelTable> models = service.models.get();
    gauge("lumoz_engine_ready", "1 when the engine answers.", models->ready() ? 1 : 0);
    write_model_metrics(out, *models);
    write_key_metrics(service, out);
    if (service.config.compatible_metrics) {
        sum.write_compatible(out);
        counter("attestation_cache_hits_total", "Reports without nonce from the cache.", reports.cache_hits);
        counter("attestation_cache_misses_total", "Reports without nonce that were made.",
                reports.cache_misses);
    }
    return out;
}

net::Task<void> answer_page(Call& call) {
    switch (call.route->page) {
        case Page::Root:
            co_await respond_json(call, 200, root_json(call));
            break;
        case Page::Version:
            co_await respond_json(call, 200, version_json(call.service));
            break;
        case Page::Health:
            co_await respond_json(call, 200, R"({"status":"ok"})");
            break;
        case Page::Ready:
            co_await answer_ready(call);
            break;
        case Page::Metrics:
            co_await answer_metrics(call);
            break;
        case Page::EngineMetrics:
            co_await answer_engine_metrics(call);
            break;
        case Page::Models:
        case Page::ModelEntry:
            co_await answer_models_page(call);
            break;
        case Page::Signature:
            co_await answer_signature(call);
            break;
        case Page::Receipt:
            co_await answer_receipt(call);
            break;
        case Page::Usage:
            co_await answer_usage(call);
            break;
        default:
            co_await answer_evidence_page(call);
            break;
    }
}

}  // namespace lumoz::gateway
