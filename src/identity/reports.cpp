// SPDX-License-Identifier: Apache-2.0
#include "identity/reports.hpp"

#include "base/json.hpp"
#include "crypto/random.hpp"

#include <mutex>

namespace lumoz::identity {
namespace {

using evidence::BindingForm;

constexpr std::size_t kWaiterLimit = 4096;
/// Kinds of documents without a nonce: three forms of the report for two keys, the ACI document, Tinfoil's.
constexpr std::size_t kKinds = 8;

std::size_t kind_of(BindingForm form, ReportKey key) {
    if (form == BindingForm::Aci) return kKinds - 1;
    if (form == BindingForm::TinfoilV2) return kKinds - 2;
    const std::size_t row = form == BindingForm::Plain ? 0 : form == BindingForm::Tls ? 1 : 2;
    return 2 * row + (key == ReportKey::Ed25519 ? 1 : 0);
}

/// A document without a nonce, kept for a while.
struct Slot {
    SharedText document;
    UnixTime made_at = 0;
    bool running = false;  ///< a quote for it is under way
    std::vector<Reports::Done> waiters;
};

}  // namespace

class Reports::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(PublicIdentity identity, TeeFacts tee, Attestor& attestor, CollateralSource& collateral,
         const Clock& clock, ReportsOptions options)
        : identity_(std::move(identity)),
          tee_(std::move(tee)),
          attestor_(attestor),
          collateral_(collateral),
          clock_(clock),
          options_(options) {
        // What a device says about its guest goes into documents as JSON: it must be that.
        const auto info =
            json::Document::parse(tee_.info_json, {.max_bytes = std::size_t{4} << 20, .max_depth = 32});
        if (!info || !info->root().is_object()) tee_.info_json = "{}";
    }

    void fresh(BindingForm form, ReportKey key, const Nonce& nonce, Done done);
    void cached(BindingForm form, ReportKey key, Done done);
    Result<std::string> birth_evidence();
    ReportsCounters counters() const;

private:
    SharedText build(const Binding& binding, const tee::Evidence& evidence, UnixTime made_at);
    std::string document(const Binding& binding, const tee::Evidence& evidence,
                         const StapledCollateral* collateral, UnixTime made_at) const;
    void renew(BindingForm form, ReportKey key);
    void renewed(std::size_t kind, UnixTime made_at, Result<SharedText> document);

    const PublicIdentity identity_;
    TeeFacts tee_;
    Attestor& attestor_;
    CollateralSource& collateral_;
    const Clock& clock_;
    const ReportsOptions options_;
    mutable std::mutex mutex_;
    std::array<Slot, kKinds> slots_;
    ReportsCounters counters_;
};

SharedText Reports::Impl::build(const Binding& binding, const tee::Evidence& evidence, UnixTime made_at) {
    // A file that is not good leaves the last good content in place; its status shows in /ready.
    [[maybe_unused]] const Status polled = collateral_.poll();
    const auto collateral = collateral_.current();
    {
        const std::lock_guard lock(mutex_);
        ++counters_.documents;
    }
    return std::make_shared<const std::string>(document(binding, evidence, collateral.get(), made_at));
}

std::string Reports::Impl::document(const Binding& binding, const tee::Evidence& evidence,
                                    const StapledCollateral* collateral, UnixTime made_at) const {
    switch (binding.form) {
        case BindingForm::Aci:
            return aci_attestation_json(identity_, tee_, binding, evidence, collateral);
        case BindingForm::TinfoilV2:
            return tinfoil_v2_json(tee_, evidence);
        case BindingForm::TinfoilV3:
            return tinfoil_v3_json(tee_, binding, evidence, collateral);
        default:
            return report_json(identity_, tee_, binding, evidence, collateral, made_at);
    }
}

void Reports::Impl::fresh(BindingForm form, ReportKey key, const Nonce& nonce, Done done) {
    const UnixTime made_at = clock_.now();
    Binding binding = bind_report(identity_, key, form, nonce);
    const ReportData report_data = binding.report_data;
    attestor_.quote(report_data, [self = shared_from_this(), binding = std::move(binding), made_at,
                                  done = std::move(done)](Result<SharedEvidence> evidence) mutable {
        if (evidence) {
            done(self->build(binding, **evidence, made_at));
        } else {
            done(std::unexpected(evidence.error()));
        }
    });
}

void Reports::Impl::cached(BindingForm form, ReportKey key, Done done) {
    SharedText hit;
    bool busy = false;
    bool start = false;
    {
        const std::lock_guard lock(mutex_);
        Slot& slot = slots_[kind_of(form, key)];
        const UnixTime age = clock_.now() - slot.made_at;
        const UnixTime keep = options_.cache_time.count();
        const bool good = slot.document && age >= 0 && age < keep;
        start = !slot.running && (!good || age >= keep / 2);
        if (good) {
            hit = slot.document;
            ++counters_.cache_hits;
        } else if (slot.waiters.size() >= kWaiterLimit) {
            busy = true;
        } else {
            ++counters_.cache_misses;
            slot.waiters.push_back(std::move(done));
        }
        if (start) slot.running = true;
    }
    if (hit) {
        done(std::move(hit));
    } else if (busy) {
        done(fail(Errc::Limit, "E_ATTEST_BUSY", "identity.reports"));
    }
    if (start) renew(form, key);
}

void Reports::Impl::renew(BindingForm form, ReportKey key) {
    const UnixTime made_at = clock_.now();
    std::optional<Nonce> nonce;
    // The v1 forms have a place for a nonce and none for "no nonce" (specs/api.md 3.1).
    if (form == BindingForm::Plain || form == BindingForm::Tls) nonce = crypto::random_fixed<Nonce>();
    Binding binding = bind_report(identity_, key, form, nonce);
    const ReportData report_data = binding.report_data;
    const std::size_t kind = kind_of(form, key);
    attestor_.quote(report_data, [self = shared_from_this(), binding = std::move(binding), made_at,
                                  kind](Result<SharedEvidence> evidence) {
        if (evidence) {
            self->renewed(kind, made_at, self->build(binding, **evidence, made_at));
        } else {
            self->renewed(kind, made_at, std::unexpected(evidence.error()));
        }
    });
}

void Reports::Impl::renewed(std::size_t kind, UnixTime made_at, Result<SharedText> document) {
    std::vector<Done> waiters;
    {
        const std::lock_guard lock(mutex_);
        Slot& slot = slots_[kind];
        slot.running = false;
        waiters.swap(slot.waiters);
        if (document) {
            slot.document = *document;
            slot.made_at = made_at;
        }
    }
    for (Done& done : waiters)
        done(document);
}

Result<std::string> Reports::Impl::birth_evidence() {
    const UnixTime made_at = clock_.now();
    const Binding binding = bind_report(identity_, ReportKey::Ecdsa, BindingForm::Lumoz, std::nullopt);
    LUMOZ_TRY(const SharedEvidence evidence, attestor_.quote_blocking(binding.report_data));
    collateral_.learn(evidence->quote);
    [[maybe_unused]] const Status polled = collateral_.poll();
    const auto collateral = collateral_.current();
    std::string text = stored_evidence_json(identity_, tee_, binding, *evidence, collateral.get(), made_at);
    if (text.empty()) {
        return fail(Errc::Limit, "E_EVIDENCE_SIZE", "identity.reports.birth", "the collection is over 8 MiB");
    }
    return text;
}

ReportsCounters Reports::Impl::counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
}

Reports::Reports(PublicIdentity identity, TeeFacts tee, Attestor& attestor, CollateralSource& collateral,
                 const Clock& clock, ReportsOptions options)
    : impl_(std::make_shared<Impl>(std::move(identity), std::move(tee), attestor, collateral, clock,
                                   options)) {}
Reports::~Reports() = default;

void Reports::report(const ReportQuery& query, Done done) {
    if (query.nonce) {
        impl_->fresh(query.form, query.key, *query.nonce, std::move(done));
    } else {
        impl_->cached(query.form, query.key, std::move(done));
    }
}

void Reports::aci_attestation(const std::optional<Nonce>& nonce, Done done) {
    if (nonce) {
        impl_->fresh(BindingForm::Aci, ReportKey::Ecdsa, *nonce, std::move(done));
    } else {
        impl_->cached(BindingForm::Aci, ReportKey::Ecdsa, std::move(done));
    }
}

void Reports::tinfoil(const std::optional<Nonce>& nonce, Done done) {
    if (nonce) {
        impl_->fresh(BindingForm::TinfoilV3, ReportKey::Ecdsa, *nonce, std::move(done));
    } else {
        impl_->cached(BindingForm::TinfoilV2, ReportKey::Ecdsa, std::move(done));
    }
}

Result<std::string> Reports::birth_evidence() {
    return impl_->birth_evidence();
}
ReportsCounters Reports::counters() const {
    return impl_->counters();
}

}  // namespace lumoz::identity
