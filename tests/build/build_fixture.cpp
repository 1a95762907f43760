#include "build/build_fixture.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "build/names.hpp"
#include "davit/base/error.hpp"
#include "davit/container/cgroups.hpp"
#include "davit/image/archive.hpp"
#include "davit/image/layer_tar.hpp"
#include "davit/network/links.hpp"

namespace davit::test {

namespace fs = std::filesystem;

namespace {

/// busybox with links for what the tests call, users, and a tmp folder.
std::string base_tar(const fs::path& folder) {
  for (const char* name : {"bin", "etc", "tmp", "root", "var/data"}) fs::create_directories(folder / name);
  fs::copy_file("/bin/busybox", folder / "bin/busybox");
  for (const char* name :
       {"sh",   "cat",      "echo", "ls",    "mkdir", "rm",    "ln",   "id", "stat", "sleep",   "chmod", "chown", "env",
        "grep", "hostname", "true", "false", "head",  "touch", "test", "ip", "nc",   "unshare", "wc",    "mkfifo"})
    fs::create_symlink("busybox", folder / "bin" / name);
  fs::permissions(folder / "tmp", fs::perms(01777));
  std::ofstream(folder / "etc/passwd") << "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:app:/home/app:/bin/sh\n";
  std::ofstream(folder / "etc/group") << "root:x:0:\napp:x:1001:\nextra:x:2000:app\n";
  fs::create_directory_symlink("/var/data", folder / "data-link");
  std::string tar;
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  image::write_layer_tar(fd.get(), image::OverlayMarks::Trusted,
                         [&tar](std::span<const char> block) { tar.append(block.data(), block.size()); });
  return tar;
}

/// Mounts and folders in the data root that a build left.
std::vector<std::string> leftovers(const fs::path& data_root) {
  std::vector<std::string> out;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);)
    if (line.find(data_root.string() + "/") != std::string::npos) out.push_back("mount: " + line);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_root / "build", error))
    if (entry.path().filename().string().starts_with("work-")) out.push_back("folder: " + entry.path().string());
  return out;
}

/// Of builds on this data root: other builds of this machine are none of our business.
std::vector<std::string> network_leftovers(const fs::path& data_root) {
  std::vector<std::string> out;
  const std::string ours = build::network_scope(data_root, "").run_root_hash;
  for (const auto& link : network::list_links()) {
    const auto alias = network::parse_link_alias(link.alias);
    if (alias && alias->scope.run_root_hash == ours) out.push_back("link: " + link.name);
  }
  return out;
}

std::vector<std::string> build_cgroups(const fs::path& data_root) {
  std::vector<std::string> out;
  const container::Cgroups cgroups(container::detect_host().cgroups);
  for (const std::string& group : cgroups.children(""))
    if (group.starts_with(build::cgroup_prefix(data_root))) out.push_back(group);
  return out;
}

/// The topmost layer that has the path; whiteouts count as absence.
std::optional<fs::path> find_in_layers(const image::ImageStore& store, const image::Image& image,
                                       const std::string& path) {
  for (const fs::path& layer : store.layer_paths(image)) {
    struct stat info{};
    if (::lstat((layer.string() + path).c_str(), &info) != 0) continue;
    if (S_ISCHR(info.st_mode) && info.st_rdev == 0) return std::nullopt;
    return layer.string() + path;
  }
  return std::nullopt;
}

}  // namespace

BuildTest::BuildTest() {
  ::setenv("DAVIT_LIBEXEC", DAVIT_BINARY_DIR "/bin", 0);
  std::string name = (fs::temp_directory_path() / "davit-build-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw Error("cannot make a folder for the test");
  root_ = name;
  context_ = root_ / "context";
  data_root_ = root_ / "data";
  fs::create_directories(context_);
  fs::create_directories(data_root_);
  store_.emplace(image::ImageStore::open(data_root_));
  const std::string tar = base_tar(root_ / "base");
  image::MemorySource source(std::span<const char>(tar.data(), tar.size()));
  image::ImportOptions options;
  options.name = image::Reference::parse("box").value();
  image::import_root_tar(*store_, source, options);
}

BuildTest::~BuildTest() {
  store_.reset();
  if (small_disk_) (void)::umount2(data_root_.c_str(), MNT_DETACH);
  std::error_code error;
  fs::remove_all(root_, error);
}

void BuildTest::TearDown() {
  EXPECT_EQ(leftovers(data_root_), std::vector<std::string>{});
  EXPECT_EQ(build_cgroups(data_root_), std::vector<std::string>{});
  EXPECT_EQ(network_leftovers(data_root_), std::vector<std::string>{});
  EXPECT_TRUE(fs::is_empty(data_root_ / "layers/.staging")) << "a half-made layer is left";
}

void BuildTest::use_small_disk(const std::string& size) {
  const fs::path disk = root_ / "small";
  fs::create_directories(disk);
  store_.reset();
  ASSERT_EQ(::mount("tmpfs", disk.c_str(), "tmpfs", 0, ("size=" + size).c_str()), 0);
  small_disk_ = true;
  ASSERT_EQ(std::system(("cp -a " + data_root_.string() + "/. " + disk.string()).c_str()), 0);
  data_root_ = disk;
  store_.emplace(image::ImageStore::open(data_root_));
}

void BuildTest::fill_disk(std::size_t leave) const {
  const fs::path filler = data_root_ / "filler";
  fs::remove(filler);
  const auto free = fs::space(data_root_).available;
  ASSERT_GE(free, leave);
  std::ofstream(filler) << std::string(free - leave, 'x');
  ASSERT_EQ(fs::space(data_root_).available, leave);
}

void BuildTest::write(const std::string& path, const std::string& text, unsigned mode) {
  fs::create_directories((context_ / path).parent_path());
  std::ofstream(context_ / path) << text;
  fs::permissions(context_ / path, fs::perms(mode));
}

Result<ImageId, build::BuildFailure> BuildTest::run(const std::string& dockerfile) {
  seen_ = {};
  request_.context = context_.string();
  request_.dockerfile = "Dockerfile";
  request_.dockerfile_text = dockerfile;
  return build::build(request_, *store_, seen_);
}

ImageId BuildTest::must_build(const std::string& dockerfile) {
  auto result = run(dockerfile);
  if (!result) throw std::runtime_error("the build failed:\n" + result.error().render() + "output:\n" + seen_.text);
  return *std::move(result);
}

std::string BuildTest::must_fail(const std::string& dockerfile) {
  auto result = run(dockerfile);
  if (!result) return result.error().render();
  ADD_FAILURE() << "the build succeeded:\n" << seen_.text;
  return {};
}

image::Image BuildTest::inspect(const ImageId& image) {
  return store_->find(image).value();
}

std::string BuildTest::read(const ImageId& image, const std::string& path) {
  const auto found = find_in_layers(*store_, inspect(image), path);
  if (!found) return "<none>";
  if (fs::is_symlink(*found)) return "-> " + fs::read_symlink(*found).string();
  std::ifstream file(*found);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string BuildTest::stat_line(const ImageId& image, const std::string& path) {
  const auto found = find_in_layers(*store_, inspect(image), path);
  if (!found) return "<none>";
  struct stat info{};
  if (::lstat(found->c_str(), &info) != 0) return "<error>";
  std::ostringstream out;
  out << std::oct << info.st_mode << std::dec << ' ' << info.st_uid << ' ' << info.st_gid;
  return out.str();
}

std::vector<std::string> BuildTest::top_layer(const ImageId& image) {
  const fs::path layer = store_->layer_paths(inspect(image)).front();
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(layer))
    out.push_back(entry.path().string().substr(layer.string().size()));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace davit::test
