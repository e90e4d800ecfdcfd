// SPDX-License-Identifier: Apache-2.0
#include "tee/configfs_tsm.hpp"

#include "tee/report_data.hpp"
#include "tee/tsm_entry.hpp"

#include <optional>
#include <thread>

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.configfs";
constexpr std::string_view kTdxProvider = "tdx_guest";

/// What a request that hangs in the kernel still needs when its caller has left: owned by the Device and by
/// the thread of the request, whichever lives longer.
struct Shared {
    std::filesystem::path root;
    std::shared_ptr<TsmFiles> files;
    Turn turn;
};

/// Where the thread of one request leaves its result; owned by it and by the waiting caller.
template <class T>
struct Slot {
    std::mutex mutex;
    std::condition_variable filled;
    std::optional<Result<T>> result;
};

/// Runs `work` on a thread of its own and waits for it until the deadline. The turn is given back when the
/// work really ends, so that nothing else is asked of a device that still hangs.
template <class T, class Work>
Result<T> bounded(const std::shared_ptr<Shared>& shared, Deadline deadline, Work work) {
    if (!shared->turn.take(deadline)) {
        return fail(Errc::Unavailable, "E_TEE_BUSY", kWhere, "an earlier request is still in flight");
    }
    const auto slot = std::make_shared<Slot<T>>();
    std::thread([shared, slot, work = std::move(work)] {
        auto result = work(*shared);
        shared->turn.give_back();
        const std::lock_guard lock(slot->mutex);
        slot->result.emplace(std::move(result));
        slot->filled.notify_one();
    }).detach();
    std::unique_lock lock(slot->mutex);
    if (!slot->filled.wait_until(lock, deadline, [&] { return slot->result.has_value(); })) {
        return fail(Errc::Timeout, "E_TEE_TIMEOUT", kWhere, "the kernel did not answer in time");
    }
    return *std::move(slot->result);
}

class ConfigfsTsm final : public Device {
public:
    ConfigfsTsm(std::shared_ptr<Shared> shared, std::chrono::milliseconds time_limit)
        : shared_(std::move(shared)), time_limit_(time_limit) {}

    std::string_view kind() const override { return "configfs-tsm"; }
    std::string_view tee_type() const override { return "tdx"; }

    Result<Evidence> quote(const ReportData& report_data) override {
        const Deadline deadline = std::chrono::steady_clock::now() + time_limit_;
        auto quote = bounded<Bytes>(shared_, deadline, [report_data, deadline](Shared& shared) {
            return tsm_quote(*shared.files, shared.root, report_data, deadline);
        });
        if (!quote) return std::unexpected(std::move(quote).error());
        LUMOZ_CHECK_OK(check_quote_answers(*quote, report_data));
        return Evidence{.quote = *std::move(quote), .event_log = {}, .vm_config = {}};
    }

    Result<GuestInfo> info() override { return GuestInfo{"{}"}; }

private:
    std::shared_ptr<Shared> shared_;
    std::chrono::milliseconds time_limit_;
};

}  // namespace

Result<std::unique_ptr<Device>> open_configfs_tsm(const std::filesystem::path& root,
                                                  std::chrono::milliseconds time_limit,
                                                  std::shared_ptr<TsmFiles> files) {
    const Deadline deadline = std::chrono::steady_clock::now() + time_limit;
    const auto shared = std::make_shared<Shared>();
    shared->root = root;
    shared->files = std::move(files);
    auto provider = bounded<std::string>(
        shared, deadline, [deadline](Shared& s) { return tsm_provider(*s.files, s.root, deadline); });
    if (!provider) return std::unexpected(std::move(provider).error());
    if (*provider != kTdxProvider) {
        return fail(Errc::Unavailable, "E_TEE_NONE", kWhere,
                    provider->starts_with("sev_guest") ? "the provider is sev_guest; only tdx_guest is served"
                                                       : "the provider is not tdx_guest");
    }
    return std::make_unique<ConfigfsTsm>(shared, time_limit);
}

}  // namespace lumoz::tee
