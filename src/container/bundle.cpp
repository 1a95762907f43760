#include "davit/container/bundle.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "container/devices.hpp"
#include "container/oci_parts.hpp"
#include "container/volumes.hpp"
#include "davit/base/error.hpp"
#include "davit/base/files.hpp"
#include "davit/base/write_all.hpp"
#include "davit/container/rootfs.hpp"

namespace davit::container {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kCopyMode = 0444;  // of a secret or config that says nothing else
constexpr const char* kInitTarget = "/sbin/docker-init";

void write_file(const std::string& path, const std::string& text, mode_t mode) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || !write_all(file.get(), text)) throw_system_error("write", path, errno);
  if (::fchmod(file.get(), mode) != 0) throw_system_error("set mode of", path, errno);
}

void make_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (::mkdir(path.c_str(), 0700) != 0) throw_system_error("make folder", path, errno);
}

bool is_mounted(const std::vector<OciMount>& mounts, const std::string& target) {
  return std::any_of(mounts.begin(), mounts.end(), [&](const OciMount& m) { return m.target == target; });
}

const char* kind_name(engine::FileMount::Kind kind) {
  return kind == engine::FileMount::Kind::Secret ? "secret" : "config";
}

std::string content_of(const engine::FileMount& file) {
  if (file.content) return *file.content;
  auto text = DiskFiles().read(file.source);
  if (!text) throw Error(text.error());
  return *std::move(text);
}

void write_copy(const engine::FileMount& file, const std::string& path) {
  write_file(path, content_of(file), 0600);
  if (::chown(path.c_str(), file.uid.value_or(0), file.gid.value_or(0)) != 0)
    throw_system_error("set owner of", path, errno);
  if (::chmod(path.c_str(), file.mode.value_or(kCopyMode) & 07777) != 0) throw_system_error("set mode of", path, errno);
}

/// The host's file itself, so that what is written into it later is seen. As docker's it is the file that was there at
/// the start: one that is renamed over it is another. By descriptor: what is looked at is what is mounted.
void bind_source(const engine::FileMount& file, const std::string& path) {
  const Fd source(::open(file.source.c_str(), O_PATH | O_CLOEXEC));
  struct stat status{};
  if (!source || ::fstat(source.get(), &status) != 0) throw_system_error("read", file.source, errno);
  if (S_ISDIR(status.st_mode)) {
    make_folder(path);
  } else if (S_ISREG(status.st_mode)) {
    write_file(path, "", 0400);
  } else {
    throw Error("'" + file.source + "' is neither a file nor a folder");
  }
  const std::string from = "/proc/self/fd/" + std::to_string(source.get());
  if (::mount(from.c_str(), path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
    throw_system_error("mount", file.source, errno);
}

/// Secrets and configs: on a tmpfs that only the bundle folder shows, or mounted onto a place there.
void add_files(const engine::ContainerSpec& spec, const std::string& bundle_dir, std::vector<OciMount>& mounts) {
  if (spec.files.empty()) return;
  const std::string folder = bundle_dir + "/files";
  make_folder(folder);
  if (::mount("tmpfs", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700") != 0)
    throw_system_error("mount tmpfs on", folder, errno);
  std::size_t number = 0;
  for (const engine::FileMount& file : spec.files) {
    const std::string path = folder + "/" + std::to_string(number++);
    try {
      if (file.is_copy())
        write_copy(file, path);
      else
        bind_source(file, path);
    } catch (Error& error) {
      throw error.context(std::string("while providing ") + kind_name(file.kind) + " '" + file.name + "'")
          .about(std::string(kind_name(file.kind)) + "s.file", file.name);
    }
    mounts.push_back({file.target, "bind", path, {"rbind", "rprivate", "ro", "nosuid", "nodev"}});
  }
}

/// A tmpfs of its own for what others are to see, too, or that of another container.
std::string add_shared_memory(const engine::ContainerSpec& spec, const BundleInputs& inputs) {
  if (spec.ipc_mode != "shareable" && inputs.shm_source.empty()) return "";
  std::string folder = shared_memory_dir(inputs.bundle_dir);
  make_folder(folder);
  if (!inputs.shm_source.empty()) {
    if (::mount(inputs.shm_source.c_str(), folder.c_str(), nullptr, MS_BIND, nullptr) != 0)
      throw_system_error("join the shared memory at", inputs.shm_source, errno);
    return folder;
  }
  const std::string options = "mode=1777,size=" + std::to_string(shm_size(spec));
  if (::mount("shm", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options.c_str()) != 0)
    throw_system_error("mount tmpfs on", folder, errno);
  return folder;
}

void add_name_files(const engine::ContainerSpec& spec, const BundleInputs& inputs, std::vector<OciMount>& mounts) {
  const std::pair<const char*, std::string> files[] = {{"hostname", inputs.names.hostname + "\n"},
                                                       {"hosts", hosts_text(inputs.names)},
                                                       {"resolv.conf", resolv_conf_text(inputs.names)}};
  for (const auto& [name, text] : files) {
    const std::string target = std::string("/etc/") + name;
    if (is_mounted(mounts, target)) continue;
    const std::string path = inputs.bundle_dir + "/" + name;
    write_file(path, text, 0644);
    OciMount mount{target, "bind", path, {"bind", "rprivate"}};
    if (spec.read_only) mount.options.emplace_back("ro");
    mounts.push_back(std::move(mount));
  }
}

void add_init(const engine::ContainerSpec& spec, const BundleInputs& inputs, std::vector<OciMount>& mounts) {
  if (!spec.init) return;
  if (inputs.init_binary.empty())
    throw Error("cannot run an init in the container: the program 'davit-init' was not found").about("init");
  mounts.push_back({kInitTarget, "bind", inputs.init_binary, {"bind", "rprivate", "ro"}});
}

/// Programs look for this file to know that they are in a container.
void mark_container(const Root& root) {
  if (root.open("/.dockerenv", O_PATH)) return;  // opened for writing it would be copied into the container's layer
  const Fd file = root.open("/.dockerenv", O_WRONLY | O_CREAT, 0755);
  if (!file) throw_system_error("write", "/.dockerenv", errno);
}

std::vector<OciMount> all_mounts(const engine::ContainerSpec& spec, const BundleInputs& inputs, const Root& root) {
  std::vector<OciMount> mounts = prepare_mounts(spec, inputs.volumes, root, inputs.container_dir + "/volumes-filled",
                                                inputs.bundle_dir, inputs.host);
  add_name_files(spec, inputs, mounts);
  add_files(spec, inputs.bundle_dir, mounts);
  add_init(spec, inputs, mounts);
  return mounts;
}

/// Never recursive: should a mount still be there, its files are the user's. False with errno set if something stays.
bool is_removed(const std::string& bundle_dir) {
  for (const auto& entry : fs::directory_iterator(bundle_dir))
    if (::unlinkat(AT_FDCWD, entry.path().c_str(), entry.is_directory() && !entry.is_symlink() ? AT_REMOVEDIR : 0) != 0)
      return false;
  return ::rmdir(bundle_dir.c_str()) == 0;
}

Bundle fill_bundle(const engine::ContainerSpec& spec, const BundleInputs& inputs) {
  const std::string rootfs = inputs.bundle_dir + "/rootfs";
  fs::create_directories(inputs.container_dir);
  mount_root(inputs.layers, inputs.container_dir + "/upper", inputs.container_dir + "/work", rootfs);
  const Root root(rootfs);
  mark_container(root);
  if (!spec.working_dir.empty()) concerning("working_dir", "", [&] { root.make_folders(spec.working_dir); });

  OciInputs oci;
  oci.id = inputs.id;
  oci.hostname = inputs.names.hostname;
  oci.user = resolve_user(spec.user, spec.group_add, read_user_files(rootfs));
  oci.rootfs = rootfs;
  oci.mounts = all_mounts(spec, inputs, root);
  oci.devices = resolve_devices(spec);
  oci.cgroups_path = inputs.cgroups_path;
  oci.netns_path = inputs.netns_path;
  oci.pidns_path = inputs.pidns_path;
  oci.ipcns_path = inputs.ipcns_path;
  oci.shm_dir = concerning("ipc", "", [&] { return add_shared_memory(spec, inputs); });
  oci.seccomp = seccomp_setting(spec, inputs.host, inputs.filter, inputs.cache_dir);
  oci.init_binary = kInitTarget;
  oci.console_size = inputs.console_size;
  oci.host = inputs.host;
  write_file(inputs.bundle_dir + "/config.json", make_config_json(spec, oci), 0600);
  return Bundle{inputs.bundle_dir, rootfs, std::move(oci.user)};
}

}  // namespace

std::string hosts_text(const NameFiles& names) {
  if (names.hosts_file) return *names.hosts_file;
  std::string out =
      "127.0.0.1\tlocalhost\n"
      "::1\tlocalhost ip6-localhost ip6-loopback\n"
      "fe00::\tip6-localnet\n"
      "ff00::\tip6-mcastprefix\n"
      "ff02::1\tip6-allnodes\n"
      "ff02::2\tip6-allrouters\n";
  for (const auto& [address, host_names] : names.hosts) out += address + "\t" + host_names + "\n";
  return out;
}

std::string resolv_conf_text(const NameFiles& names) {
  if (names.resolv_conf) return *names.resolv_conf;
  const auto line = [](const char* key, const std::vector<std::string>& values) {
    std::string out = key;
    for (const std::string& value : values) out += " " + value;
    return values.empty() ? "" : out + "\n";
  };
  std::string out;
  for (const std::string& server : names.nameservers) out += "nameserver " + server + "\n";
  return out + line("search", names.search) + line("options", names.options);
}

std::string shared_memory_dir(const std::string& bundle_dir) {
  return bundle_dir + "/shm";
}

Bundle prepare_bundle(const engine::ContainerSpec& spec, const BundleInputs& inputs) {
  remove_bundle(inputs.bundle_dir);  // of an earlier start that was cut short
  make_folder(inputs.bundle_dir);
  try {
    return fill_bundle(spec, inputs);
  } catch (...) {
    try {
      remove_bundle(inputs.bundle_dir);
    } catch (const std::exception&) {
      // Left to the next start; why this one failed is what counts.
    }
    throw;
  }
}

void remove_bundle(const std::string& bundle_dir) {
  std::error_code error;
  if (!fs::exists(bundle_dir, error)) return;
  // The usual ones without reading the table of all mounts, which grows with every container.
  for (const auto& file : fs::directory_iterator(bundle_dir + "/files", error))
    ::umount2(file.path().c_str(), UMOUNT_NOFOLLOW);  // a copy is none, and stays
  for (const char* name : {"/rootfs", "/files", "/shm"}) ::umount2((bundle_dir + name).c_str(), UMOUNT_NOFOLLOW);
  if (is_removed(bundle_dir)) return;
  unmount_below(bundle_dir);
  if (!is_removed(bundle_dir)) throw_system_error("remove", bundle_dir, errno);
}

}  // namespace davit::container
