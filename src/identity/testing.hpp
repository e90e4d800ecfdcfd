// SPDX-License-Identifier: Apache-2.0
// What the tests of identity/ share: a movable clock, a device that answers as told, a service with keys.
#pragma once

#include "identity/public_identity.hpp"
#include "tee/device.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace lumoz::identity::testing {

class MovableClock final : public Clock {
public:
    [[nodiscard]] UnixTime now() const override { return time.load(); }
    std::atomic<UnixTime> time{1'750'000'000};
};

/// A device whose "quote" is the REPORTDATA itself behind a fixed beginning. It can be made to wait or fail.
class ScriptedDevice final : public tee::Device {
public:
    [[nodiscard]] std::string_view kind() const override { return "scripted"; }
    [[nodiscard]] std::string_view tee_type() const override { return "tdx"; }
    Result<tee::Evidence> quote(const ReportData& report_data) override {
        std::unique_lock lock(mutex_);
        ++quotes_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return !stopped_; });
        if (failing_) return fail(Errc::Timeout, "E_TEE_TIMEOUT", "test.device");
        tee::Evidence out;
        out.quote = Bytes(16, 0xab);
        append(out.quote, report_data.view());
        out.event_log = event_log;
        out.vm_config = R"({"cpu_count":2})";
        return out;
    }
    Result<tee::GuestInfo> info() override { return tee::GuestInfo{"{}"}; }

    /// From now on a quote waits until go().
    void stop() { set(stopped_, true); }
    void go() { set(stopped_, false); }
    void fail_from_now(bool failing) { set(failing_, failing); }
    [[nodiscard]] int quotes() const {
        const std::lock_guard lock(mutex_);
        return quotes_;
    }
    /// Waits until the device was asked `n` times.
    void wait_for(int n) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return quotes_ >= n; });
    }

    std::string event_log = R"([{"imr":3,"event":"compose-hash"}])";

private:
    void set(bool& what, bool value) {
        const std::lock_guard lock(mutex_);
        what = value;
        changed_.notify_all();
    }
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool stopped_ = false;
    bool failing_ = false;
    int quotes_ = 0;
};

inline ServiceFacts facts(bool tls) {
    ServiceFacts out;
    out.models = {{"smollm2", "sha256:" + std::string(64, '5')}};
    out.config_sha256.bytes.fill(0x66);
    out.tls = tls;
    if (tls) out.tls_domain = "service.example";
    if (tls) out.tls_certificate_pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    out.provenance.repo_url = "https://example.org/repo";
    return out;
}

/// Keys and what is public about them.
struct Service {
    explicit Service(bool tls = true)
        : keys(*ServiceKeys::generate(clock)), identity(describe(keys, facts(tls))) {}
    MovableClock clock;
    ServiceKeys keys;
    PublicIdentity identity;
};

}  // namespace lumoz::identity::testing
