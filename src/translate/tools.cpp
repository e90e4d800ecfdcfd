// SPDX-License-Identifier: Apache-2.0
#include "translate/tools.hpp"

namespace lumoz::translate {

Status write_tools(json::Writer& out, const json::Value& body, WriteTool write) {
    const std::optional<json::Value> tools = present(body, "tools");
    if (!tools) return {};
    LUMOZ_TRY(const std::vector<json::Value> list, need_array(*tools, "tools"));
    if (list.size() > kMaxTools) return refuse("tools", "more than 4096 tools");
    if (list.empty()) return {};
    out.key("tools").array();
    for (std::size_t i = 0; i < list.size(); ++i) {
        LUMOZ_CHECK_OK(write(out, list[i], element_of("tools", i)));
    }
    out.end();
    return {};
}

void write_chosen_function(json::Writer& out, const json::Value& name) {
    out.key("tool_choice").object().key("type").string("function").key("function").object();
    out.key("name").raw(name.raw()).end().end();
}

}  // namespace lumoz::translate
