#pragma once
// The members of the seam's structs, for the JSON codec. A member that is not listed here is neither sent nor stored.

#include <boost/describe.hpp>

#include "davit/engine/engine.hpp"

namespace davit::engine {

BOOST_DESCRIBE_ENUM(Mount::Kind, Bind, Volume, Tmpfs)
BOOST_DESCRIBE_ENUM(Mount::CreateSource, No, Directory)
BOOST_DESCRIBE_ENUM(FileMount::Kind, Secret, Config)
BOOST_DESCRIBE_ENUM(RestartPolicy::Mode, No, OnFailure, Always, UnlessStopped)
BOOST_DESCRIBE_ENUM(ContainerState, Created, Running, Paused, Restarting, Exited, Dead)
BOOST_DESCRIBE_ENUM(Health, None, Starting, Healthy, Unhealthy)
BOOST_DESCRIBE_ENUM(Readiness::Outcome, Ready, Silent, Ended)

BOOST_DESCRIBE_STRUCT(Mount, (),
                      (kind, source, target, read_only, create_source, copy_up, volume_subpath, propagation, tmpfs_size,
                       tmpfs_mode, tmpfs_options))
BOOST_DESCRIBE_STRUCT(FileMount, (), (kind, name, source, content, target, mode, uid, gid))
BOOST_DESCRIBE_STRUCT(PortMapping, (), (host_ip, host_port, host_port_end, container_port, protocol))
BOOST_DESCRIBE_STRUCT(Attachment, (),
                      (network, aliases, ipv4_address, ipv6_address, mac_address, interface_name, priority,
                       gw_priority))
BOOST_DESCRIBE_STRUCT(Link, (), (container_or_service, alias))
BOOST_DESCRIBE_STRUCT(Healthcheck, (), (test, interval, timeout, start_period, start_interval, retries))
BOOST_DESCRIBE_STRUCT(RestartPolicy, (), (mode, max_attempts))
BOOST_DESCRIBE_STRUCT(LogOptions, (), (driver, max_size, max_file))
BOOST_DESCRIBE_STRUCT(Resources, (),
                      (memory, memory_swap, memory_reservation, memory_swappiness, cpus, cpu_shares, cpu_quota,
                       cpu_period, cpuset_cpus, pids, oom_kill_disable, oom_score_adj, device_rules))
BOOST_DESCRIBE_STRUCT(Ulimit, (), (name, soft, hard))
BOOST_DESCRIBE_STRUCT(Device, (), (source, target, permissions))
BOOST_DESCRIBE_STRUCT(ContainerSpec, (),
                      (name, project, service, number, one_off, image, image_name, labels, args, env, working_dir, user,
                       group_add, hostname, domainname, tty, stdin_open, init, stop_signal, stop_grace_period,
                       full_stop_grace, privileged, read_only, cap_add, cap_drop, security_opt, ulimits, sysctls,
                       shm_size, devices, pid_mode, ipc_mode, uts_mode, runtime, annotations, resources, mounts, files,
                       network_mode, attachments, links, ports, serves_dns, extra_hosts, dns, dns_search, dns_options,
                       healthcheck, restart, auto_remove, logging))

BOOST_DESCRIBE_STRUCT(ProbeResult, (), (exit_code, output, start, end))
BOOST_DESCRIBE_STRUCT(PublishedPort, (), (host_ip, host_port, container_port, protocol))
BOOST_DESCRIBE_STRUCT(ObservedNetworkAttachment, (), (network, ipv4_address, ipv6_address, mac_address, aliases))
BOOST_DESCRIBE_STRUCT(ObservedContainer, (),
                      (id, name, project, service, number, one_off, image, image_name, labels, command, state, health,
                       probes, exit_code, oom_killed, error, restart_count, pid, created, started, finished, ports,
                       networks, mounts, log_path, tty, unsupervised))
BOOST_DESCRIBE_STRUCT(ObservedNetwork, (), (name, key, project, config_hash, labels, users_elsewhere))
BOOST_DESCRIBE_STRUCT(ObservedVolume, (), (name, key, project, config_hash, anonymous, labels))
BOOST_DESCRIBE_STRUCT(Observed, (), (containers, networks, volumes))
BOOST_DESCRIBE_STRUCT(Event, (), (id, time, type, action, container, name, service, attributes, cause))

BOOST_DESCRIBE_STRUCT(Readiness, (), (outcome, silent_ports))

BOOST_DESCRIBE_STRUCT(IpamPool, (), (subnet, gateway, ip_range))
BOOST_DESCRIBE_STRUCT(NetworkSpec, (),
                      (name, key, project, config_hash, driver, driver_opts, labels, internal, enable_ipv6, ipam))
BOOST_DESCRIBE_STRUCT(VolumeSpec, (), (name, key, project, config_hash, driver, driver_opts, labels))

}  // namespace davit::engine
