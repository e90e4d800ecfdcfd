// SPDX-License-Identifier: Apache-2.0
#include "simtee/state.hpp"

#include "base/hex.hpp"
#include "crypto/random.hpp"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace lumoz::simtee {
namespace {

constexpr std::size_t kSeedText = 65;  // 64 hex digits and a newline

std::unexpected<Error> state_error(std::string_view what, int error) {
    return fail(Errc::Io, "E_STATE", "simtee.state",
                std::string(what) + ": " + std::system_category().message(error));
}

Status write_whole(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return state_error("write", errno);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return ::fsync(fd) == 0 ? Status() : Status(state_error("fsync", errno));
}

Status write_new(const std::filesystem::path& path, std::string_view text, int flags, mode_t mode) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, mode);
    if (fd < 0) return state_error("open " + path.filename().string(), errno);
    Status written = write_whole(fd, text);
    if (::close(fd) != 0 && written) written = state_error("close", errno);
    return written;
}

Result<Digest256> read_seed(int fd) {
    char text[kSeedText + 1];
    const ssize_t n = ::read(fd, text, sizeof text);
    if (n < 0) return state_error("read root.seed", errno);
    std::string_view view(text, static_cast<std::size_t>(n));
    if (view.ends_with('\n')) view.remove_suffix(1);
    const auto seed = fixed_from_hex<Digest256>(view);
    if (!seed) return fail(Errc::Malformed, "E_STATE", "simtee.state", "root.seed is not 64 hex digits");
    return *seed;
}

}  // namespace

Result<Digest256> load_or_make_seed(const std::filesystem::path& dir) {
    std::error_code error;
    std::filesystem::create_directories(dir, error);
    if (error) return state_error("make the directory", error.value());
    const auto path = dir / "root.seed";
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        auto seed = read_seed(fd);
        ::close(fd);
        return seed;
    }
    if (errno != ENOENT) return state_error("open root.seed", errno);
    const auto seed = crypto::random_fixed<Digest256>();
    // Written whole under another name first: a start that is cut leaves no half seed.
    const auto beside = dir / ("root.seed." + std::to_string(::getpid()));
    LUMOZ_CHECK_OK(write_new(beside, to_hex(seed.view()) + "\n", O_EXCL, 0600));
    const int linked = ::link(beside.c_str(), path.c_str());
    const int link_errno = errno;
    ::unlink(beside.c_str());
    if (linked == 0) return seed;
    if (link_errno == EEXIST) return load_or_make_seed(dir);
    return state_error("link root.seed", link_errno);
}

Status write_atomically(const std::filesystem::path& path, std::string_view text) {
    std::filesystem::path beside = path;
    beside += ".new";
    LUMOZ_CHECK_OK(write_new(beside, text, O_TRUNC, 0644));
    if (::rename(beside.c_str(), path.c_str()) != 0) return state_error("rename", errno);
    return {};
}

Result<bool> PublishedFiles::renew_collateral(UnixTime now) {
    if (written_ && now >= *written_ && now - *written_ < kCollateralLifetime / 3) return false;
    const std::string text = machine_.vendor().collateral(now).to_json();
    LUMOZ_CHECK_OK(write_atomically(dir_ / "collateral.json", text + "\n"));
    written_ = now;
    return true;
}

Status PublishedFiles::write_policy() {
    const std::lock_guard lock(mutex_);
    return write_atomically(dir_ / "policy.json", machine_.policy_json() + "\n");
}

}  // namespace lumoz::simtee
