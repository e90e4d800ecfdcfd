// SPDX-License-Identifier: Apache-2.0
#include "collateral/cache.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/random.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lumoz::collateral {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "lumoz-collateral-1";
constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kTemporary = ".tmp";
/// A document and its chain, with JSON's escapes.
constexpr std::size_t kMaxFile = 2 * kMaxDocument;
/// A temporary file that is older was left by a writer that died.
constexpr std::chrono::hours kAbandoned{1};

std::unexpected<Error> cannot(const char* what, int code) {
    return fail(Errc::Io, "E_COLLATERAL_CACHE", "collateral.cache",
                std::string(what) + (code == 0 ? "" : ", errno " + std::to_string(code)));
}

/// A file descriptor that is closed.
class Fd {
public:
    explicit Fd(int fd) : fd_(fd) {}
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool open() const { return fd_ >= 0; }

private:
    int fd_;
};

std::optional<std::string> read_file(const fs::path& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info{};
    if (!fd.open() || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < 0 ||
        static_cast<std::uint64_t>(info.st_size) > kMaxFile)
        return std::nullopt;
    std::string text(static_cast<std::size_t>(info.st_size), '\0');
    std::size_t have = 0;
    while (have < text.size()) {
        const ssize_t n = ::read(fd.get(), text.data() + have, text.size() - have);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return std::nullopt;
        have += static_cast<std::size_t>(n);
    }
    return text;
}

Status write_file(const fs::path& path, std::string_view text) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.open()) return cannot("cannot create a file", errno);
    while (!text.empty()) {
        const ssize_t n = ::write(fd.get(), text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return cannot("cannot write", errno);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    if (::fsync(fd.get()) != 0) return cannot("cannot sync a file", errno);
    return {};
}

Status sync_folder(const fs::path& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.open() || ::fsync(fd.get()) != 0) return cannot("cannot sync the folder", errno);
    return {};
}

struct Entry {
    fs::file_time_type written;
    fs::path path;
};

/// Our files in the folder, those written longest ago first. Abandoned temporary files are removed.
std::vector<Entry> entries(const fs::path& folder) {
    std::vector<Entry> found;
    std::error_code error;
    const auto now = fs::file_time_type::clock::now();
    for (const auto& item : fs::directory_iterator(folder, error)) {
        const std::string name = item.path().filename().string();
        const auto written = item.last_write_time(error);
        if (error) continue;
        if (name.ends_with(kSuffix)) found.push_back({written, item.path()});
        if (name.ends_with(kTemporary) && now - written > kAbandoned) fs::remove(item.path(), error);
    }
    std::ranges::sort(found, {}, &Entry::written);
    return found;
}

std::optional<std::string> text_member(const json::Value& root, std::string_view name) {
    const auto value = root.find(name);
    return value ? value->as_string() : std::nullopt;
}

}  // namespace

std::string cache_text(const Document& document, std::string_view key) {
    json::Writer out;
    out.object().key("format").string(kFormat).key("key").string(key);
    out.key("item").string(to_text(document.item)).key("fetched_at").string(to_rfc3339(document.fetched_at));
    out.key("chain").string(document.chain).key("text").string(document.text);
    out.key("signature").string(document.signature).end();
    return std::move(out).text();
}

std::optional<Document> read_cache_text(std::string_view text, Item item, std::string_view key) {
    const auto parsed = json::Document::parse(text, {.max_bytes = kMaxFile, .max_depth = 1});
    if (!parsed) return std::nullopt;
    const json::Value root = parsed->root();
    if (text_member(root, "format") != kFormat || text_member(root, "key") != key ||
        text_member(root, "item") != to_text(item))
        return std::nullopt;
    auto chain = text_member(root, "chain");
    auto signed_text = text_member(root, "text");
    auto signature = text_member(root, "signature");
    const auto fetched = parse_rfc3339(text_member(root, "fetched_at").value_or(""));
    if (!chain || !signed_text || !signature || !fetched) return std::nullopt;
    return Document{.item = item,
                    .chain = std::move(*chain),
                    .text = std::move(*signed_text),
                    .signature = std::move(*signature),
                    .fetched_at = *fetched};
}

Result<Cache> Cache::open(fs::path folder) {
    if (folder.empty()) return cannot("no folder is named", 0);
    std::error_code error;
    if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return cannot("cannot make the folder", errno);
    struct stat info{};
    if (::lstat(folder.c_str(), &info) != 0) return cannot("cannot look at the folder", errno);
    if (!S_ISDIR(info.st_mode)) return cannot("not a folder", 0);
    if (info.st_uid != ::geteuid()) return cannot("the folder belongs to somebody else", 0);
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return cannot("others may write to the folder", 0);
    return Cache(std::move(folder));
}

std::optional<Document> Cache::load(Item item, std::string_view key) const {
    const auto text = read_file(folder_ / (std::string(key) + std::string(kSuffix)));
    return text ? read_cache_text(*text, item, key) : std::nullopt;
}

void Cache::make_room() const {
    const std::vector<Entry> found = entries(folder_);
    std::error_code ignored;
    for (std::size_t i = 0; i + kMaxFiles <= found.size(); ++i)
        fs::remove(found[i].path, ignored);
}

Status Cache::store(const Document& document, std::string_view key) const {
    const std::string text = cache_text(document, key);
    if (text.size() > kMaxFile) return cannot("the document is too large", 0);
    make_room();
    std::array<std::uint8_t, 8> random{};
    crypto::random_fill(random);
    const fs::path path = folder_ / (std::string(key) + std::string(kSuffix));
    const fs::path fresh =
        folder_ / ("." + std::string(key) + "." + to_hex(random) + std::string(kTemporary));
    Status done = write_file(fresh, text);
    if (done && ::rename(fresh.c_str(), path.c_str()) != 0) done = cannot("cannot rename", errno);
    if (done) return sync_folder(folder_);
    ::unlink(fresh.c_str());
    return done;
}

}  // namespace lumoz::collateral
