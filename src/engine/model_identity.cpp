// SPDX-License-Identifier: Apache-2.0
#include "engine/model_identity.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "engine/model_files.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace lumoz::engine {

namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::size_t kMaxPieces = 1'000'000;
constexpr std::chrono::milliseconds kReportEvery{100};

/// A range of one file that gets one digest.
struct Piece {
    const ModelFile* file;
    std::string name;
    std::uint64_t offset;
    std::uint64_t size;
    bool last;  ///< ends where the file must end
    Digest256 digest;
};

Result<std::vector<Piece>> cut(const std::vector<ModelFile>& files, std::uint64_t shard_size) {
    std::vector<Piece> out;
    for (const ModelFile& file : files) {
        if (shard_size == 0) {
            out.push_back({&file, file.name, 0, file.size, true, {}});
            continue;
        }
        const std::uint64_t count = file.size == 0 ? 1 : (file.size - 1) / shard_size + 1;
        if (count > kMaxPieces - out.size())
            return fail(Errc::Limit, "E_OMS_LIMIT", "engine.model_root.pieces");
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::uint64_t offset = i * shard_size;
            const std::uint64_t size = std::min(shard_size, file.size - offset);
            out.push_back(
                {&file, file.name + ":shard-" + std::to_string(i), offset, size, i + 1 == count, {}});
        }
    }
    return out;
}

struct CloseFd {
    ~CloseFd() {
        if (fd >= 0) ::close(fd);
    }
    int fd;
};

/// Hashes pieces on several threads; the first error ends all.
class Hasher {
public:
    Hasher(std::vector<Piece>& pieces, const std::atomic<bool>* stop) : pieces_(pieces), stop_(stop) {
        for (Piece& piece : pieces_) {
            order_.push_back(&piece);
            total_ += piece.size;
        }
        // The longest first, so that no thread is left alone with one at the end.
        std::ranges::sort(order_, std::greater{}, &Piece::size);
    }

    Status run(unsigned threads, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
        std::vector<std::thread> workers;
        const auto count = static_cast<std::size_t>(std::max(1U, threads));
        running_ = std::min(count, order_.size());
        for (std::size_t i = 0; i < std::min(count, order_.size()); ++i) {
            workers.emplace_back([this] { work(); });
        }
        {
            std::unique_lock lock(mutex_);
            while (running_ > 0) {
                ended_.wait_for(lock, kReportEvery);
                if (progress) progress(done_.load(), total_);
            }
        }
        for (std::thread& worker : workers) {
            worker.join();
        }
        if (error_) return std::unexpected(std::move(*error_));
        return {};
    }
    [[nodiscard]] std::uint64_t total() const { return total_; }

private:
    void work() {
        std::vector<std::uint8_t> block(kBlock);
        for (;;) {
            const std::size_t index = next_.fetch_add(1);
            if (index >= order_.size() || failed_.load()) break;
            Status done = hash(*order_[index], block);
            if (done) continue;
            const std::scoped_lock lock(mutex_);
            if (!error_) error_ = std::move(done).error();
            failed_.store(true);
        }
        const std::scoped_lock lock(mutex_);
        --running_;
        ended_.notify_one();
    }

    Status hash(Piece& piece, std::vector<std::uint8_t>& block) {
        const CloseFd file{::open(piece.file->path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
        if (file.fd < 0) return read_error("engine.model_root.open");
        crypto::Sha256 digest;
        std::uint64_t at = 0;
        while (at < piece.size) {
            const auto want =
                static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), piece.size - at));
            const ssize_t n = ::pread(file.fd, block.data(), want, static_cast<off_t>(piece.offset + at));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return read_error("engine.model_root.read");
            if (n == 0) return fail(Errc::Io, "E_OMS_READ", "engine.model_root.shrunk");
            if (stop_ != nullptr && stop_->load())
                return fail(Errc::Closed, "E_STOPPED", "engine.model_root");
            digest.update(ByteView(block).first(static_cast<std::size_t>(n)));
            at += static_cast<std::uint64_t>(n);
            done_.fetch_add(static_cast<std::uint64_t>(n));
        }
        struct stat now{};
        if (::fstat(file.fd, &now) != 0 || static_cast<std::uint64_t>(now.st_size) != piece.file->size) {
            return fail(Errc::Io, "E_OMS_READ", "engine.model_root.size_changed");
        }
        piece.digest = digest.finish();
        return {};
    }
    static std::unexpected<Error> read_error(std::string_view where) {
        return fail(Errc::Io, "E_OMS_READ", where, "errno " + std::to_string(errno));
    }

    std::vector<Piece>& pieces_;
    const std::atomic<bool>* stop_;
    std::vector<Piece*> order_;
    std::uint64_t total_ = 0;
    std::atomic<std::size_t> next_{0};
    std::atomic<std::uint64_t> done_{0};
    std::atomic<bool> failed_{false};
    std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t running_ = 0;
    std::optional<Error> error_;
};

/// `a/x` before `a-b/x`: component by component, not character by character.
bool components_less(std::string_view a, std::string_view b) {
    for (;;) {
        const std::size_t end_a = std::min(a.find('/'), a.size());
        const std::size_t end_b = std::min(b.find('/'), b.size());
        const int order = a.substr(0, end_a).compare(b.substr(0, end_b));
        if (order != 0) return order < 0;
        if (end_a == a.size() || end_b == b.size()) return end_a == a.size() && end_b < b.size();
        a.remove_prefix(end_a + 1);
        b.remove_prefix(end_b + 1);
    }
}

Digest256 root_of(const std::vector<ModelResource>& resources) {
    crypto::Sha256 root;
    for (const ModelResource& resource : resources) {
        root.update(resource.digest.view());
    }
    return root.finish();
}

}  // namespace

std::string ModelIdentity::model_root() const {
    return "sha256:" + to_hex(root.view());
}

Result<ModelIdentity> model_identity(const std::string& path, const ModelRootOptions& options) {
    LUMOZ_TRY(const std::vector<ModelFile> files, list_model_files(path, options));
    LUMOZ_TRY(std::vector<Piece> pieces, cut(files, options.shard_size));
    Hasher hasher(pieces, options.stop);
    const unsigned threads = options.threads != 0 ? options.threads : std::thread::hardware_concurrency();
    LUMOZ_CHECK_OK(hasher.run(threads, options.progress));

    ModelIdentity out;
    out.method = options.shard_size == 0 ? "files" : "file-shard-" + std::to_string(options.shard_size);
    out.bytes = hasher.total();
    for (Piece& piece : pieces) {
        out.resources.push_back({std::move(piece.name), piece.digest});
    }
    std::ranges::sort(out.resources, components_less, &ModelResource::name);
    out.root_components = root_of(out.resources);
    std::ranges::sort(out.resources, {}, &ModelResource::name);
    out.root = root_of(out.resources);
    return out;
}

}  // namespace lumoz::engine
