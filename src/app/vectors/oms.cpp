// SPDX-License-Identifier: Apache-2.0
// Model roots: each case becomes a folder of its own that is hashed like any model.
#include "app/output/files.hpp"
#include "app/process/temp_dir.hpp"
#include "app/vectors/check.hpp"
#include "app/vectors/suites.hpp"
#include "base/hex.hpp"
#include "engine/model_identity.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace lumoz::app::vectors {
namespace {

namespace fs = std::filesystem;

std::vector<json::Value> list(const json::Value& object, std::string_view name) {
    const auto member = object.find(name);
    return member ? member->elements() : std::vector<json::Value>{};
}

/// A path of a vector must stay inside the folder made for it.
Result<fs::path> inside(const fs::path& folder, const std::string& relative) {
    const fs::path path(relative);
    const bool climbs = std::ranges::any_of(path, [](const fs::path& part) { return part == ".."; });
    if (path.is_absolute() || climbs) return mismatch("the vector's path leaves its folder");
    return folder / path;
}

Status build(const json::Value& input, const fs::path& folder) {
    std::error_code error;
    for (const json::Value& file : list(input, "files")) {
        LUMOZ_TRY(const std::string name, text(file, "path"));
        LUMOZ_TRY(const Bytes content, base64(file, "content_b64"));
        LUMOZ_TRY(const fs::path path, inside(folder, name));
        fs::create_directories(path.parent_path(), error);
        LUMOZ_CHECK_OK(write_output(path.string(), content));
    }
    for (const json::Value& link : list(input, "symlinks")) {
        LUMOZ_TRY(const std::string name, text(link, "path"));
        LUMOZ_TRY(const std::string target, text(link, "target"));
        LUMOZ_TRY(const fs::path path, inside(folder, name));
        fs::create_symlink(target, path, error);
        if (error) return fail(Errc::Io, "E_FILE", "vectors.oms", error.message());
    }
    return {};
}

Result<engine::ModelRootOptions> options_of(const json::Value& input) {
    engine::ModelRootOptions options;
    options.threads = 1;
    options.signature = maybe_text(input, "signature").value_or("");
    for (const json::Value& path : list(input, "ignore_paths"))
        options.ignore_paths.push_back(path.as_string().value_or(""));
    const std::string method = maybe_text(input, "method").value_or("files");
    if (method == "files") return options;
    constexpr std::string_view kShard = "file-shard-";
    const std::string_view size = std::string_view(method).substr(std::min(kShard.size(), method.size()));
    const auto parsed = std::from_chars(size.data(), size.data() + size.size(), options.shard_size);
    if (!method.starts_with(kShard) || parsed.ec != std::errc{}) return mismatch("unknown method " + method);
    return options;
}

Status run_oms_root(const Case& c) {
    LUMOZ_TRY(const json::Value input, member(c.value, "input"));
    LUMOZ_TRY(const json::Value expect, member(c.value, "expect"));
    LUMOZ_TRY(const TempDir folder, TempDir::make("lumoz-vectors"));
    LUMOZ_CHECK_OK(build(input, folder.path()));
    LUMOZ_TRY(const engine::ModelRootOptions options, options_of(input));
    fs::path target = folder.path();
    const auto single = input.find("single_file");
    if (single && single->as_bool().value_or(false)) {
        LUMOZ_TRY(const std::string name, text(list(input, "files").front(), "path"));
        target /= name;
    }
    const auto identity = engine::model_identity(target.string(), options);
    if (const auto code = maybe_text(expect, "code")) {
        return same("code", *code, identity ? "ok" : std::string(identity.error().rule));
    }
    if (!identity) return unexpected_error(identity.error());
    LUMOZ_TRY(const std::string root, text(expect, "root"));
    LUMOZ_CHECK_OK(same("root", root, to_hex(identity->root.view())));
    const auto components = maybe_text(expect, "root_components");
    return components ? same("root_components", *components, to_hex(identity->root_components.view()))
                      : Status{};
}

}  // namespace

void add_oms(Handlers& handlers) {
    handlers["oms_root"] = run_oms_root;
}

}  // namespace lumoz::app::vectors
