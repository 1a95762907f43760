#pragma once
// The requests that are about one container: METHOD /v1/containers/ID/ACTION.

#include <string>

#include "davit/async/task.hpp"
#include "embedded/project_engine.hpp"
#include "embedded/protocol.hpp"

namespace davit::embedded {

/// Does what the request asks for and answers it. Throws Error as the engine does. Cancelled, what is true is what the
/// engine says of the operation.
using ContainerAction = Task<HttpResponse> (*)(ProjectEngine&, HttpRequest, ContainerId, Cause);

/// nullptr: there is no such request.
[[nodiscard]] ContainerAction container_action(const std::string& method, const std::string& action);

}  // namespace davit::embedded
