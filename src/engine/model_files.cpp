// SPDX-License-Identifier: Apache-2.0
#include "engine/model_files.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <memory>
#include <sys/stat.h>

namespace lumoz::engine {

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxFiles = 1'000'000;

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

std::unexpected<Error> read_error(std::string_view where) {
    return fail(Errc::Io, "E_OMS_READ", where, "errno " + std::to_string(errno));
}
std::unexpected<Error> bad_kind(std::string_view where) {
    return fail(Errc::Malformed, "E_OMS_FILE_KIND", where);
}

class Lister {
public:
    explicit Lister(const ModelRootOptions& options) : options_(options) {}

    Status walk(const std::string& dir, const std::string& prefix, int depth) {
        if (depth > kMaxDepth) return fail(Errc::Limit, "E_OMS_LIMIT", "engine.model_files.depth");
        const std::unique_ptr<DIR, CloseDir> open(::opendir(dir.c_str()));
        if (!open) return read_error("engine.model_files.folder");
        for (;;) {
            errno = 0;
            const dirent* entry = ::readdir(open.get());
            if (entry == nullptr) break;
            const std::string_view name(entry->d_name);
            if (name == "." || name == "..") continue;
            LUMOZ_CHECK_OK(visit(dir, prefix, name, depth));
        }
        if (errno != 0) return read_error("engine.model_files.folder");
        return {};
    }
    std::vector<ModelFile> files;

private:
    Status visit(const std::string& dir, const std::string& prefix, std::string_view name, int depth) {
        const std::string relative = prefix + std::string(name);
        if (left_out(relative, depth)) return {};
        if (!is_utf8(name)) return bad_kind("engine.model_files.name");
        const std::string path = dir + "/" + std::string(name);
        struct stat found{};
        if (::lstat(path.c_str(), &found) != 0) return read_error("engine.model_files.stat");
        if (S_ISDIR(found.st_mode)) return walk(path, relative + "/", depth + 1);
        if (!S_ISREG(found.st_mode)) return bad_kind("engine.model_files.kind");
        if (files.size() == kMaxFiles) return fail(Errc::Limit, "E_OMS_LIMIT", "engine.model_files.count");
        files.push_back({relative, path, static_cast<std::uint64_t>(found.st_size)});
        return {};
    }
    /// Folders are asked before they are entered, so equal paths cover all below them.
    [[nodiscard]] bool left_out(std::string_view relative, int depth) const {
        static constexpr std::array<std::string_view, 4> kGit = {".git", ".github", ".gitignore",
                                                                 ".gitattributes"};
        if (depth == 0 && std::ranges::find(kGit, relative) != kGit.end()) return true;
        if (!options_.signature.empty() && relative == options_.signature) return true;
        return std::ranges::find(options_.ignore_paths, relative) != options_.ignore_paths.end();
    }
    const ModelRootOptions& options_;
};

}  // namespace

Result<std::vector<ModelFile>> list_model_files(const std::string& path, const ModelRootOptions& options) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0) return read_error("engine.model_files.root");
    if (S_ISREG(found.st_mode)) {
        const std::string name = path.substr(path.rfind('/') + 1);
        if (!is_utf8(name)) return bad_kind("engine.model_files.name");
        return std::vector<ModelFile>{{name, path, static_cast<std::uint64_t>(found.st_size)}};
    }
    if (!S_ISDIR(found.st_mode)) return bad_kind("engine.model_files.root");
    Lister lister(options);
    LUMOZ_CHECK_OK(lister.walk(path, "", 0));
    if (lister.files.empty()) return fail(Errc::Malformed, "E_OMS_EMPTY", "engine.model_files");
    return std::move(lister.files);
}

}  // namespace lumoz::engine
