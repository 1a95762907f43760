#include "embedded/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <memory>

namespace davit::embedded {
namespace {

/// Made at the first line: most supervisors never say anything. One thread, so a sink without a lock.
spdlog::logger& logger() {
  static spdlog::logger made = [] {
    spdlog::logger log("supervisor", std::make_shared<spdlog::sinks::stderr_sink_st>());
    log.set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %n: %l: %v",
                                                                  spdlog::pattern_time_type::utc));
    log.flush_on(spdlog::level::info);
    return log;
  }();
  return made;
}

}  // namespace

void log_warning(std::string_view text) {
  logger().warn("{}", text);
}
void log_error(std::string_view text) {
  logger().error("{}", text);
}

}  // namespace davit::embedded
