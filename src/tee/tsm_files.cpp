// SPDX-License-Identifier: Apache-2.0
#include "tee/tsm_files.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lumoz::tee {
namespace {

template <class Int>
Int or_errno(Int result) {
    return result < 0 ? static_cast<Int>(-errno) : result;
}

}  // namespace

int SystemTsmFiles::make_dir(const std::filesystem::path& path) {
    return or_errno(::mkdir(path.c_str(), 0700));
}
int SystemTsmFiles::remove_dir(const std::filesystem::path& path) {
    return or_errno(::rmdir(path.c_str()));
}
int SystemTsmFiles::open_read(const std::filesystem::path& path) {
    return or_errno(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}
int SystemTsmFiles::open_write(const std::filesystem::path& path) {
    return or_errno(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
}
std::int64_t SystemTsmFiles::read(int fd, std::span<std::uint8_t> out) {
    return or_errno(std::int64_t{::read(fd, out.data(), out.size())});
}
std::int64_t SystemTsmFiles::write(int fd, ByteView bytes) {
    return or_errno(std::int64_t{::write(fd, bytes.data(), bytes.size())});
}
int SystemTsmFiles::close(int fd) {
    return or_errno(::close(fd));
}

}  // namespace lumoz::tee
