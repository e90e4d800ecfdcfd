// SPDX-License-Identifier: Apache-2.0
#include "collateral/cache.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lumoz::collateral {
namespace {

constexpr std::size_t kMostBytes = std::size_t{4} << 20;

std::unexpected<Error> trouble(std::string_view what, const std::filesystem::path& path, int code) {
    return fail(Errc::Io, "E_COLLATERAL_FILE", "collateral.cache",
                std::string(what) + " " + path.string() + ", errno " + std::to_string(code));
}

/// A descriptor that closes itself.
class File {
public:
    File(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

/// Nothing when the file is not there.
Result<std::optional<std::string>> read_whole(const std::filesystem::path& path) {
    const File file(path, O_RDONLY | O_NONBLOCK);
    if (file.get() < 0) {
        if (errno == ENOENT) return std::optional<std::string>();
        return trouble("cannot open", path, errno);
    }
    struct stat info{};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < 0 ||
        static_cast<std::size_t>(info.st_size) > kMostBytes)
        return trouble("no file of at most 4 MiB:", path, 0);
    std::string text(static_cast<std::size_t>(info.st_size), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const ssize_t n = ::read(file.get(), text.data() + have, text.size() - have);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return trouble("cannot read", path, n < 0 ? errno : 0);
        have += static_cast<std::size_t>(n);
    }
    return std::optional(std::move(text));
}

Status write_all(int fd, std::string_view text, const std::filesystem::path& path) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return trouble("cannot write", path, n < 0 ? errno : 0);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

/// Another name first, then the right one: readers see the old bundle or the new one.
Status replace(const std::filesystem::path& path, std::string_view text) {
    const std::filesystem::path partial = path.string() + ".part-" + std::to_string(::getpid());
    {
        const File file(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
        if (file.get() < 0) return trouble("cannot make", partial, errno);
        LUMOZ_CHECK_OK(write_all(file.get(), text, partial));
        if (::fsync(file.get()) != 0) return trouble("cannot sync", partial, errno);
    }
    if (::rename(partial.c_str(), path.c_str()) != 0) return trouble("cannot rename", partial, errno);
    const File folder(path.parent_path(), O_RDONLY | O_DIRECTORY);
    if (folder.get() >= 0) ::fsync(folder.get());
    return {};
}

Status check_family(const Platform& platform, const verify::CheckedCollateral& checked) {
    if (checked.tdx == platform.tdx && checked.fmspc == platform.fmspc) return {};
    return fail(Errc::Refused, "E_COLLATERAL_PLATFORM", "collateral.cache",
                "it is of " + std::string(checked.tdx ? "tdx " : "sgx ") + checked.fmspc);
}

}  // namespace

std::filesystem::path CollateralCache::file_of(const Platform& platform, const Edition& edition) const {
    return directory_ / ((platform.tdx ? "tdx-" : "sgx-") + platform.fmspc + "-" + platform.ca + "-" +
                         edition.text() + ".json");
}

Result<std::optional<CachedCollateral>> CollateralCache::load(const Platform& platform,
                                                              const Edition& edition,
                                                              const verify::RootPins& roots,
                                                              UnixTime now) const {
    LUMOZ_TRY(const auto text, read_whole(file_of(platform, edition)));
    if (!text) return std::optional<CachedCollateral>();
    CachedCollateral out;
    LUMOZ_TRY(out.collateral, evidence::Collateral::parse(*text));
    LUMOZ_TRY(out.checked, verify::check_collateral(out.collateral, roots, now));
    LUMOZ_CHECK_OK(check_family(platform, out.checked));
    return std::optional(std::move(out));
}

Result<verify::CheckedCollateral> CollateralCache::store(const Platform& platform, const Edition& edition,
                                                         const evidence::Collateral& fresh,
                                                         const verify::RootPins& roots, UnixTime now) const {
    LUMOZ_TRY(verify::CheckedCollateral checked, verify::check_collateral(fresh, roots, now));
    LUMOZ_CHECK_OK(check_family(platform, checked));
    // What is there and does not hold any more may be replaced by anything that does.
    const auto known = load(platform, edition, roots, now);
    if (known && *known) {
        const verify::CheckedCollateral& old = (*known)->checked;
        if (checked.tcb_eval < old.tcb_eval ||
            (checked.tcb_eval == old.tcb_eval && checked.tcb_issued < old.tcb_issued))
            return fail(Errc::Refused, "E_COLLATERAL_OLDER", "collateral.cache", "older than what is cached");
    }
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    if (error) return trouble("cannot make", directory_, error.value());
    LUMOZ_CHECK_OK(replace(file_of(platform, edition), fresh.to_json()));
    return checked;
}

}  // namespace lumoz::collateral
