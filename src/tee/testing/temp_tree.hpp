// SPDX-License-Identifier: Apache-2.0
// For tests: a folder that stands for `/` and goes with its object; and the kernel's files with bad days.
#pragma once

#include "base/testing.hpp"
#include "tee/kernel_files.hpp"

#include <cerrno>
#include <fstream>
#include <map>
#include <vector>

namespace lumoz::tee::testing {

class TempTree {
public:
    [[nodiscard]] const std::filesystem::path& root() const { return folder_.path(); }
    void write(const std::filesystem::path& relative, ByteView content) const {
        const std::filesystem::path path = root() / relative;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(content.data()),
                   static_cast<std::streamsize>(content.size()));
    }
    void write(const std::filesystem::path& relative, std::string_view content) const {
        write(relative, as_bytes(content));
    }

private:
    lumoz::testing::ScratchFolder folder_;
};

/// Files in memory that answer as they are told. Whoever writes is remembered call by call.
class FakeFiles final : public KernelFiles {
public:
    std::map<std::filesystem::path, Bytes> content;
    int open_error = 0;
    int read_error = 0;
    int write_error = 0;
    int busy = 0;         ///< so many reads and writes answer EBUSY
    int interrupted = 0;  ///< so many answer EINTR, behind the busy ones
    std::size_t most_per_call = 1 << 20;
    std::vector<Bytes> writes;
    int descriptors = 0;  ///< open ones

    int make_dir(const std::filesystem::path&) override { return -EPERM; }
    int remove_dir(const std::filesystem::path&) override { return -EPERM; }
    int open_read(const std::filesystem::path& path) override { return open_any(path); }
    int open_write(const std::filesystem::path& path) override { return open_any(path); }
    std::int64_t read(int fd, std::span<std::uint8_t> out) override {
        if (const int passing = next_passing(); passing != 0) return -passing;
        if (read_error != 0) return -read_error;
        File& file = files_.at(fd);
        const Bytes& bytes = content.at(file.path);
        const std::size_t n = std::min({bytes.size() - file.offset, out.size(), most_per_call});
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(file.offset), n, out.begin());
        file.offset += n;
        return static_cast<std::int64_t>(n);
    }
    std::int64_t write(int, ByteView bytes) override {
        if (const int passing = next_passing(); passing != 0) return -passing;
        if (write_error != 0) return -write_error;
        writes.push_back(to_bytes(bytes));
        return static_cast<std::int64_t>(std::min(bytes.size(), most_per_call));
    }
    int close(int fd) override {
        --descriptors;
        return files_.erase(fd) == 1 ? 0 : -EBADF;
    }

private:
    struct File {
        std::filesystem::path path;
        std::size_t offset = 0;
    };
    int open_any(const std::filesystem::path& path) {
        if (open_error != 0) return -open_error;
        if (!content.contains(path)) return -ENOENT;
        ++descriptors;
        files_[next_] = {path};
        return next_++;
    }
    int next_passing() {
        if (busy > 0 && busy-- > 0) return EBUSY;
        if (interrupted > 0 && interrupted-- > 0) return EINTR;
        return 0;
    }
    std::map<int, File> files_;
    int next_ = 3;
};

}  // namespace lumoz::tee::testing
