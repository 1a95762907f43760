#pragma once
// JSON for people: indented, by four blanks as `docker inspect` prints it.

#include <boost/json/fwd.hpp>
#include <string>

namespace davit::cli {

/// Without a newline at the end.
[[nodiscard]] std::string pretty_json(const boost::json::value& value, std::size_t indent = 4);

}  // namespace davit::cli
