// SPDX-License-Identifier: Apache-2.0
// The system calls that the kernel's interfaces in files (configfs, sysfs) are driven with, so that a test
// can behave like the kernel. Every call is one system call; failures are negated errno values.
#pragma once

#include "base/bytes.hpp"

#include <filesystem>
#include <utility>

namespace lumoz::tee {

class KernelFiles {
public:
    virtual ~KernelFiles() = default;
    virtual int make_dir(const std::filesystem::path& path) = 0;
    virtual int remove_dir(const std::filesystem::path& path) = 0;
    /// A descriptor, or a negated errno.
    virtual int open_read(const std::filesystem::path& path) = 0;
    virtual int open_write(const std::filesystem::path& path) = 0;
    /// Bytes read (0 at the end), or a negated errno.
    virtual std::int64_t read(int fd, std::span<std::uint8_t> out) = 0;
    /// Bytes taken, or a negated errno.
    virtual std::int64_t write(int fd, ByteView bytes) = 0;
    /// A binary attribute is handed to the driver here, not at the write.
    virtual int close(int fd) = 0;
};

/// The machine's own.
class SystemKernelFiles final : public KernelFiles {
public:
    int make_dir(const std::filesystem::path& path) override;
    int remove_dir(const std::filesystem::path& path) override;
    int open_read(const std::filesystem::path& path) override;
    int open_write(const std::filesystem::path& path) override;
    std::int64_t read(int fd, std::span<std::uint8_t> out) override;
    std::int64_t write(int fd, ByteView bytes) override;
    int close(int fd) override;
};

/// Closes a descriptor at the end of its scope, unless `finish` closed it before.
class OpenFile {
public:
    OpenFile(KernelFiles& files, int fd) : files_(files), fd_(fd) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (fd_ >= 0) files_.close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }
    int finish() { return files_.close(std::exchange(fd_, -1)); }

private:
    KernelFiles& files_;
    int fd_;
};

/// Reads a file from its start to its end, in as many pieces as the kernel likes. 0, or a negated errno;
/// -EFBIG when there are more than `most` bytes.
std::int64_t read_whole(KernelFiles& files, const std::filesystem::path& path, std::size_t most, Bytes& out);

}  // namespace lumoz::tee
