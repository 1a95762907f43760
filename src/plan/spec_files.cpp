// What a container sees beside its image: volumes, folders of the host, tmpfs, secrets, configs, devices.

#include <fmt/format.h>

#include <charconv>
#include <set>
#include <string_view>

#include "davit/base/units.hpp"
#include "spec_parts.hpp"

namespace davit::plan {
namespace {

std::string without_trailing_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

engine::Mount mount_of(const model::Project& project, const model::Mount& m) {
  engine::Mount out;
  out.target = without_trailing_slash(m.target);
  out.read_only = m.read_only;
  if (m.type == model::MountType::Bind) {
    out.kind = engine::Mount::Kind::Bind;
    out.source = m.source;
    out.propagation = m.propagation;
    if (m.create_host_path) out.create_source = engine::Mount::CreateSource::Directory;
  } else if (m.type == model::MountType::Tmpfs) {
    out.kind = engine::Mount::Kind::Tmpfs;
    out.tmpfs_size = m.tmpfs_size;
    out.tmpfs_mode = m.tmpfs_mode;
  } else {
    const auto volume = project.volumes.find(m.source);
    out.source = volume == project.volumes.end() ? m.source : volume->second.name;
    out.copy_up = !m.no_copy;
    out.volume_subpath = m.subpath;
  }
  return out;
}

std::optional<Diagnostic> add_tmpfs(const model::Service& service, const model::TmpfsMount& m,
                                    std::vector<engine::Mount>& mounts) {
  engine::Mount out;
  out.kind = engine::Mount::Kind::Tmpfs;
  out.target = without_trailing_slash(m.target);
  std::string_view rest = m.options;
  const auto bad = [&](std::string_view option) {
    return Diagnostic::error("bad-tmpfs-option",
                             fmt::format("tmpfs '{}' of service '{}' has the option '{}', which is not understood",
                                         m.target, service.name, option),
                             m.where);
  };
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const std::string_view option = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (option.starts_with("size=")) {
      const auto bytes = parse_bytes(option.substr(5));
      if (!bytes || *bytes < 0) return bad(option);
      out.tmpfs_size = *bytes;
    } else if (option.starts_with("mode=")) {
      std::uint32_t mode = 0;
      const auto [end, error] = std::from_chars(option.data() + 5, option.data() + option.size(), mode, 8);
      if (error != std::errc() || end != option.data() + option.size()) return bad(option);
      out.tmpfs_mode = mode;
    } else if (option == "ro") {
      out.read_only = true;
    } else if (!option.empty()) {
      out.tmpfs_options.emplace_back(option);
    }
  }
  mounts.push_back(std::move(out));
  return std::nullopt;
}

/// An anonymous volume for each VOLUME of the image, unless the file mounts something at exactly that path.
void add_image_volumes(const ImageInfo& image, std::vector<engine::Mount>& mounts) {
  std::set<std::string> taken;
  for (const engine::Mount& m : mounts) taken.insert(m.target);
  for (const std::string& path : image.volumes) {
    engine::Mount out;
    out.target = without_trailing_slash(path);
    if (taken.insert(out.target).second) mounts.push_back(std::move(out));
  }
}

Result<std::optional<std::uint32_t>> numeric_id(const std::optional<std::string>& text, const char* what,
                                                const model::FileGrant& grant) {
  if (!text || text->empty()) return std::optional<std::uint32_t>();
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error == std::errc() && end == text->data() + text->size()) return std::optional(id);
  return Diagnostic::error("bad-id", fmt::format("'{}' of '{}' is '{}', expected a number", what, grant.source, *text),
                           grant.where);
}

std::optional<Diagnostic> add_grants(const std::vector<model::FileGrant>& grants,
                                     const std::map<std::string, model::FileObject>& objects,
                                     engine::FileMount::Kind kind, std::vector<engine::FileMount>& out) {
  for (const model::FileGrant& grant : grants) {
    const auto object = objects.find(grant.source);
    if (object == objects.end())
      return Diagnostic::error("unknown-file", fmt::format("'{}' is not declared in this project", grant.source),
                               grant.where);
    engine::FileMount file;
    file.kind = kind;
    file.name = grant.source;
    file.source = object->second.file;
    if (!object->second.environment.empty() && !object->second.content)
      return Diagnostic::error(
          "no-such-variable",
          fmt::format("environment variable '{}' required by {} '{}' is not set", object->second.environment,
                      kind == engine::FileMount::Kind::Secret ? "secret" : "config", grant.source),
          object->second.where);
    if (file.source.empty()) file.content = object->second.content.value_or("");
    file.target = grant.target;
    file.mode = grant.mode;
    auto uid = numeric_id(grant.uid, "uid", grant);
    auto gid = numeric_id(grant.gid, "gid", grant);
    if (!uid) return uid.error();
    if (!gid) return gid.error();
    file.uid = *uid;
    file.gid = *gid;
    out.push_back(std::move(file));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Diagnostic> fill_files(const SpecInput& input, engine::ContainerSpec& spec) {
  const model::Service& s = input.service;
  for (const model::Mount& m : s.volumes) spec.mounts.push_back(mount_of(input.project, m));
  for (const model::TmpfsMount& m : s.tmpfs)
    if (auto error = add_tmpfs(s, m, spec.mounts)) return error;
  add_image_volumes(input.image, spec.mounts);
  using Kind = engine::FileMount::Kind;
  if (auto error = add_grants(s.secrets, input.project.secrets, Kind::Secret, spec.files)) return error;
  if (auto error = add_grants(s.configs, input.project.configs, Kind::Config, spec.files)) return error;
  for (const model::Device& d : s.devices)
    spec.devices.push_back(
        {d.source, d.target.empty() ? d.source : d.target, d.permissions.empty() ? "rwm" : d.permissions});
  return std::nullopt;
}

}  // namespace davit::plan
