// SPDX-License-Identifier: Apache-2.0
// What a client writes into forwarding headers: never crashes, never counts when its peer is not trusted, and
// never outweighs what the trusted proxy adds behind it.
#include "fuzz.hpp"
#include "gateway/client_address.hpp"

#include <tuple>

using namespace lumoz;
using namespace lumoz::gateway;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text({data, size});
    const IpAddress peer = *parse_ip("10.0.0.1");
    const IpAddress client = *parse_ip("9.9.9.9");
    for (const auto& [header, name, own] :
         {std::tuple{ForwardedHeader::XForwardedFor, "X-Forwarded-For", "9.9.9.9"},
          std::tuple{ForwardedHeader::Forwarded, "Forwarded", "for=9.9.9.9"}}) {
        fuzz::hold(forwarded_entries(text, header).size() <= 64);
        const ProxyTrust none{.proxies = {}, .header = header};
        const ProxyTrust trust{.proxies = {*parse_prefix("10.0.0.0/8")}, .header = header};
        const net::Headers alone{{name, text}};
        fuzz::hold(client_address("10.0.0.1:1", alone, none) == peer);
        fuzz::hold(client_address("10.0.0.1:1", alone, trust).has_value());
        const net::Headers behind{{name, text}, {name, own}};
        fuzz::hold(client_address("10.0.0.1:1", behind, trust) == client);
    }
    if (const auto prefix = parse_prefix(text)) fuzz::hold(prefix->contains(prefix->address));
    return 0;
}
