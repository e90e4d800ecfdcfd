// SPDX-License-Identifier: Apache-2.0
#include "tee/rtmr.hpp"

#include "tee/retry.hpp"

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.rtmr";
constexpr std::string_view kFolders[] = {"sys/class/misc/tdx_guest/measurements",
                                         "sys/devices/virtual/misc/tdx_guest/measurements"};

Result<std::string> rtmr_name(unsigned number) {
    if (number >= kRtmrs) {
        return fail(Errc::Usage, "E_TEE_RTMR", kWhere,
                    "RTMR " + std::to_string(number) + "; there are 0 to 3");
    }
    return "rtmr" + std::to_string(number) + ":sha384";
}

}  // namespace

Result<MeasurementRegisters> MeasurementRegisters::open(std::shared_ptr<KernelFiles> files,
                                                        const std::filesystem::path& root) {
    std::string looked_for;
    for (const std::string_view folder : kFolders) {
        const std::filesystem::path path = root / folder;
        const OpenFile probe(*files, files->open_read(path / "rtmr3:sha384"));
        if (probe.get() >= 0) return MeasurementRegisters(std::move(files), path);
        looked_for +=
            "\n  " + path.string() + ": " + kernel_error(kWhere, "open", probe.get()).error().detail;
    }
    return fail(Errc::Unavailable, "E_TEE_NONE", kWhere,
                "no measurement registers in sysfs (Linux 6.16 or later); looked for:" + looked_for);
}

Result<Digest384> MeasurementRegisters::rtmr(unsigned number, Deadline deadline) const {
    LUMOZ_TRY(const std::string name, rtmr_name(number));
    return read(name, deadline);
}
Result<Digest384> MeasurementRegisters::mr_td(Deadline deadline) const {
    return read("mrtd:sha384", deadline);
}
Result<Digest384> MeasurementRegisters::mr_config_id(Deadline deadline) const {
    return read("mrconfigid", deadline);
}
Result<Digest384> MeasurementRegisters::mr_owner(Deadline deadline) const {
    return read("mrowner", deadline);
}
Result<Digest384> MeasurementRegisters::mr_owner_config(Deadline deadline) const {
    return read("mrownerconfig", deadline);
}

Result<Digest384> MeasurementRegisters::read(std::string_view name, Deadline deadline) const {
    Bytes value;
    const std::int64_t result =
        repeated(deadline, [&] { return read_whole(*files_, folder_ / name, Digest384::kSize, value); });
    if (result == -EFBIG || (result >= 0 && value.size() != Digest384::kSize)) {
        return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, std::string(name) + " is not 48 bytes");
    }
    if (result < 0) return kernel_error(kWhere, name, result);
    return Digest384::from(value);
}

Status MeasurementRegisters::extend(unsigned number, const Digest384& digest, Deadline deadline) const {
    LUMOZ_TRY(const std::string name, rtmr_name(number));
    const std::int64_t result = repeated(deadline, [&]() -> std::int64_t {
        OpenFile file(*files_, files_->open_write(folder_ / name));
        if (file.get() < 0) return file.get();
        return files_->write(file.get(), digest.view());
    });
    if (result < 0) return kernel_error(kWhere, name, result);
    if (result != static_cast<std::int64_t>(Digest384::kSize)) {
        return fail(Errc::Io, "E_TEE_IO", kWhere,
                    name + ": a short write; whether the register was extended is not known");
    }
    return {};
}

}  // namespace lumoz::tee
