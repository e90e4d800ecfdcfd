// SPDX-License-Identifier: Apache-2.0
#include "simtee/options.hpp"

#include "base/hex.hpp"

namespace lumoz::simtee {
namespace {

std::unexpected<Error> wrong(std::string detail) {
    return fail(Errc::Usage, "E_USAGE", "simtee.options", std::move(detail));
}

Status take(Options& options, std::string_view name, std::string_view value) {
    if (value.empty()) return wrong(std::string(name) + " wants a value");
    std::string* text = name == "--socket"     ? &options.socket
                        : name == "--state"    ? &options.state
                        : name == "--root-out" ? &options.root_out
                                               : nullptr;
    if (text == nullptr && name != "--seed") return wrong("unknown option " + std::string(name));
    if (text != nullptr ? !text->empty() : options.seed.has_value()) {
        return wrong(std::string(name) + " is given twice");
    }
    if (text != nullptr) {
        *text = value;
        return {};
    }
    const auto seed = fixed_from_hex<Digest256>(value);
    if (!seed) return wrong("--seed wants 64 hex digits");
    options.seed = *seed;
    return {};
}

}  // namespace

std::string_view usage() {
    return "usage: lumoz-simtee --socket PATH --state DIR [--root-out FILE] [--seed HEX64]\n"
           "\n"
           "SIMULATED TEE: answers like a guest agent, with evidence signed by a root of its own.\n"
           "\n"
           "  --socket PATH     Unix socket to serve\n"
           "  --state DIR       keeps root.seed; gets collateral.json and policy.json\n"
           "  --root-out FILE   gets the SHA-256 of the root's public key (SubjectPublicKeyInfo), in hex\n"
           "  --seed HEX64      what all keys follow from, for reproducible tests\n";
}

Result<Options> Options::parse(std::span<const std::string_view> arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--help" || argument == "-h") {
            options.help = true;
            return options;
        }
        const std::size_t equals = argument.find('=');
        if (equals != std::string_view::npos) {
            LUMOZ_CHECK_OK(take(options, argument.substr(0, equals), argument.substr(equals + 1)));
            continue;
        }
        const bool more = i + 1 < arguments.size();
        LUMOZ_CHECK_OK(take(options, argument, more ? arguments[i + 1] : std::string_view()));
        ++i;
    }
    if (options.socket.empty() || options.state.empty()) return wrong("--socket and --state are wanted");
    return options;
}

}  // namespace lumoz::simtee
