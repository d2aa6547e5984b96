/**
 * Words of keepalived that this program knows and has no use for: naming them spares the user a search for a typing
 * mistake. Most tune keepalived's own processes. Those that would change what is safe are refused, with the reason.
 */
const WORDS: Readonly<Record<string, string>> = {
  '':
    'linkbeat_use_polling net_namespace_ipvs namespace_with_ipsets use_pid_dir child_wait_time linkbeat_interfaces ' +
    'track_group',
  global_defs:
    'process_names process_name vrrp_process_name checker_process_name lvs_process_name bfd_process_name ' +
    'use_symlink_paths set_supplementary_groups ' +
    'max_auto_priority min_auto_priority_delay disable_local_igmp vrrp_iptables vrrp_ipsets ' +
    'nftables_ifindex vrrp_no_swap ' +
    'vrrp_rlimit_rttime vrrp_rlimit_rtime nftables_ipvs nftables_ipvs_priority ' +
    'nftables_ipvs_start_fwmark checker_no_swap ' +
    'checker_rlimit_rttime checker_rlimit_rtime bfd_priority bfd_no_swap bfd_rt_priority bfd_cpu_affinity ' +
    'bfd_rlimit_rttime bfd_rlimit_rtime snmp_socket enable_traps enable_snmp_vrrp enable_snmp_keepalived ' +
    'enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_snmp_checker snmp_vs_stats_update_interval ' +
    'snmp_rs_stats_update_interval enable_dbus dbus_service_name dbus_no_interface_name vrrp_netlink_cmd_rcv_bufs ' +
    'vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force ' +
    'process_monitor_rcv_bufs process_monitor_rcv_bufs_force lvs_netlink_cmd_rcv_bufs ' +
    'lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force ' +
    'vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier ' +
    'reload_file config_save_dir tmp_config_directory ' +
    'iproute_usr_dir iproute_etc_dir ' +
    'lvs_sync_daemon state_file_location stats_file_location json_file_location',
  vrrp_instance:
    'debug native_ipv6 linkbeat_use_polling lvs_sync_daemon_interface timer_expired_backup ' +
    'thread_timer_expired old_unicast_checksum',
  virtual_server: 'hashed persistence_engine snmp_name',
  'virtual_server/real_server': 'snmp_name',
  'virtual_server/real_server/HTTP_GET/url': 'regex_stack tls_compliant',
  'virtual_server/real_server/HTTP_GET': 'tls_compliant',
  'virtual_server/real_server/SSL_GET': 'tls_compliant',
  'virtual_server/real_server/SSL_GET/url': 'regex_stack tls_compliant',
  'virtual_server/real_server/FILE_CHECK': 'dynamic',
};

const REFUSED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  vrrp_instance: {
    use_ipvlan: 'use use_vmac, or addresses without a virtual MAC',
    vrf: 'name the interface inside the VRF by interface',
  },
};

export const IGNORED_WORDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(WORDS).map(([block, words]) => [block, new Set(words.split(' '))]),
);

/** `no effect`, the reason of a refusal, or undefined for a word nobody knows. */
export function ignoredKeyword(block: string, name: string): string | undefined {
  const refused = Object.hasOwn(REFUSED, block) ? REFUSED[block] : undefined;
  if (refused !== undefined && Object.hasOwn(refused, name)) return refused[name];
  return IGNORED_WORDS.get(block)?.has(name) === true ? 'no effect' : undefined;
}
