/**
 * Virtual MAC interfaces (`use_vmac`, RFC 5798 7.3): a private macvlan over the real interface, made at start and
 * removed at stop. ARP settings keep the real interface from answering for the virtual addresses.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { isForeignInterface } from './foreign-interface.ts';
import type { Log } from './log.ts';

export interface Vmac {
  readonly name: string;
  readonly mac: string;
  readonly base: string;
  readonly family: 4 | 6;
  /** Nothing is sent here. */
  readonly xmitBase: boolean;
}

/** Values of /proc/sys to put back. */
type Saved = readonly (readonly [string, string])[];

/** Makes the interface; the answer undoes it, undefined when it could not be made. */
export function createVmac(vmac: Vmac, log: Log): (() => void) | undefined {
  if (isForeignInterface(vmac.name)) {
    log('error', `use_vmac ${vmac.name}: there is an interface of that name which is no private macvlan`);
    return undefined;
  }
  // one left over from an earlier process may have another address
  ip(['link', 'del', 'dev', vmac.name]);
  const made = ip(
    `link add link ${vmac.base} name ${vmac.name} address ${vmac.mac} type macvlan mode private`.split(' '),
  );
  if (made !== '') {
    log('error', `use_vmac ${vmac.name}: ${made}`);
    return undefined;
  }
  ip(['link', 'set', 'dev', vmac.name, 'addrgenmode', 'none']);
  const saved = applySettings(vmac);
  const up = ip(['link', 'set', 'dev', vmac.name, 'up']);
  if (up !== '') log('error', `use_vmac ${vmac.name}: ${up}`);
  return () => {
    ip(['link', 'del', 'dev', vmac.name]);
    for (const [path, value] of saved) write(path, value);
  };
}

export function vmacUndoLine(name: string): string {
  return `link del dev ${name}`;
}

function applySettings(vmac: Vmac): Saved {
  if (vmac.family === 6) return [];
  const of = (device: string, setting: string): string => `/proc/sys/net/ipv4/conf/${device}/${setting}`;
  const settings: [string, string][] = [
    [of(vmac.name, 'accept_local'), '1'],
    [of(vmac.name, 'arp_ignore'), '1'],
    [of(vmac.name, 'arp_announce'), '2'],
    [of(vmac.name, 'rp_filter'), '0'],
    // an address that a reload takes away takes no others of its network with it
    [of(vmac.name, 'promote_secondaries'), '1'],
    [of(vmac.base, 'arp_ignore'), '1'],
    [of(vmac.base, 'arp_announce'), '2'],
  ];
  const saved: (readonly [string, string])[] = [];
  for (const [path, value] of settings) {
    const old = read(path);
    if (old === undefined || old === value) continue;
    write(path, value);
    if (path.includes(`/${vmac.base}/`)) saved.push([path, old]);
  }
  return saved;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function write(path: string, value: string): void {
  try {
    writeFileSync(path, value);
  } catch {
    // the interface is gone, and its settings with it
  }
}

/** The complaint of `ip`, or an empty text. */
function ip(words: readonly string[]): string {
  const { status, stderr, error } = spawnSync('ip', words, { encoding: 'utf8', timeout: 5000 });
  if (error !== undefined) return error.message;
  return status === 0 ? '' : stderr.trim() || `ip ended with ${status}`;
}
