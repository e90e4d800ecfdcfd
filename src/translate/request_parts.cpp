// SPDX-License-Identifier: Apache-2.0
#include "translate/request_parts.hpp"

namespace lumoz::translate {

Result<std::string> write_model(json::Writer& out, const json::Value& body) {
    const std::optional<json::Value> model = present(body, "model");
    if (!model) return std::string();
    if (!model->is_string()) return refuse("model", "must be a text");
    out.key("model").raw(model->raw());
    return std::string(inner(*model));
}

Status write_stream(json::Writer& out, const json::Value& body) {
    LUMOZ_TRY(const bool stream, maybe_flag(body, "stream", ""));
    if (!stream) return {};
    out.key("stream").boolean(true);
    out.key("stream_options").object().key("include_usage").boolean(true).end();
    return {};
}

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
