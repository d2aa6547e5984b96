/**
 * A snapshot as text: `show vrrp`, and the files keepalived writes upon SIGUSR1 and SIGUSR2, which exporters read
 * (both have keepalived's own shape). Pure; called by dump.ts and the admin socket's `show vrrp`.
 */
import type { InstanceSnapshot, ScriptSnapshot, VrrpSnapshot } from '../model/vrrp-snapshot.ts';

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

/** Upon SIGUSR1, and `show vrrp <instance>`: indents and words are keepalived's, the last ones are our own. */
export function renderInstance(one: InstanceSnapshot): string {
  return [
    ` VRRP Instance = ${one.name}`,
    ...generalLines(one),
    ...addressLines(one),
    ...ownLines(one),
    '',
  ].join('\n');
}

function generalLines(one: InstanceSnapshot): string[] {
  const wanted = one.state === 'MASTER' || one.state === 'BACKUP' ? one.state : one.configuredState;
  return propertyLines([
    ['VRRP Version', String(one.version)],
    ['State', one.state],
    ['Wantstate', wanted],
    ['Last transition', `${(one.lastTransition / 1000).toFixed(6)} (${asCtime(one.lastTransition)})`],
    ['Interface', one.interface],
    ['Using src_ip', one.source ?? '(none)'],
    ['Gratuitous ARP delay', String(one.garpMasterDelayMs / 1000)],
    ['Virtual Router ID', String(one.virtualRouterId)],
    ['Priority', String(one.priority)],
    ['Effective priority', String(one.effectivePriority)],
    ['Advert interval', one.version === 2 ? `${one.advertIntMs / 1000} sec` : `${one.advertIntMs} milli-sec`],
    ['Accept', one.accept ? 'enabled' : 'disabled'],
    ['Preempt', one.preempt ? 'enabled' : 'disabled'],
    ...(one.master === undefined
      ? []
      : ([
          ['Master router', one.master.address],
          ['Master priority', String(one.master.priority)],
        ] as const)),
  ]);
}

function addressLines(one: InstanceSnapshot): string[] {
  const set = one.holdsAddresses ? ' set' : '';
  const list = (what: string, places: readonly string[]): string[] =>
    places.length === 0
      ? []
      : [`   ${what} (${places.length}):`, ...places.map(place => `     ${place}${set}`)];
  return [...list('Virtual IP', one.places), ...list('Virtual IP Excluded', one.excludedPlaces)];
}

function ownLines(one: InstanceSnapshot): string[] {
  return propertyLines([
    ['Reason', one.reason],
    ['Transitions', String(one.transitions)],
    ['Configured state', one.configuredState],
    ['Master advert interval', `${one.masterAdvertIntMs} milli-sec`],
    ['Sync group', one.syncGroup ?? 'none'],
    ['Faults', one.faults.join('; ') || 'none'],
    ['Worst advert lateness', `${one.counters.worstLatenessMs.toFixed(1)} milli-sec`],
  ]);
}

function propertyLines(pairs: readonly (readonly [string, string])[]): string[] {
  return pairs.map(([key, value]) => `   ${key} = ${value}`);
}

/** `Sat Nov 21 15:41:39 2026`, local time. */
function asCtime(time: number): string {
  const [weekday, month, , year] = new Date(time).toDateString().split(' ');
  const date = new Date(time);
  const clock = date.toTimeString().slice(0, 8);
  return `${weekday} ${month} ${String(date.getDate()).padStart(2)} ${clock} ${year}`;
}

export function renderData(snapshot: VrrpSnapshot): string {
  const groups = snapshot.groups.map(({ name, state, members }) =>
    [
      ` VRRP Sync Group = ${name}, ${state}`,
      `   VRRP member instances = ${members.length}`,
      ...members.map(member => `     ${member}`),
      '',
    ].join('\n'),
  );
  const scripts = snapshot.scripts.map(renderScript);
  return [
    '------< VRRP Topology >------\n',
    ...snapshot.instances.map(renderInstance),
    ...(groups.length === 0 ? [] : ['------< VRRP Sync groups >------\n', ...groups]),
    ...(scripts.length === 0 ? [] : ['------< VRRP Scripts >------\n', ...scripts]),
  ].join('');
}

function renderScript(script: ScriptSnapshot): string {
  const { name, command, weight, reverse, up, isRunning } = script;
  const lines = propertyLines([
    ['Command', `'${command.join(' ')}'`],
    ['Interval', `${script.intervalMs / 1000} sec`],
    ['Timeout', `${script.timeoutMs / 1000} sec`],
    ['Weight', `${weight}${reverse ? ' reverse' : ''}`],
    ['Rise', String(script.rise)],
    ['Fall', String(script.fall)],
    ['Status', up === undefined ? 'INIT' : up ? 'GOOD' : 'BAD'],
    ['State', isRunning ? 'running' : 'idle'],
  ]);
  return [` VRRP Script = ${name}`, ...lines, ''].join('\n');
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
  Authentication Extension Errors:
    Missing: ${bad.hmacMissing}
    Malformed: ${bad.hmacMalformed}
    Unknown Key: ${bad.hmacUnknownKey}
    Invalid HMAC: ${bad.hmacInvalid}
    Stale: ${bad.hmacStale}
    Replay: ${bad.hmacReplay}
  Priority Zero:
    Received: ${counters.priorityZeroReceived}
    Sent: ${counters.priorityZeroSent}
`;
}
