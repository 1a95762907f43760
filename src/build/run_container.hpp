#pragma once
// The container of one RUN.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "build/cache_mounts.hpp"
#include "build/rooted.hpp"
#include "build/run_process.hpp"
#include "build/run_spec.hpp"
#include "build/source_tree.hpp"
#include "build/work_area.hpp"
#include "davit/base/fd.hpp"
#include "davit/build/build.hpp"

namespace davit::build {

/// Fills a folder with the empty files and folders that container mounts need; returns it. Safe to repeat.
std::string make_mount_points(const std::filesystem::path& folder);

class RunContainer {
 public:
  using OnLine = std::function<void(OutputStream, std::string_view)>;

  /// `root` is the mounted root file system, `where` the RUN instruction. On the step's thread, in its mount namespace.
  /// `on_line` gets the output, and a line when the step has to wait before it can begin.
  RunContainer(std::filesystem::path data_root, const WorkArea& area, Sandbox& sandbox, std::string name,
               std::string root, Span where, std::stop_token stop, OnLine on_line);
  RunContainer(const RunContainer&) = delete;
  RunContainer& operator=(const RunContainer&) = delete;
  /// Removes what was put into the root only to mount on it.
  ~RunContainer();

  /// Gets the cache mounts of the step, once, before the first add_mount(). Waits for one that another step has locked;
  /// a stop ends that with an error "cancelled". Locks are taken in one order, so that no two steps wait for each
  /// other.
  /// `sources`: what those with `from` are filled with, by target; another source is another cache.
  void lock_caches(const std::vector<Mount>& mounts, const std::map<std::string, std::string>& sources);
  /// Makes a --mount ready. `from` is the tree it comes from; null when it has none.
  void add_mount(const Mount& mount, const SourceTree* from, const std::map<std::string, SecretValue>& secrets);

  /// Runs to the end. Throws davit::Error when the program fails, with its last lines of output, and when it is stopped
  /// (code "cancelled"); then every process of the step has ended.
  void run(const RunStep& step);

 private:
  enum class Place { File, Folder };
  struct Stub {
    std::string path;  ///< resolved
    Place kind;
  };
  void add_bind(const Mount& mount, const SourceTree& from);
  void add_cache(const Mount& mount, const SourceTree* from);
  /// The folder of a cache mount, once this step may use it; the lock is kept until the step has ended.
  [[nodiscard]] std::filesystem::path lock_cache(const std::filesystem::path& shared, const Mount& mount);
  [[nodiscard]] std::filesystem::path cache_folder(const Mount& mount) const;
  void add_secret(const Mount& mount, const std::map<std::string, SecretValue>& secrets);
  /// Makes the place of a mount if it is missing, and remembers to take it away.
  void make_place(const std::string& target, Place kind);
  void add_system_files(const RunStep& step);
  [[nodiscard]] std::string resolv_conf(const RunStep& step);
  [[nodiscard]] std::string hosts_file(const RunStep& step);
  [[nodiscard]] std::string address_of(const std::string& host, const RunStep& step);
  /// What the runtime is started with.
  [[nodiscard]] std::vector<std::string> command(const Sandbox::Runtime& runtime, const std::string& bundle) const;
  [[nodiscard]] std::string write_file(const std::string& name, const std::string& text, mode_t mode);
  void make_working_dir(const RunStep& step);
  [[nodiscard]] Error not_started(const RunStep& step, const Error& error) const;
  [[nodiscard]] Error failure(const RunStep& step, int code, const std::vector<std::string>& last_lines) const;

  std::filesystem::path data_root_;
  const WorkArea& area_;
  Sandbox& sandbox_;
  std::string name_;
  Root root_;
  Span where_;
  std::stop_token stop_;
  OnLine on_line_;
  /// config.json, the files of secrets, the runtime's state and its messages: all of it may tell a secret, so it is on
  /// a tmpfs that only this mount namespace shows.
  std::filesystem::path bundle_;
  SpecInput spec_;
  std::vector<Stub> stubs_;
  std::vector<std::pair<std::string, struct stat>> parents_;       ///< folders whose times the stubs changed
  std::map<std::string, std::string> cache_sources_;               ///< see lock_caches()
  std::map<std::filesystem::path, std::filesystem::path> caches_;  ///< by shared folder: the one that this step uses
  std::vector<CacheMountUse> uses_;                                ///< of all cache mounts
  std::vector<Fd> locks_;                                          ///< of cache mounts that are locked or private
};

}  // namespace davit::build
