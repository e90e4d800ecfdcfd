// SPDX-License-Identifier: Apache-2.0
#include "tee/tsm_entry.hpp"

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "evidence/tdx_layout.hpp"
#include "tee/retry.hpp"

#include <cerrno>
#include <charconv>
#include <optional>

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.configfs";
constexpr std::size_t kMaxAttribute = 4096;  // provider, generation
using EntryName = FixedBytes<struct EntryNameTag, 16>;

/// What a folder that cannot be made says about the machine.
std::unexpected<Error> no_entry(int negated) {
    Error error = kernel_error(kWhere, "mkdir", negated).error();
    if (negated == -ENOENT) error.detail += " (configfs is not mounted, or the kernel is older than 6.7)";
    if (negated == -ENXIO) error.detail += " (no TEE driver is loaded)";
    return std::unexpected(std::move(error));
}

/// A directory under the report folder that exists as long as this object.
class Entry {
public:
    static Result<Entry> make(KernelFiles& files, const std::filesystem::path& root, Deadline deadline) {
        const auto path = root / ("lumoz-" + to_hex(crypto::random_fixed<EntryName>().view()));
        const int made = repeated(deadline, [&] { return files.make_dir(path); });
        if (made < 0) return no_entry(made);
        return Entry(files, path);
    }
    Entry(Entry&& other) noexcept : files_(std::exchange(other.files_, nullptr)), path_(other.path_) {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    Entry& operator=(Entry&&) = delete;
    ~Entry() {
        // Nothing can be done about a directory that stays; its name is never used again.
        if (files_ != nullptr) files_->remove_dir(path_);
    }

    /// The whole attribute, read anew from its start whenever the kernel was disturbed or busy.
    Result<Bytes> read(std::string_view attribute, std::size_t most, Deadline deadline) {
        const auto path = path_ / attribute;
        Bytes out;
        const std::int64_t result = repeated(deadline, [&] { return read_whole(*files_, path, most, out); });
        if (result < 0) return kernel_error(kWhere, attribute, result);
        return out;
    }

    Status write_inblob(const ReportData& report_data, Deadline deadline) {
        const auto path = path_ / "inblob";
        const std::int64_t result = repeated(deadline, [&]() -> std::int64_t {
            OpenFile file(*files_, files_->open_write(path));
            if (file.get() < 0) return file.get();
            const std::int64_t taken = files_->write(file.get(), report_data.view());
            if (taken < 0) return taken;
            ++writes_;
            const int closed = file.finish();
            return closed < 0 ? closed : taken;
        });
        if (result < 0) return kernel_error(kWhere, "inblob", result);
        if (result != static_cast<std::int64_t>(ReportData::kSize)) {
            return fail(Errc::Io, "E_TEE_IO", kWhere, "inblob: a short write");
        }
        return {};
    }

    /// How often this object wrote; a generation above it is another writer's.
    [[nodiscard]] std::uint64_t writes() const { return writes_; }

    Result<std::uint64_t> generation(Deadline deadline) {
        LUMOZ_TRY(const Bytes raw, read("generation", kMaxAttribute, deadline));
        std::string_view text = as_text(raw);
        if (text.ends_with('\n')) text.remove_suffix(1);
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size()) {
            return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, "generation is not a number");
        }
        return value;
    }

private:
    Entry(KernelFiles& files, std::filesystem::path path) : files_(&files), path_(std::move(path)) {}

    KernelFiles* files_;
    std::filesystem::path path_;
    std::uint64_t writes_ = 0;  ///< that may have reached the driver
};

/// One try: the quote, or nothing when somebody else wrote to the entry meanwhile.
Result<std::optional<Bytes>> quote_once(KernelFiles& files, const std::filesystem::path& root,
                                        const ReportData& report_data, Deadline deadline) {
    LUMOZ_TRY(Entry entry, Entry::make(files, root, deadline));
    LUMOZ_CHECK_OK(entry.write_inblob(report_data, deadline));
    LUMOZ_TRY(const std::uint64_t before, entry.generation(deadline));
    // configfs hands a binary attribute over when it is closed and drops the driver's answer: a generation
    // that did not move is all there is to see of a refusal.
    if (before == 0) {
        return fail(Errc::Unavailable, "E_TEE_REFUSED", kWhere, "the kernel did not take the report data");
    }
    if (before > entry.writes()) return std::optional<Bytes>();
    LUMOZ_TRY(Bytes quote, entry.read("outblob", evidence::kMaxQuoteSize, deadline));
    LUMOZ_TRY(const std::uint64_t after, entry.generation(deadline));
    if (before != after) return std::optional<Bytes>();
    if (quote.empty()) {
        return fail(Errc::Malformed, "E_TEE_EMPTY", kWhere,
                    "outblob is empty: the host's quote generation service is missing or out of date");
    }
    return std::optional<Bytes>(std::move(quote));
}

}  // namespace

Result<std::string> tsm_provider(KernelFiles& files, const std::filesystem::path& root, Deadline deadline) {
    LUMOZ_TRY(Entry entry, Entry::make(files, root, deadline));
    LUMOZ_TRY(const Bytes raw, entry.read("provider", kMaxAttribute, deadline));
    std::string provider(as_text(raw));
    if (provider.ends_with('\n')) provider.pop_back();
    return provider;
}

Result<Bytes> tsm_quote(KernelFiles& files, const std::filesystem::path& root, const ReportData& report_data,
                        Deadline deadline) {
    BackOff back_off(deadline);
    for (;;) {
        LUMOZ_TRY(auto quote, quote_once(files, root, report_data, deadline));
        if (quote) return *std::move(quote);
        if (back_off.over()) {
            return fail(Errc::Unavailable, "E_TEE_BUSY", kWhere, "another writer kept changing the entry");
        }
        back_off.pause();
    }
}

}  // namespace lumoz::tee
