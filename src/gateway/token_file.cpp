// SPDX-License-Identifier: Apache-2.0
#include "gateway/token_file.hpp"

#include "crypto/sha2.hpp"

#include <ctime>
#include <sys/stat.h>

namespace lumoz::gateway {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;
/// Two writes within one tick of the file system's clock leave the same stamp.
constexpr std::int64_t kYoung = 2 * kNanoseconds;

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * kNanoseconds + std::int64_t{time.tv_nsec};
}

}  // namespace

TokenFile::Stamp TokenFile::stamp_of(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return {};
    return {.device = info.st_dev,
            .inode = info.st_ino,
            .size = static_cast<std::uint64_t>(info.st_size),
            .changed_ns = nanoseconds(info.st_ctim),
            .written_ns = nanoseconds(info.st_mtim),
            .there = true};
}

bool TokenFile::is_young(const Stamp& stamp) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return nanoseconds(now) - stamp.changed_ns < kYoung;
}

Result<std::shared_ptr<const TokenTable>> TokenFile::load() {
    // The stamp is taken before the bytes: what is written in between shows in the next one.
    stamp_ = stamp_of(path_);
    settled_ = !is_young(stamp_);
    LUMOZ_TRY(const std::string text, read_token_file(path_));
    const Digest256 content = crypto::sha256(as_bytes(text));
    LUMOZ_TRY(TokenTable table, TokenTable::parse(text));
    content_ = content;
    return std::make_shared<const TokenTable>(std::move(table));
}

Result<std::shared_ptr<const TokenTable>> TokenFile::poll() {
    const Stamp now = stamp_of(path_);
    if (now == stamp_ && settled_) return std::shared_ptr<const TokenTable>();
    const bool same_stamp = now == stamp_;
    const Digest256 before = content_;
    auto loaded = load();
    if (!loaded) {
        // The same state was told already.
        if (same_stamp) return std::shared_ptr<const TokenTable>();
        return loaded;
    }
    if (content_ == before) return std::shared_ptr<const TokenTable>();
    return loaded;
}

}  // namespace lumoz::gateway
