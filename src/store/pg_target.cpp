// SPDX-License-Identifier: Apache-2.0
#include "store/pg_target.hpp"

#include <algorithm>
#include <array>
#include <libpq-fe.h>
#include <map>
#include <memory>

namespace lumoz::store {
namespace {

/// What a URL may say. Files of passwords and services, commands to the server and weaker authentication are
/// not among it.
constexpr std::array<std::string_view, 12> kAllowed = {
    "host",        "hostaddr", "port",   "user",   "dbname", "sslmode",
    "sslrootcert", "sslcert",  "sslkey", "sslcrl", "sslsni", "channel_binding",
};
/// A file that cannot be: libpq would look for one in the home folder.
constexpr std::string_view kNoFile = "/dev/null/none";
constexpr std::string_view kSocketFolder = "/var/run/postgresql";

using Values = std::map<std::string, std::string, std::less<>>;

std::unexpected<Error> refuse(std::string_view what) {
    return fail(Errc::Usage, "E_STORE_URL", "store.pg_target", std::string(what));
}

Result<Values> parse(const std::string& url) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
        PQconninfoParse(url.c_str(), &message), PQconninfoFree);
    // libpq's message quotes the text, which may hold a password.
    const std::unique_ptr<char, void (*)(void*)> owned(message, PQfreemem);
    if (!options) return refuse("receipts.url is no URL of a PostgreSQL database");
    Values values;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr && *option->val != '\0') values[option->keyword] = option->val;
    return values;
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> out(1);
    for (const char c : list) {
        if (c == ',') {
            out.emplace_back();
        } else {
            out.back() += c;
        }
    }
    return out;
}

bool on_this_machine(std::string_view host) {
    return host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
           host == "::1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

/// Whether every host that may be connected is a socket or loopback.
bool stays_here(const Values& values) {
    const auto get = [&](std::string_view key) {
        const auto found = values.find(key);
        return found == values.end() ? std::vector<std::string>{} : split(found->second);
    };
    const std::vector<std::string> hosts = get("host");
    const std::vector<std::string> addresses = get("hostaddr");
    // An address is what is connected; the name beside it is only checked against the certificate.
    for (std::size_t i = 0; i < std::max(hosts.size(), addresses.size()); ++i) {
        const bool has_address = i < addresses.size() && !addresses[i].empty();
        if (!on_this_machine(has_address ? addresses[i] : i < hosts.size() ? hosts[i] : "")) return false;
    }
    return true;
}

Status check_tls(const Values& values, bool allow_plain) {
    if (stays_here(values) || allow_plain) return {};
    const auto mode = values.find("sslmode");
    if (mode == values.end() || mode->second != "verify-full" || !values.contains("sslrootcert")) {
        return refuse(
            "receipts.url names another machine: it needs sslmode=verify-full and sslrootcert=FILE, or "
            "receipts.allow_plain_database");
    }
    return {};
}

}  // namespace

Result<PgTarget> read_pg_target(const std::string& url, const std::filesystem::path& password_file,
                                bool allow_plain) {
    if (!url.starts_with("postgres://") && !url.starts_with("postgresql://"))
        return refuse("receipts.url must begin with postgres://");
    LUMOZ_TRY(Values values, parse(url));
    if (values.contains("password"))
        return refuse("receipts.url has a password; it belongs into receipts.password_file");
    for (const auto& [key, value] : values)
        if (std::ranges::find(kAllowed, key) == kAllowed.end())
            return refuse("receipts.url has an option that is not allowed: " + key);
    LUMOZ_CHECK_OK(check_tls(values, allow_plain));
    // What is left open would come from the environment of the process.
    const bool here = stays_here(values);
    if (!values.contains("host") && !values.contains("hostaddr")) values["host"] = kSocketFolder;
    values.try_emplace("port", "5432");
    values.try_emplace("sslmode", here ? "disable" : "prefer");
    values.try_emplace("passfile", kNoFile);
    values.try_emplace("gssencmode", "disable");
    values.try_emplace("target_session_attrs", "read-write");
    values.try_emplace("application_name", "lumozd");
    return PgTarget{{values.begin(), values.end()}, password_file};
}

}  // namespace lumoz::store
