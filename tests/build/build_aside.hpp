#pragma once
// Builds beside the test, and how it waits for them.

#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "davit/build/build.hpp"
#include "davit/image/image_store.hpp"
#include "support/named_pipe.hpp"

namespace davit::test {

/// Runs a build on a thread of its own; the test goes on when the first line of output is there.
class BuildAside {
 public:
  BuildAside(build::BuildRequest request, image::ImageStore& store)
      : request_(std::move(request)), observer_(*this), result_(std::async(std::launch::async, [this, &store] {
          request_.stop = source_.get_token();
          return build::build(request_, store, observer_);
        })) {}
  BuildAside(const BuildAside&) = delete;
  BuildAside& operator=(const BuildAside&) = delete;

  /// False when the build ended, or said nothing for a minute.
  [[nodiscard]] bool has_spoken() {
    std::unique_lock lock(mutex_);
    return condition_.wait_for(lock, std::chrono::minutes(1), [this] { return !text_.empty(); });
  }
  void stop() { source_.request_stop(); }
  [[nodiscard]] Result<ImageId, build::BuildFailure> result() { return result_.get(); }
  [[nodiscard]] std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  class Observer final : public build::BuildObserver {
   public:
    explicit Observer(BuildAside& owner) : owner_(owner) {}
    void warning(const Diagnostic&) override {}
    void started(const build::Vertex&) override {}
    void cached(const build::Vertex&) override {}
    void output(const build::Vertex& vertex, Stream, Seconds, std::string_view line) override {
      if (!vertex.title.starts_with("[")) return;
      const std::lock_guard lock(owner_.mutex_);
      owner_.text_ += std::string(line) + "\n";
      owner_.condition_.notify_all();
    }
    void done(const build::Vertex&, Seconds) override {}
    void failed(const build::Vertex&, const std::string&) override {}
    void cancelled(const build::Vertex&) override {}

   private:
    BuildAside& owner_;
  };
  build::BuildRequest request_;
  std::stop_source source_;
  std::mutex mutex_;
  std::condition_variable condition_;
  std::string text_;
  Observer observer_;
  std::future<Result<ImageId, build::BuildFailure>> result_;
};

/// Lets a step go on that has made the pipe "go" in its cache mount and reads from it. There is one such mount in the
/// data root. What is said waits in the pipe for as long as the result is kept.
[[nodiscard]] inline std::vector<NamedPipe> let_go_on(const std::filesystem::path& data_root) {
  std::vector<NamedPipe> pipes;
  for (const auto& entry : std::filesystem::directory_iterator(data_root / "build/cache"))
    if (std::filesystem::exists(entry.path() / "go")) pipes.emplace_back(entry.path() / "go").say("go");
  return pipes;
}

}  // namespace davit::test
