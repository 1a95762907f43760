#pragma once
// schemas/compose-spec.json, compiled in.

#include <string_view>

namespace davit::compose {

extern const std::string_view kComposeSchema;

}  // namespace davit::compose
