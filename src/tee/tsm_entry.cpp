// SPDX-License-Identifier: Apache-2.0
#include "tee/tsm_entry.hpp"

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "evidence/tdx_layout.hpp"

#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>
#include <thread>

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.configfs";
constexpr std::size_t kMaxAttribute = 4096;  // provider, generation
constexpr auto kFirstPause = std::chrono::milliseconds(20);
constexpr auto kLongestPause = std::chrono::milliseconds(1000);
using EntryName = FixedBytes<struct EntryNameTag, 16>;

/// Waits longer each time, up to the deadline.
class BackOff {
public:
    explicit BackOff(Deadline deadline) : deadline_(deadline) {}
    [[nodiscard]] bool over() const { return std::chrono::steady_clock::now() >= deadline_; }
    void pause() {
        std::this_thread::sleep_until(
            std::min<Deadline>(deadline_, std::chrono::steady_clock::now() + next_));
        next_ = std::min<std::chrono::milliseconds>(next_ * 2, kLongestPause);
    }

private:
    Deadline deadline_;
    std::chrono::milliseconds next_ = kFirstPause;
};

std::unexpected<Error> failed(std::string_view what, std::int64_t negated) {
    const int error = static_cast<int>(-negated);
    const std::string detail = std::string(what) + ": " + std::system_category().message(error);
    switch (error) {
        case EBUSY:
        case EAGAIN:
            return fail(Errc::Unavailable, "E_TEE_BUSY", kWhere, detail);
        case EINTR:
        case ETIMEDOUT:
            return fail(Errc::Timeout, "E_TEE_TIMEOUT", kWhere, detail);
        case EFBIG:
            return fail(Errc::Limit, "E_TEE_TOO_LARGE", kWhere, detail);
        case EINVAL:
            return fail(Errc::Unavailable, "E_TEE_REFUSED", kWhere, detail);
        default:
            return fail(Errc::Io, "E_TEE_IO", kWhere, detail);
    }
}

bool passes(std::int64_t result) {
    return result == -EINTR || result == -EBUSY || result == -EAGAIN;
}

/// Repeats `call` after a pause while the kernel says that it was disturbed or is busy.
template <class Call>
auto repeated(Deadline deadline, Call call) {
    BackOff back_off(deadline);
    for (;;) {
        const auto result = call();
        if (!passes(result) || back_off.over()) return result;
        back_off.pause();
    }
}

/// Closes a descriptor at the end of its scope, unless `finish` closed it before.
class OpenFile {
public:
    OpenFile(TsmFiles& files, int fd) : files_(files), fd_(fd) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (fd_ >= 0) files_.close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }
    int finish() { return files_.close(std::exchange(fd_, -1)); }

private:
    TsmFiles& files_;
    int fd_;
};

/// A directory under the report folder that exists as long as this object.
class Entry {
public:
    static Result<Entry> make(TsmFiles& files, const std::filesystem::path& root, Deadline deadline) {
        const auto path = root / ("lumoz-" + to_hex(crypto::random_fixed<EntryName>().view()));
        const int made = repeated(deadline, [&] { return files.make_dir(path); });
        if (made < 0) return failed("mkdir", made);
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
        const std::int64_t result = repeated(deadline, [&] { return read_once(path, most, out); });
        if (result < 0) return failed(attribute, result);
        return out;
    }

    Status write_inblob(const ReportData& report_data, Deadline deadline) {
        const auto path = path_ / "inblob";
        const std::int64_t result = repeated(deadline, [&]() -> std::int64_t {
            OpenFile file(*files_, files_->open_write(path));
            if (file.get() < 0) return file.get();
            const std::int64_t taken = files_->write(file.get(), report_data.view());
            if (taken < 0) return taken;
            const int closed = file.finish();
            return closed < 0 ? closed : taken;
        });
        if (result < 0) return failed("inblob", result);
        if (result != static_cast<std::int64_t>(ReportData::kSize)) {
            return fail(Errc::Io, "E_TEE_IO", kWhere, "inblob: a short write");
        }
        return {};
    }

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
    Entry(TsmFiles& files, std::filesystem::path path) : files_(&files), path_(std::move(path)) {}

    std::int64_t read_once(const std::filesystem::path& path, std::size_t most, Bytes& out) {
        OpenFile file(*files_, files_->open_read(path));
        if (file.get() < 0) return file.get();
        out.clear();
        for (;;) {
            const std::size_t have = out.size();
            const std::size_t room = std::min<std::size_t>(most + 1 - have, 8192);
            out.resize(have + room);
            const std::int64_t n = files_->read(file.get(), std::span(out).subspan(have, room));
            out.resize(have + static_cast<std::size_t>(std::max<std::int64_t>(n, 0)));
            if (n <= 0) return n;
            if (out.size() > most) return -EFBIG;
        }
    }

    TsmFiles* files_;
    std::filesystem::path path_;
};

/// One try: the quote, or nothing when somebody else wrote to the entry meanwhile.
Result<std::optional<Bytes>> quote_once(TsmFiles& files, const std::filesystem::path& root,
                                        const ReportData& report_data, Deadline deadline) {
    LUMOZ_TRY(Entry entry, Entry::make(files, root, deadline));
    LUMOZ_CHECK_OK(entry.write_inblob(report_data, deadline));
    LUMOZ_TRY(const std::uint64_t before, entry.generation(deadline));
    // configfs hands a binary attribute over when it is closed and drops the driver's answer: a generation
    // that did not move is all there is to see of a refusal.
    if (before == 0) {
        return fail(Errc::Unavailable, "E_TEE_REFUSED", kWhere, "the kernel did not take the report data");
    }
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

Result<std::string> tsm_provider(TsmFiles& files, const std::filesystem::path& root, Deadline deadline) {
    LUMOZ_TRY(Entry entry, Entry::make(files, root, deadline));
    LUMOZ_TRY(const Bytes raw, entry.read("provider", kMaxAttribute, deadline));
    std::string provider(as_text(raw));
    if (provider.ends_with('\n')) provider.pop_back();
    return provider;
}

Result<Bytes> tsm_quote(TsmFiles& files, const std::filesystem::path& root, const ReportData& report_data,
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
