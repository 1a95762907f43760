#pragma once
// A data root, a context folder and a base image "box" (busybox) for tests that really build. Needs root.

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "davit/build/build.hpp"
#include "davit/image/image_store.hpp"

namespace davit::test {

/// Keeps what happened.
class RecordingObserver final : public build::BuildObserver {
 public:
  void warning(const Diagnostic& diagnostic) override { warnings.push_back(diagnostic.message); }
  void started(const build::Vertex& vertex) override { titles.push_back(vertex.title); }
  void cached(const build::Vertex& vertex) override { cached_titles.push_back(vertex.title); }
  void output(const build::Vertex&, Stream, Seconds, std::string_view line) override {
    text += std::string(line) + "\n";
  }
  void done(const build::Vertex& vertex, Seconds) override {
    if (vertex.title.starts_with("[") && !vertex.title.starts_with("[internal]")) executed.push_back(vertex.title);
  }
  void failed(const build::Vertex& vertex, const std::string&) override { failures.push_back(vertex.title); }
  void cancelled(const build::Vertex& vertex) override { cancelled_titles.push_back(vertex.title); }

  std::vector<std::string> warnings;
  std::vector<std::string> titles;
  std::vector<std::string> cached_titles;
  std::vector<std::string> executed;  ///< steps that were really done
  std::vector<std::string> failures;
  std::vector<std::string> cancelled_titles;
  std::string text;
};

class BuildTest : public testing::Test {
 protected:
  BuildTest();
  ~BuildTest() override;
  void TearDown() override;

  /// Writes a file into the context, with its folders.
  void write(const std::string& path, const std::string& text, unsigned mode = 0644);
  /// Builds with this Dockerfile; a failure ends the test.
  ImageId must_build(const std::string& dockerfile);
  /// The rendered failure; fails the test when the build succeeds.
  std::string must_fail(const std::string& dockerfile);
  Result<ImageId, build::BuildFailure> run(const std::string& dockerfile);

  /// A file's text in the image, "-> target" for a link, "<none>" when it is not there. Links in the path are not
  /// followed.
  std::string read(const ImageId& image, const std::string& path);
  /// Mode, uid and gid of a path in the image: "100644 0 0".
  std::string stat_line(const ImageId& image, const std::string& path);
  /// All paths of the topmost layer, sorted.
  std::vector<std::string> top_layer(const ImageId& image);
  image::Image inspect(const ImageId& image);
  /// Moves the data root to a tmpfs of this size.
  void use_small_disk(const std::string& size);
  /// Leaves this much of that disk free, in whole pages.
  void fill_disk(std::size_t leave) const;

  std::filesystem::path root_;  ///< everything of this test
  std::filesystem::path context_;
  std::filesystem::path data_root_;
  std::optional<image::ImageStore> store_;
  build::BuildRequest request_;  ///< args, target and the rest for the next build
  RecordingObserver seen_;       ///< of the last build
  bool small_disk_ = false;
};

}  // namespace davit::test
