// SPDX-License-Identifier: Apache-2.0
// What the store knows about its disk: free space, a lock that keeps a second process out, and the ballast,
// a file of no use but to be given up when the disk is full, since deleting rows needs space too.
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>

namespace lumoz::store {

/// Bytes that an ordinary process may still write. `E_STORE_IO`.
Result<std::uint64_t> free_bytes(const std::filesystem::path& directory);

/// Makes the folder (mode 0700) when it is absent. `E_STORE_IO`, `E_STORE_READONLY`, `E_STORE_FULL`.
Status make_directory(const std::filesystem::path& directory);

/// Held as long as the object lives; the kernel lets go when the process dies.
class DirectoryLock {
public:
    /// `E_STORE_LOCKED` when another process has it; `E_STORE_READONLY`, `E_STORE_FULL`, `E_STORE_IO`.
    static Result<DirectoryLock> take(const std::filesystem::path& directory);
    ~DirectoryLock();
    DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    DirectoryLock& operator=(DirectoryLock&&) = delete;

private:
    explicit DirectoryLock(int fd) : fd_(fd) {}
    int fd_;
};

/// The ballast file. Not thread-safe.
class Ballast {
public:
    Ballast(const std::filesystem::path& directory, std::uint64_t size);
    [[nodiscard]] bool present() const { return present_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// Takes the space; real blocks, not a hole. Leaves nothing behind when it fails.
    Status make();
    /// Gives the space back.
    void release();

private:
    std::string path_;
    std::uint64_t size_;
    bool present_;
};

}  // namespace lumoz::store
