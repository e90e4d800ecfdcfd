// SPDX-License-Identifier: Apache-2.0
// The system calls that configfs-tsm is driven with, so that a test can behave like the kernel. Every call is
// one system call; failures are negated errno values, as the kernel gives them.
#pragma once

#include "base/bytes.hpp"

#include <filesystem>

namespace lumoz::tee {

class TsmFiles {
public:
    virtual ~TsmFiles() = default;
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
class SystemTsmFiles final : public TsmFiles {
public:
    int make_dir(const std::filesystem::path& path) override;
    int remove_dir(const std::filesystem::path& path) override;
    int open_read(const std::filesystem::path& path) override;
    int open_write(const std::filesystem::path& path) override;
    std::int64_t read(int fd, std::span<std::uint8_t> out) override;
    std::int64_t write(int fd, ByteView bytes) override;
    int close(int fd) override;
};

}  // namespace lumoz::tee
