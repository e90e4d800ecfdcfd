// SPDX-License-Identifier: Apache-2.0
#include "app/output/files.hpp"

#include "base/trim.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace lumoz::app {
namespace {

struct Closer {
    void operator()(std::FILE* file) const {
        if (file != stdin && file != stdout) std::fclose(file);
    }
};
using File = std::unique_ptr<std::FILE, Closer>;

std::unexpected<Error> file_error(const std::string& path, int code) {
    return fail(Errc::Io, "E_FILE", "app.file", path + ": " + std::strerror(code));
}

}  // namespace

Result<Bytes> read_input(const std::string& path, std::size_t max) {
    const File file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
    if (!file) return file_error(path, errno);
    Bytes content;
    std::array<std::uint8_t, 65536> piece;
    for (;;) {
        errno = 0;
        const std::size_t n = std::fread(piece.data(), 1, piece.size(), file.get());
        append(content, ByteView(piece).first(n));
        if (content.size() > max) {
            return fail(Errc::Usage, "E_FILE_SIZE", "app.file",
                        path + ": more than " + std::to_string(max) + " bytes");
        }
        if (n == piece.size()) continue;
        if (std::ferror(file.get()) != 0) return file_error(path, errno);
        return content;
    }
}

Result<std::string> read_text(const std::string& path, std::size_t max) {
    LUMOZ_TRY(const Bytes content, read_input(path, max));
    return std::string(as_text(content));
}

Status write_output(const std::string& path, ByteView content) {
    const File file(path == "-" ? stdout : std::fopen(path.c_str(), "wb"));
    if (!file) return file_error(path, errno);
    if (std::fwrite(content.data(), 1, content.size(), file.get()) != content.size() ||
        std::fflush(file.get()) != 0) {
        return file_error(path, errno);
    }
    return {};
}

Result<std::string> read_token(const std::string& path) {
    LUMOZ_TRY(const std::string content, read_text(path, 65536));
    const std::string_view text(content);
    const std::string_view line = trimmed(text.substr(0, text.find('\n')));
    if (line.empty()) {
        return fail(Errc::Usage, "E_TOKEN_FILE", "app.token_file", path + ": its first line is empty");
    }
    return std::string(line);
}

}  // namespace lumoz::app
