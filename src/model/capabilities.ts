/** Rights of Linux that a process may keep without being root (`setcap`; management manual, section 13.1), by their bits. */
export const CAPABILITIES: ReadonlyMap<string, number> = new Map([
  ['cap_net_bind_service', 10],
  ['cap_net_admin', 12],
  ['cap_net_raw', 13],
  ['cap_sys_admin', 21],
]);
