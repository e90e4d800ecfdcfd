// SPDX-License-Identifier: Apache-2.0
#include "tee/configfs_tsm.hpp"

#include "tee/bounded.hpp"
#include "tee/report_data.hpp"
#include "tee/tsm_entry.hpp"

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.configfs";
constexpr std::string_view kTdxProvider = "tdx_guest";

class ConfigfsTsm final : public Device {
public:
    ConfigfsTsm(std::filesystem::path root, std::chrono::milliseconds time_limit,
                std::shared_ptr<KernelFiles> files, BootLog log, std::shared_ptr<Turn> turn)
        : root_(std::move(root)),
          time_limit_(time_limit),
          files_(std::move(files)),
          log_(std::move(log)),
          turn_(std::move(turn)) {}

    std::string_view kind() const override { return "configfs-tsm"; }
    std::string_view tee_type() const override { return "tdx"; }
    std::string_view no_event_log() const override { return log_.missing; }

    Result<Evidence> quote(const ReportData& report_data) override {
        const Deadline deadline = std::chrono::steady_clock::now() + time_limit_;
        auto quote =
            bounded<Bytes>(turn_, deadline, kWhere, [files = files_, root = root_, report_data, deadline] {
                return tsm_quote(*files, root, report_data, deadline);
            });
        if (!quote) return std::unexpected(std::move(quote).error());
        LUMOZ_CHECK_OK(check_quote_answers(*quote, report_data));
        return Evidence{.quote = *std::move(quote), .event_log = {}, .vm_config = {}, .cc_log = log_.bytes};
    }

    Result<GuestInfo> info() override { return GuestInfo{"{}"}; }

private:
    std::filesystem::path root_;
    std::chrono::milliseconds time_limit_;
    std::shared_ptr<KernelFiles> files_;
    BootLog log_;
    std::shared_ptr<Turn> turn_;
};

}  // namespace

Result<std::unique_ptr<Device>> open_configfs_tsm(const std::filesystem::path& root,
                                                  std::chrono::milliseconds time_limit,
                                                  std::shared_ptr<KernelFiles> files, BootLog log) {
    const Deadline deadline = std::chrono::steady_clock::now() + time_limit;
    const auto turn = std::make_shared<Turn>();
    auto provider = bounded<std::string>(
        turn, deadline, kWhere, [files, root, deadline] { return tsm_provider(*files, root, deadline); });
    if (!provider) return std::unexpected(std::move(provider).error());
    if (*provider != kTdxProvider) {
        return fail(Errc::Unavailable, "E_TEE_NONE", kWhere,
                    provider->starts_with("sev_guest") ? "the provider is sev_guest; only tdx_guest is served"
                                                       : "the provider is not tdx_guest");
    }
    return std::make_unique<ConfigfsTsm>(root, time_limit, std::move(files), std::move(log), turn);
}

}  // namespace lumoz::tee
