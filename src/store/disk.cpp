// SPDX-License-Identifier: Apache-2.0
#include "store/disk.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace lumoz::store {
namespace {

std::unexpected<Error> system_error(int error, std::string_view where, std::string_view what) {
    std::string detail = std::string(what) + ", errno " + std::to_string(error);
    if (error == ENOSPC || error == EDQUOT) {
        return fail(Errc::Unavailable, "E_STORE_FULL", where, std::move(detail));
    }
    if (error == EROFS) return fail(Errc::Unavailable, "E_STORE_READONLY", where, std::move(detail));
    return fail(Errc::Io, "E_STORE_IO", where, std::move(detail));
}

}  // namespace

Result<std::uint64_t> free_bytes(const std::filesystem::path& directory) {
    struct statvfs info{};
    if (::statvfs(directory.c_str(), &info) != 0) {
        return system_error(errno, "store.disk.free", "statvfs");
    }
    return std::uint64_t{info.f_bavail} * info.f_frsize;
}

Status make_directory(const std::filesystem::path& directory) {
    std::error_code error;
    if (std::filesystem::is_directory(directory, error)) return {};
    std::filesystem::create_directories(directory.parent_path(), error);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_error(errno, "store.disk.directory", "mkdir");
    }
    return {};
}

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
    const std::string path = directory / "lock";
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return system_error(errno, "store.disk.lock", "open");
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        ::close(fd);
        if (error == EWOULDBLOCK) {
            return fail(Errc::Unavailable, "E_STORE_LOCKED", "store.disk.lock",
                        "another process has the store");
        }
        return system_error(error, "store.disk.lock", "flock");
    }
    return DirectoryLock(fd);
}

DirectoryLock::~DirectoryLock() {
    if (fd_ >= 0) ::close(fd_);
}

Ballast::Ballast(const std::filesystem::path& directory, std::uint64_t size)
    : path_(directory / "ballast"), size_(size) {
    struct stat info{};
    present_ = ::stat(path_.c_str(), &info) == 0 && static_cast<std::uint64_t>(info.st_size) == size;
    if (size_ == 0) present_ = true;
}

Status Ballast::make() {
    if (present_) return {};
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return system_error(errno, "store.disk.ballast", "open");
    const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(size_));
    ::close(fd);
    if (error != 0) {
        ::unlink(path_.c_str());
        return system_error(error, "store.disk.ballast", "posix_fallocate");
    }
    present_ = true;
    return {};
}

void Ballast::release() {
    if (size_ == 0) return;
    ::unlink(path_.c_str());
    present_ = false;
}

}  // namespace lumoz::store
