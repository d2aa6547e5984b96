/** Addresses in a `vrrp_instance`: virtual ones, source, peers, and the virtual MAC. */
import type { UnicastPeer } from '../../model/vrrp-instance.ts';
import type { Word } from '../../model/word.ts';
import { parseAddressEntry, type AddressLine } from './address-entry.ts';
import type { Statement } from './block.ts';
import type { InstanceDraft } from './instance-draft.ts';
import type { KeepalivedKeyword } from './keyword.ts';
import type { Scope } from './scope.ts';
import { blockOf, familyOf, integerOf, interfaceNameOf, readAddress } from './values.ts';

type Row = KeepalivedKeyword<InstanceDraft>;

export function source(name: string): Row {
  return {
    name,
    args: '<ip>',
    least: 1,
    summary: 'source address of adverts',
    parse: (draft, statement, scope) => {
      const found = readAddress(withoutPrefix(statement), scope);
      if (name === 'unicast_src_ip') draft.unicastConfigured = true;
      if (found === undefined || !agreeOnFamily(draft, found.family, statement, scope)) return;
      draft.sourceIp = found.address;
    },
  };
}

/** A prefix length behind the address of a host means nothing, as in keepalived. */
function withoutPrefix(statement: Statement): Statement {
  const [word, ...rest] = statement.words;
  if (word === undefined) return statement;
  return { ...statement, words: [{ ...word, text: hostOf(word.text) }, ...rest] };
}

function hostOf(text: string): string {
  return text.replace(/\/\d+$/, '');
}

/** All addresses of an instance that go into adverts or their headers have one family. */
export function agreeOnFamily(
  draft: InstanceDraft,
  family: 4 | 6,
  statement: Statement,
  scope: Scope,
): boolean {
  draft.family ??= family;
  if (draft.family === family) return true;
  scope.report.warn(
    statement.position,
    `(${draft.name}) address family must match VRRP instance - ignoring ${statement.name}`,
  );
  return false;
}

export function parseAddresses(draft: InstanceDraft, statement: Statement, scope: Scope): void {
  for (const item of blockOf(statement, scope)) {
    const entry = parseAddressEntry(item, scope);
    if (entry !== undefined && agreeOnFamily(draft, entry.family, item, scope))
      addAddress(draft.virtualAddresses, entry, scope);
  }
}

export function addAddress(list: AddressLine[], entry: AddressLine, scope: Scope): void {
  if (list.some(other => other.address === entry.address && other.dev === entry.dev))
    scope.report.warn(entry.position, `address ${entry.address} is listed twice - ignoring the second`);
  else list.push(entry);
}

function parsePeer(item: Statement, scope: Scope): UnicastPeer | undefined {
  const address = hostOf(item.name);
  if (familyOf(address) === undefined) {
    scope.report.warn(item.position, `'${item.name}' is not an IP address - ignoring unicast peer`);
    return undefined;
  }
  let peer: UnicastPeer = { address };
  for (let index = 0; index < item.words.length; index += 2) {
    const option = item.words[index] as Word;
    const word = item.words[index + 1];
    const value = word === undefined ? undefined : integerOf(word, option.text, scope, 0, 255);
    if (option.text === 'min_ttl' && value !== undefined) peer = { ...peer, minTtl: value };
    else if (option.text === 'max_ttl' && value !== undefined) peer = { ...peer, maxTtl: value };
    else scope.report.warn(option.position, `Unknown unicast_peer option '${option.text}'`);
  }
  return peer;
}

export function parsePeers(draft: InstanceDraft, statement: Statement, scope: Scope): void {
  draft.unicastConfigured = true;
  for (const item of blockOf(statement, scope)) {
    const peer = parsePeer(item, scope);
    if (peer === undefined || !agreeOnFamily(draft, familyOf(peer.address) ?? 4, item, scope)) continue;
    if (peer.minTtl !== undefined || peer.maxTtl !== undefined) draft.checkUnicastSrc = true;
    draft.unicastPeers.push(peer);
  }
}

/** `[name] <IF>`, a MAC of five or six octets, `netlink_notify_msg`, `group GID`. */
export function parseVmac(draft: InstanceDraft, statement: Statement, scope: Scope): void {
  draft.useVmac = true;
  const words = [...statement.words];
  while (words.length > 0) {
    const word = words.shift() as Word;
    if (word.text.includes(':')) setMac(draft, word, scope);
    else if (word.text === 'group') words.shift();
    else if (word.text !== 'netlink_notify_msg' && word.text !== 'name') {
      const name = interfaceNameOf(word, scope);
      if (name !== undefined) draft.vmacName = name;
    }
  }
}

function setMac(draft: InstanceDraft, word: Word, scope: Scope): void {
  const octets = word.text.replace(/:$/, '').split(':');
  const wellFormed =
    octets.every(octet => /^[0-9a-f]{1,2}$/i.test(octet)) && (octets.length === 5 || octets.length === 6);
  if (!wellFormed || (Number.parseInt(octets[0] ?? '1', 16) & 1) === 1) {
    scope.report.warn(word.position, `VMAC invalid MAC address ${word.text} - ignored`);
    return;
  }
  draft.vmacMac = octets.map(octet => octet.toLowerCase().padStart(2, '0')).join(':');
}

export function isMulticast(address: string): boolean {
  return /^(22[4-9]|23\d)\./.test(address) || /^ff.2:/i.test(address);
}
