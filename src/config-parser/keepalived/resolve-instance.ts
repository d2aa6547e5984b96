/**
 * Draft of a `vrrp_instance` -> the model: defaults from `global_defs`, what `vrrp_strict` forces, and which
 * combinations cannot work (RFC 3768, RFC 5798; worded as keepalived words it). Undefined: the instance is unusable.
 */
import type { IpAddressEntry } from '../../model/ip-entry.ts';
import type { GarpSettings, Tracking, VmacSettings, VrrpInstance } from '../../model/vrrp-instance.ts';
import type { AddressLine } from './address-entry.ts';
import { resolveSignature } from './auth-hmac.ts';
import { AddressVmacs, virtualMac } from './address-vmacs.ts';
import type { GlobalDraft } from './global-defs.ts';
import type { Scope } from './scope.ts';
import type { GarpDraft } from './garp-rows.ts';
import type { InstanceDraft } from './instance-draft.ts';
import type { VmacNames } from './vmac-names.ts';

/** What resolving one instance needs from the rest of the file. */
interface InstanceSurroundings {
  readonly global: GlobalDraft;
  readonly tracking: Tracking;
  readonly scope: Scope;
  readonly vmacNames: VmacNames;
}

interface Notes {
  /** Says how the configuration was changed. */
  changed(message: string): void;
  /** Nothing is wrong. */
  remark(message: string): void;
  unusable(message: string): undefined;
}

export function resolveInstance(
  draft: InstanceDraft,
  around: InstanceSurroundings,
): VrrpInstance | undefined {
  const { global, scope } = around;
  const notes = notesOn(draft, scope);
  const family = draft.family ?? 4;
  const strict = draft.strict ?? global.strict;
  const version = family === 6 ? 3 : (draft.version ?? global.version);
  if (family === 6 && draft.version === 2)
    notes.remark('cannot use IPv6 with VRRP version 2; setting version 3');
  if (draft.virtualRouterId === undefined) return notes.unusable('the virtual router id must be set');
  if (isOnLoopback(draft, around))
    return notes.unusable(`cannot use a loopback interface (${draft.interface}) for vrrp`);
  if (!placeIsFine(draft, strict, version, notes)) return undefined;
  const priority = priorityOf(draft);
  const state = resolveState(draft, priority, strict, notes);
  const advertIntMs = resolveAdvertInt(draft.advertIntMs, version, notes);
  const authentication = resolveAuth(draft, strict, version, notes);
  const signature =
    draft.signing === undefined
      ? undefined
      : resolveSignature(draft.signing, advertIntMs, strict, message => notes.changed(message));
  const initialState = listensFirst(state, priority, authentication, notes) ? 'BACKUP' : state;
  const useVmac = resolveVmac(draft, family, around, notes);
  return {
    name: draft.name,
    position: draft.position,
    family,
    version,
    ...(draft.interface === undefined ? {} : { interface: draft.interface }),
    virtualRouterId: draft.virtualRouterId,
    priority,
    initialState,
    advertIntMs,
    ...resolvePreempt(draft, priority, initialState, strict, notes),
    downTimerAdverts: resolveDownTimer(draft, global, strict, notes),
    strict,
    ...authentication,
    ...(signature === undefined ? {} : { signature }),
    accept: resolveAccept(draft, priority, strict, version, notes),
    unicastPeers: draft.unicastPeers,
    unicastFaultNoPeer: draft.unicastFaultNoPeer && draft.unicastPeers.length === 0,
    unicastTtl: draft.unicastTtl ?? 255,
    checkUnicastSrc: draft.checkUnicastSrc || global.checkUnicastSrc,
    ...(draft.sourceIp === undefined ? {} : { sourceIp: draft.sourceIp }),
    trackSourceIp: draft.trackSourceIp && draft.sourceIp !== undefined,
    multicastGroup: draft.multicastGroup ?? (family === 4 ? global.multicastGroup4 : global.multicastGroup6),
    v3ChecksumAsV2: draft.v3ChecksumAsV2 ?? global.v3ChecksumAsV2,
    skipCheckAdvAddr: draft.skipCheckAdvAddr ?? global.skipCheckAdvAddr,
    ...(draft.kernelRxBufSize === undefined ? {} : { kernelRxBufSize: draft.kernelRxBufSize }),
    ...(useVmac === undefined ? {} : { useVmac }),
    ...resolveAddresses(draft, family, version, strict, around, notes),
    virtualRoutes: draft.virtualRoutes,
    virtualRules: draft.virtualRules,
    promoteSecondaries: draft.promoteSecondaries,
    dontTrackPrimary: draft.dontTrackPrimary,
    tracking: priority === OWNER ? withoutWeights(around.tracking, notes) : around.tracking,
    garp: resolveGarp(draft.garp, global, strict, notes),
    ...resolveManners(draft, global, strict, priority, notes),
    notify: draft.notify,
    smtpAlert: draft.smtpAlert ?? global.smtpAlertVrrp ?? global.smtpAlert ?? false,
    notifyPriorityChanges: draft.notifyPriorityChanges ?? global.notifyPriorityChanges,
  };
}

/** The owner of the addresses. */
export const OWNER = 255;

export function priorityOf({ priority, state }: InstanceDraft): number {
  return priority ?? (state === 'MASTER' ? OWNER : 100);
}

/** Interfaces of another namespace are out of sight. */
function isOnLoopback({ interface: name }: InstanceDraft, { global, scope }: InstanceSurroundings): boolean {
  return name !== undefined && global.netNamespace === undefined && scope.source.isLoopback?.(name) === true;
}

function notesOn({ name, position }: InstanceDraft, { report }: Scope): Notes {
  return {
    changed: message => report.warn(position, `(${name}) ${message}`),
    remark: message => report.remark(position, `(${name}) ${message}`),
    unusable: message => {
      report.leaveOut(position, `(${name}) ${message}`);
      return undefined;
    },
  };
}

/** Interface, peers and addresses: without them there is no instance. */
function placeIsFine(draft: InstanceDraft, strict: boolean, version: 2 | 3, notes: Notes): boolean {
  const unicast = draft.unicastPeers.length > 0;
  if (draft.interface === undefined && !(unicast && draft.sourceIp !== undefined)) {
    notes.unusable(
      unicast ? 'Unicast instances must have unicast_src_ip or interface' : 'the interface must be set',
    );
    return false;
  }
  if (draft.interface === undefined && /^fe[89ab]/i.test(draft.sourceIp ?? '')) {
    notes.unusable('Non link-local address required if interface omitted');
    return false;
  }
  if (strict && unicast) {
    notes.unusable('Unicast peers are not supported in strict mode (vrrp_strict)');
    return false;
  }
  if (!draft.noVirtualAddress && draft.virtualAddresses.length === 0) {
    if (version === 3 || strict) {
      notes.unusable('No VIP specified; at least one is required');
      return false;
    }
    notes.changed('No VIP specified; at least one is sensible');
  }
  if (draft.unicastConfigured && !unicast && !draft.unicastFaultNoPeer)
    notes.changed('A unicast keyword has been specified without any unicast peers. Defaulting to multicast');
  return true;
}

function resolveState(
  draft: InstanceDraft,
  priority: number,
  strict: boolean,
  notes: Notes,
): 'MASTER' | 'BACKUP' {
  const owner = priority === OWNER;
  const state = draft.state ?? (owner ? 'MASTER' : 'BACKUP');
  if (!strict || (state === 'MASTER') === owner) return state;
  notes.changed(
    `State MASTER must match being address owner (vrrp_strict, priority ${priority}): starts as ${owner ? 'MASTER' : 'BACKUP'}`,
  );
  return owner ? 'MASTER' : 'BACKUP';
}

function resolveAuth(
  draft: InstanceDraft,
  strict: boolean,
  version: 2 | 3,
  notes: Notes,
): Pick<VrrpInstance, 'authPass' | 'authKey'> {
  const { authType, authPass: password } = draft;
  if (authType === undefined) {
    if (password !== undefined) notes.changed('auth_pass without auth_type PASS. Ignoring');
    return {};
  }
  if (draft.signing !== undefined)
    notes.changed('auth_hmac cannot be combined with authentication. Ignoring authentication');
  else if (strict)
    notes.changed(
      'Strict mode does not support authentication. Ignoring: adverts are sent and expected without auth_pass',
    );
  else if (version === 3) notes.changed('VRRP version 3 does not support authentication. Ignoring.');
  else if (password === undefined || password === '')
    notes.changed('Authentication specified but no password given. Ignoring');
  else return authType === 'PASS' ? { authPass: password } : { authKey: password };
  return {};
}

/** The numbers of sealed packets have to be above those of the master before. */
function listensFirst(
  state: 'MASTER' | 'BACKUP',
  priority: number,
  { authKey }: Pick<VrrpInstance, 'authKey'>,
  notes: Notes,
): boolean {
  if (authKey === undefined || state === 'BACKUP' || priority === OWNER) return false;
  notes.changed('Initial state master is incompatible with AH authentication - clearing');
  return true;
}

/** VRRPv2 counts whole seconds up to 255 (RFC 3768 5.3.7), VRRPv3 centiseconds in 12 bits (RFC 5798 5.2.7). */
function resolveAdvertInt(written: number | undefined, version: 2 | 3, notes: Notes): number {
  const interval = written ?? 1000;
  const unit = version === 2 ? 1000 : 10;
  const most = version === 2 ? 255_000 : 40_950;
  const rounded = Math.min(most, Math.max(unit, Math.round(interval / unit) * unit));
  if (rounded !== interval)
    notes.changed(
      `VRRPv${version} advertisement interval ${interval / 1000}s cannot be sent. Setting to ${rounded / 1000}s`,
    );
  return rounded;
}

function resolvePreempt(
  draft: InstanceDraft,
  priority: number,
  state: 'MASTER' | 'BACKUP',
  strict: boolean,
  notes: Notes,
): { preempt: boolean; preemptDelayMs: number } {
  let preempt = !draft.nopreempt;
  let preemptDelayMs = draft.preemptDelayMs;
  if (!preempt && priority === OWNER) {
    notes.changed('nopreempt is incompatible with priority 255. resetting nopreempt');
    preempt = true;
  }
  if (!preempt && state === 'MASTER') {
    notes.changed('Warning - nopreempt will not work with initial state MASTER - clearing');
    preempt = true;
  }
  const conflict =
    state === 'MASTER' ? 'initial state MASTER' : strict ? 'strict mode' : preempt ? undefined : 'nopreempt';
  if (preemptDelayMs > 0 && conflict !== undefined) {
    notes.changed(`preempt_delay is incompatible with ${conflict} - resetting`);
    preemptDelayMs = 0;
  }
  return { preempt, preemptDelayMs };
}

function resolveDownTimer(draft: InstanceDraft, global: GlobalDraft, strict: boolean, notes: Notes): number {
  const adverts = draft.downTimerAdverts ?? global.downTimerAdverts;
  if (adverts === 3 || !strict) return adverts;
  notes.changed('down_timer_adverts is incompatible with strict mode - resetting');
  return 3;
}

function resolveAccept(
  draft: InstanceDraft,
  priority: number,
  strict: boolean,
  version: 2 | 3,
  notes: Notes,
): boolean {
  if (priority === OWNER) return true;
  if (draft.accept === true && strict && version === 2) {
    notes.changed('warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting');
    return false;
  }
  if (draft.accept === undefined && strict)
    notes.remark('strict mode without accept: packets to the virtual addresses are dropped here (no_accept)');
  return draft.accept ?? !strict;
}

function resolveAddresses(
  draft: InstanceDraft,
  family: 4 | 6,
  version: 2 | 3,
  strict: boolean,
  { global, vmacNames: names }: InstanceSurroundings,
  notes: Notes,
): Pick<VrrpInstance, 'virtualAddresses' | 'excludedAddresses' | 'addressVmacs'> {
  const first = draft.virtualAddresses[0];
  if (family === 6 && strict && first !== undefined && !/^fe[89ab]/i.test(first.address))
    notes.changed('the first IPv6 VIP address must be link local');
  const most = advertCapacity(family, version);
  if (draft.virtualAddresses.length > most)
    notes.changed(
      `Number of VIPs (${draft.virtualAddresses.length}) exceeds space in an advert (${most}) - excess moved to eVIPs`,
    );
  const prefix = global.vmacAddressPrefix ?? global.vmacPrefix;
  const vmacs = new AddressVmacs({ draft, family, prefix, names });
  const place = (line: AddressLine): IpAddressEntry => {
    const isNowhere = draft.interface === undefined && line.dev === undefined;
    return vmacs.place(isNowhere ? { ...line, dev: global.defaultInterface } : line);
  };
  return {
    virtualAddresses: draft.virtualAddresses.slice(0, most).map(place),
    excludedAddresses: [...draft.virtualAddresses.slice(most), ...draft.excludedAddresses].map(place),
    addressVmacs: vmacs.all,
  };
}

/** Addresses that fit an Ethernet frame beside its headers. */
function advertCapacity(family: 4 | 6, version: 2 | 3): number {
  const headers = 14 + (family === 4 ? 20 : 40) + 8 + (version === 2 ? 8 : 0);
  return Math.min(255, Math.floor((1500 - headers) / (family === 4 ? 4 : 16)));
}

function resolveVmac(
  draft: InstanceDraft,
  family: 4 | 6,
  around: InstanceSurroundings,
  notes: Notes,
): VmacSettings | undefined {
  if (!draft.useVmac) return undefined;
  if (draft.interface === undefined) {
    notes.changed('Cannot use VMAC with unicast and no interface - clearing use_vmac');
    return undefined;
  }
  const unicast = draft.unicastPeers.length > 0;
  if (unicast && !draft.vmacXmitBase)
    notes.changed('unicast with use_vmac requires vmac_xmit_base - setting');
  const { global, vmacNames } = around;
  const { virtualRouterId = 0, vmacMac } = draft;
  return {
    name: usableVmacName(draft, around, notes) ?? vmacNames.take(global.vmacPrefix, family, virtualRouterId),
    mac: virtualMac(family, virtualRouterId, vmacMac),
    xmitBase: draft.vmacXmitBase || unicast,
  };
}

function usableVmacName(
  { vmacName: name }: InstanceDraft,
  { global, scope }: InstanceSurroundings,
  notes: Notes,
): string | undefined {
  const isForeign =
    name !== undefined &&
    global.netNamespace === undefined &&
    scope.source.isForeignInterface?.(name) === true;
  if (!isForeign) return name;
  notes.changed(`interface ${name} exists and is not a private macvlan. Ignoring its name in use_vmac`);
  return undefined;
}

function resolveGarp(own: GarpDraft, global: GlobalDraft, strict: boolean, notes: Notes): GarpSettings {
  const minimal: GarpDraft = global.minGarp ? { masterRepeat: 1, masterDelayMs: 0 } : {};
  const said = { ...minimal, ...global.garp, ...own };
  const masterDelayMs = said.masterDelayMs ?? 5000;
  const masterRepeat = said.masterRepeat ?? 5;
  if (strict && ((own.lowerPrioRepeat ?? 0) > 0 || (own.lowerPrioDelayMs ?? 0) > 0))
    notes.changed('Strict mode requires no repeat garps. resetting');
  return {
    masterDelayMs,
    masterRepeat,
    masterRefreshMs: said.masterRefreshMs ?? 0,
    masterRefreshRepeat: said.masterRefreshRepeat ?? 1,
    lowerPrioDelayMs: strict ? 0 : (said.lowerPrioDelayMs ?? masterDelayMs),
    lowerPrioRepeat: strict ? 0 : (said.lowerPrioRepeat ?? masterRepeat),
    extraIfMs: said.extraIfMs ?? 0,
    extraIfAll: said.extraIfAll ?? false,
  };
}

/**
 * Differs from keepalived where nothing is said: a master that yields to a superior sends one last advert, so that
 * the winner of an ended split announces its addresses again at once.
 */
function resolveManners(
  draft: InstanceDraft,
  global: GlobalDraft,
  strict: boolean,
  priority: number,
  notes: Notes,
): Pick<VrrpInstance, 'lowerPrioNoAdvert' | 'higherPrioSendAdvert' | 'ownerIgnoreAdverts'> {
  if (strict && draft.lowerPrioNoAdvert === false)
    notes.changed('Strict mode requires no lower priority advert. resetting');
  if (strict && draft.higherPrioSendAdvert === true)
    notes.changed('strict mode requires higher_prio_send_advert to be clear. resetting');
  return {
    lowerPrioNoAdvert: strict || (draft.lowerPrioNoAdvert ?? global.lowerPrioNoAdvert ?? false),
    higherPrioSendAdvert: !strict && (draft.higherPrioSendAdvert ?? global.higherPrioSendAdvert ?? true),
    ownerIgnoreAdverts:
      priority === OWNER && (draft.ownerIgnoreAdverts ?? (strict || global.ownerIgnoreAdverts)),
  };
}

/** An address owner's priority never floats: weighted trackers are dropped. */
function withoutWeights(tracking: Tracking, notes: Notes): Tracking {
  const keep = <T extends { readonly name: string; readonly weight: number }>(list: readonly T[]): T[] =>
    list.filter(({ name, weight }) => {
      if (weight !== 0) notes.changed(`ignoring tracked ${name} with weight due to address owner`);
      return weight === 0;
    });
  return {
    interfaces: keep(tracking.interfaces),
    scripts: keep(tracking.scripts),
    files: keep(tracking.files),
    processes: keep(tracking.processes),
    bfds: keep(tracking.bfds),
    lb: keep(tracking.lb),
  };
}
