/** Virtual routes and rules -> lines of `ip -batch` that put them in and take them out. Pure. */
import type { IpRouteEntry } from '../model/ip-entry.ts';

/** keepalived marks its routes and rules so (linux/rtnetlink.h, RTPROT_KEEPALIVED). */
const PROTOCOL = '18';
/** What `ip` shows for it, where its table of protocols has a name. */
const PROTOCOL_NAME = 'keepalived';

function familyFlag(entry: IpRouteEntry): string {
  return entry.family === 6 ? '-6 ' : '';
}

/** `prepend` is the kernel's way for IPv4: before routes of the same kind. */
export function routeAddLine(entry: IpRouteEntry, defaultDevice: string | undefined): string {
  const verb = { add: 'replace', append: 'append', prepend: 'prepend' }[entry.mode];
  return `${familyFlag(entry)}route ${verb} ${routeWords(entry, defaultDevice)}`;
}

export function routeDeleteLine(entry: IpRouteEntry, defaultDevice: string | undefined): string {
  return `${familyFlag(entry)}route del ${routeWords(entry, defaultDevice)}`;
}

export function ruleAddLine(entry: IpRouteEntry): string {
  return `${familyFlag(entry)}rule add ${entry.words.join(' ')} ${protocolOf(entry)}`.trim();
}

export function ruleDeleteLine(entry: IpRouteEntry): string {
  return `${familyFlag(entry)}rule del ${entry.words.join(' ')} ${protocolOf(entry)}`.trim();
}

function protocolOf(entry: IpRouteEntry): string {
  return entry.words.includes('protocol') ? '' : `protocol ${PROTOCOL}`;
}

/** What `ip` may show as the protocol of an entry. */
export function protocolsOf({ words }: IpRouteEntry): readonly string[] {
  const at = words.indexOf('protocol');
  return at < 0 ? [PROTOCOL, PROTOCOL_NAME] : [words[at + 1] ?? ''];
}

/** `ip` takes nothing but next hops behind a next hop. */
function routeWords(entry: IpRouteEntry, defaultDevice: string | undefined): string {
  const words = withDevice(entry, defaultDevice);
  const hops = words.indexOf('nexthop');
  const own = protocolOf(entry).split(' ').filter(Boolean);
  return (hops < 0 ? [...words, ...own] : words.toSpliced(hops, 0, ...own)).join(' ');
}

/** A route with neither gateway nor device leaves by the instance's interface. */
function withDevice(entry: IpRouteEntry, defaultDevice: string | undefined): readonly string[] {
  const complete = entry.words.some(word =>
    ['dev', 'via', 'nexthop', 'blackhole', 'unreachable', 'prohibit', 'throw'].includes(word),
  );
  return complete || defaultDevice === undefined ? entry.words : [...entry.words, 'dev', defaultDevice];
}
