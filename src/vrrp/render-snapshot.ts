/**
 * A snapshot as text: `show vrrp`, and the files keepalived writes upon SIGUSR1 and SIGUSR2, which exporters read
 * (the statistics file has keepalived's own shape). Pure; called by dump.ts and the admin socket's `show vrrp`.
 */
import type { InstanceSnapshot, VrrpSnapshot } from '../model/vrrp-snapshot.ts';

/** One line an instance and group, or all there is to know of one instance. */
export function renderShowVrrp(snapshot: VrrpSnapshot, name?: string): string {
  if (name !== undefined) {
    const instance = snapshot.instances.find(one => one.name === name);
    return instance === undefined ? `no vrrp instance ${name}\n` : renderInstance(instance);
  }
  const rows = snapshot.instances.map(one => [
    one.name,
    one.state,
    String(one.effectivePriority),
    one.interface,
    String(one.virtualRouterId),
    one.master?.address ?? '-',
    one.addresses.join(','),
  ]);
  const header = ['# instance', 'state', 'priority', 'interface', 'vrid', 'master', 'addresses'];
  const groups = snapshot.groups.map(
    group => `group ${group.name}: ${group.state} (${group.members.join(', ')})\n`,
  );
  return table([header, ...rows]) + groups.join('');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  return rows
    .map(
      row =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Upon SIGUSR1, and `show vrrp <instance>`. */
export function renderInstance(one: InstanceSnapshot): string {
  const lines: [string, string][] = [
    ['State', one.state],
    ['Reason', one.reason],
    ['Last transition', new Date(one.lastTransition).toISOString()],
    ['Transitions', String(one.transitions)],
    ['Wantstate', one.configuredState],
    ['Interface', one.interface],
    ['Version', String(one.version)],
    ['Virtual Router ID', String(one.virtualRouterId)],
    ['Priority', String(one.priority)],
    ['Effective priority', String(one.effectivePriority)],
    ['Advert interval', `${one.advertIntMs} ms`],
    ['Master advert interval', `${one.masterAdvertIntMs} ms`],
    ['Preempt', one.preempt ? 'enabled' : 'disabled'],
    ['Accept', one.accept ? 'enabled' : 'disabled'],
    ['Sync group', one.syncGroup ?? 'none'],
    ['Source address', one.source ?? 'none'],
    ['Master router', one.master?.address ?? 'unknown'],
    ['Master priority', one.master === undefined ? 'unknown' : String(one.master.priority)],
    ['Virtual IP', one.addresses.join(' ')],
    ['Virtual IP excluded', one.excludedAddresses.join(' ') || 'none'],
    ['Holds addresses', one.holdsAddresses ? 'yes' : 'no'],
    ['Faults', one.faults.join('; ') || 'none'],
    ['Worst advert lateness', `${one.counters.worstLatenessMs.toFixed(1)} ms`],
  ];
  return `VRRP Instance = ${one.name}\n${lines.map(([key, value]) => `  ${key} = ${value}\n`).join('')}`;
}

export function renderData(snapshot: VrrpSnapshot): string {
  const groups = snapshot.groups.map(
    group =>
      `VRRP Sync Group = ${group.name}, ${group.state}\n${group.members.map(name => `  monitor = ${name}\n`).join('')}`,
  );
  return [...snapshot.instances.map(renderInstance), ...groups].join('');
}

/** Upon SIGUSR2: the lines and their order are keepalived's. */
export function renderStats(snapshot: VrrpSnapshot): string {
  return snapshot.instances.map(renderInstanceStats).join('');
}

function renderInstanceStats({ name, counters }: InstanceSnapshot): string {
  const { bad } = counters;
  return `VRRP Instance: ${name}
  Advertisements:
    Received: ${counters.advertsReceived}
    Sent: ${counters.advertsSent}
  Became master: ${counters.becameMaster}
  Released master: ${counters.releasedMaster}
  Packet Errors:
    Length: ${bad.length}
    TTL: ${bad.ttl}
    Invalid Type: ${bad.type}
    Advertisement Interval: ${counters.intervalDiffers}
    Address List: ${counters.addressListDiffers}
  Authentication Errors:
    Invalid Type: 0
    Type Mismatch: ${bad.authType}
    Failure: ${bad.authPass}
  Priority Zero:
    Received: ${counters.priorityZeroReceived}
    Sent: ${counters.priorityZeroSent}
`;
}
