// SPDX-License-Identifier: Apache-2.0
#include "identity/collateral_file.hpp"

#include "evidence/crl.hpp"
#include "evidence/qe_identity.hpp"
#include "evidence/tcb_info.hpp"

#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace lumoz::identity {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{4} << 20;

std::unexpected<Error> unreadable(std::string detail) {
    return fail(Errc::Io, "E_COLLATERAL_FILE", "identity.collateral.read", std::move(detail));
}
std::unexpected<Error> unparsable(std::string_view member, const Error& error) {
    return fail(Errc::Malformed, "E_COLLATERAL_PARSE", "identity.collateral.member",
                std::string(member) + ": " + std::string(error.rule));
}

/// What tells one state of a file from the next.
struct FileMark {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    bool operator==(const FileMark&) const = default;
};

FileMark mark_of(const struct stat& info) {
    return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size), info.st_mtim.tv_sec,
            info.st_mtim.tv_nsec};
}

struct Read {
    FileMark mark;
    std::string text;
};

Result<std::string> read_all(int fd, std::size_t size) {
    std::string text(size, '\0');
    std::size_t have = 0;
    while (have < size) {
        const ssize_t n = ::read(fd, text.data() + have, size - have);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return unreadable("read, errno " + std::to_string(n < 0 ? errno : 0));
        have += static_cast<std::size_t>(n);
    }
    return text;
}

Result<Read> read_file(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return unreadable("open, errno " + std::to_string(errno));
    struct stat info{};
    Result<Read> out = unreadable("not a regular file of at most 4 MiB");
    if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size >= 0 &&
        static_cast<std::size_t>(info.st_size) <= kMaxBytes) {
        auto text = read_all(fd, static_cast<std::size_t>(info.st_size));
        out = text ? Result<Read>(Read{mark_of(info), std::move(*text)}) : std::unexpected(text.error());
    }
    ::close(fd);
    return out;
}

Result<UnixTime> crl_expiry(std::string_view member, std::string_view text) {
    const auto der = evidence::decode_crl(text);
    if (!der) return unparsable(member, der.error());
    const auto crl = evidence::Crl::parse(*der);
    if (!crl) return unparsable(member, crl.error());
    return crl->next_update.value_or(0);
}

/// Reads every dated document in the bundle; the earliest end of them all.
Result<UnixTime> expiry_of(const evidence::Collateral& collateral) {
    const auto tcb = evidence::TcbInfo::parse(collateral.tcb_info);
    if (!tcb) return unparsable("tcb_info", tcb.error());
    const auto qe = evidence::QeIdentity::parse(collateral.qe_identity);
    if (!qe) return unparsable("qe_identity", qe.error());
    LUMOZ_TRY(const UnixTime root_crl, crl_expiry("root_ca_crl", collateral.root_ca_crl));
    LUMOZ_TRY(const UnixTime pck_crl, crl_expiry("pck_crl", collateral.pck_crl));
    return std::min({tcb->next_update, qe->next_update, root_crl, pck_crl});
}

Result<std::shared_ptr<const StapledCollateral>> staple(std::string_view text) {
    LUMOZ_TRY(const auto collateral, evidence::Collateral::parse(text));
    LUMOZ_TRY(const UnixTime expires_at, expiry_of(collateral));
    return std::make_shared<const StapledCollateral>(collateral.to_json(), expires_at);
}

}  // namespace

struct CollateralFile::State {
    std::filesystem::path path;
    const Clock& clock;
    mutable std::mutex mutex;
    FileMark seen;
    Status last_poll;
    std::shared_ptr<const StapledCollateral> good;
    CollateralCounters counters;

    Status refuse(Error error) {
        // A file that stays bad is one failure, not one for each look at it.
        if (last_poll) ++counters.failures;
        return last_poll = std::unexpected(std::move(error));
    }
};

CollateralFile::CollateralFile(std::filesystem::path path, const Clock& clock)
    : state_(new State{std::move(path), clock, {}, {}, {}, {}, {}}) {}
CollateralFile::~CollateralFile() = default;

Status CollateralFile::poll() {
    State& s = *state_;
    if (s.path.empty()) return {};
    const std::lock_guard lock(s.mutex);
    struct stat info{};
    const bool there = ::stat(s.path.c_str(), &info) == 0;
    if (there && s.good && s.last_poll && mark_of(info) == s.seen) return {};
    auto read = read_file(s.path);
    if (!read) return s.refuse(read.error());
    auto fresh = staple(read->text);
    if (!fresh) return s.refuse(fresh.error());
    s.seen = read->mark;
    s.good = std::move(*fresh);
    ++s.counters.renewals;
    return s.last_poll = {};
}

std::shared_ptr<const StapledCollateral> CollateralFile::current() const {
    const std::lock_guard lock(state_->mutex);
    return state_->good;
}

Status CollateralFile::status() const {
    const std::lock_guard lock(state_->mutex);
    if (state_->good && state_->clock.now() >= state_->good->expires_at) {
        return fail(Errc::Refused, "E_COLLATERAL_EXPIRED", "identity.collateral.expiry",
                    "out of date since " + to_rfc3339(state_->good->expires_at));
    }
    return state_->good ? Status() : state_->last_poll;
}

Status CollateralFile::trouble() const {
    const std::lock_guard lock(state_->mutex);
    return state_->last_poll;
}

CollateralCounters CollateralFile::counters() const {
    const std::lock_guard lock(state_->mutex);
    return state_->counters;
}

}  // namespace lumoz::identity
