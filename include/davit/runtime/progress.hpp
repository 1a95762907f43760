#pragma once
// What the user sees while a plan runs: docker compose's words (compose-semantics 1.8).

#include <string>

namespace davit::runtime {

struct ProgressEvent {
  enum class Status { Working, Done, Warning, Error };
  std::string id;    ///< "Container p-web-1", "Network p_default", "Volume p_db", "Image p-web"
  std::string text;  ///< "Creating", "Created", "Starting", "Started", "Waiting", "Healthy", "Exited", "Running", …
  Status status = Status::Working;
  std::string details;  ///< of an error; why a container is made anew
  friend bool operator==(const ProgressEvent&, const ProgressEvent&) = default;
};

/// Called on the loop's thread; must not block.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void progress(const ProgressEvent& event) = 0;
};

}  // namespace davit::runtime
