// SPDX-License-Identifier: Apache-2.0
#include "tee/kernel_files.hpp"

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

int SystemKernelFiles::make_dir(const std::filesystem::path& path) {
    return or_errno(::mkdir(path.c_str(), 0700));
}
int SystemKernelFiles::remove_dir(const std::filesystem::path& path) {
    return or_errno(::rmdir(path.c_str()));
}
int SystemKernelFiles::open_read(const std::filesystem::path& path) {
    return or_errno(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}
int SystemKernelFiles::open_write(const std::filesystem::path& path) {
    return or_errno(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
}
std::int64_t SystemKernelFiles::read(int fd, std::span<std::uint8_t> out) {
    return or_errno(std::int64_t{::read(fd, out.data(), out.size())});
}
std::int64_t SystemKernelFiles::write(int fd, ByteView bytes) {
    return or_errno(std::int64_t{::write(fd, bytes.data(), bytes.size())});
}
int SystemKernelFiles::close(int fd) {
    return or_errno(::close(fd));
}

std::int64_t read_whole(KernelFiles& files, const std::filesystem::path& path, std::size_t most, Bytes& out) {
    constexpr std::size_t kPiece = 8192;
    OpenFile file(files, files.open_read(path));
    if (file.get() < 0) return file.get();
    out.clear();
    for (;;) {
        const std::size_t have = out.size();
        const std::size_t room = std::min(most + 1 - have, kPiece);
        out.resize(have + room);
        const std::int64_t n = files.read(file.get(), std::span(out).subspan(have, room));
        out.resize(have + static_cast<std::size_t>(std::max<std::int64_t>(n, 0)));
        if (n <= 0) return n;
        if (out.size() > most) return -EFBIG;
    }
}

}  // namespace lumoz::tee
