#include "davit/container/oci_spec.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "container/oci_parts.hpp"
#include "davit/base/error.hpp"

namespace davit::container {

namespace json = boost::json;

std::string make_config_json(const engine::ContainerSpec& spec, const OciInputs& inputs) {
  const SecurityOptions security = read_security_options(spec.security_opt);
  json::object config;
  config["ociVersion"] = "1.0.2";
  config["root"] = json::object{{"path", inputs.rootfs}, {"readonly", spec.read_only}};
  if (spec.uts_mode != "host") config["hostname"] = inputs.hostname;
  config["process"] = process_part(spec, inputs, security);
  config["mounts"] = mounts_part(spec, inputs, security);
  config["linux"] = linux_part(spec, inputs, security);
  json::object annotations;
  for (const auto& [key, value] : spec.annotations) annotations[key] = value;
  if (inputs.seccomp.form == SeccompSetting::Form::BpfAnnotation)
    annotations["run.oci.seccomp_bpf_data"] = inputs.seccomp.text;
  if (!annotations.empty()) config["annotations"] = std::move(annotations);
  return json::serialize(config);
}

}  // namespace davit::container
