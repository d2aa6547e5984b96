/**
 * The VRRP state machine of one instance as a pure function (RFC 3768 6.4, RFC 5798 6.4, RFC 9568 6.4). It knows no
 * socket, clock or address: events and the time come in, the new state and the effects to perform go out. Times are
 * absolute deadlines, so that nothing but an accepted advert moves them. Called by router.ts, performed by instance.ts.
 *
 *            start, nothing wrong                    master down timer, group agrees
 *   INIT ──────────────────────────▶ BACKUP ───────────────────────────────────────▶ MASTER
 *     │                               │  ▲ ◀─────────────────────────────────────────  │
 *     │ start, something wrong  fault │  │ recovered     superior advert, group        │ fault
 *     └─────────────────────────────▶ FAULT ◀────────────────────────────────────────  ┘
 */
import type { IpAddress } from '../base/ip-address.ts';
import type { GarpSettings } from '../model/vrrp-instance.ts';
import type { VrrpState } from '../model/vrrp-snapshot.ts';
import { compareIp } from './ip-bytes.ts';

export const OWNER_PRIORITY = 255;

/** What the machine needs of a `vrrp_instance`, and of the rest of the world now. */
export interface MachineConfig {
  readonly version: 2 | 3;
  /** As configured; the effective one is state. */
  readonly priority: number;
  readonly initialState: 'MASTER' | 'BACKUP';
  readonly advertIntMs: number;
  readonly preempt: boolean;
  readonly preemptDelayMs: number;
  readonly downTimerAdverts: number;
  readonly lowerPrioNoAdvert: boolean;
  readonly higherPrioSendAdvert: boolean;
  readonly ownerIgnoreAdverts: boolean;
  readonly garp: Pick<
    GarpSettings,
    | 'masterRepeat'
    | 'masterDelayMs'
    | 'masterRefreshMs'
    | 'masterRefreshRepeat'
    | 'lowerPrioRepeat'
    | 'lowerPrioDelayMs'
  >;
  /** Our primary address: decides between equal priorities. */
  readonly source: IpAddress;
  /** The other members of the sync group are master or want to be; true without a group. */
  readonly groupIsReady: boolean;
}

export interface MachineState {
  readonly state: VrrpState;
  /** Effective: configured, plus what tracking adds. 1..254, or 255 for the owner. */
  readonly priority: number;
  /** Master_Adver_Interval: learned from the master's adverts. */
  readonly masterAdvertIntMs: number;
  /** BACKUP: when the master counts as down. */
  readonly masterDownAt: number;
  /** MASTER: when the next advert is due. */
  readonly advertAt: number;
  /** An inferior master is tolerated until then. */
  readonly preemptAt: number | undefined;
  /** The timer ran out, but the group is not ready. */
  readonly wantsMaster: boolean;
  /** The last master heard. */
  readonly master: { readonly address: IpAddress; readonly priority: number } | undefined;
  /** Second batch of announcements. */
  readonly announceAgain: { readonly at: number; readonly repeat: number } | undefined;
  readonly refreshAt: number;
  /** Announcements because of inferior masters are not sent more often than once an advert interval. */
  readonly assertedAt: number;
}

export interface HeardAdvert {
  readonly priority: number;
  readonly advertIntMs: number;
  readonly source: IpAddress;
}

export type MachineEvent =
  | { readonly kind: 'start'; readonly fault?: string }
  | { readonly kind: 'stop' }
  | { readonly kind: 'timer' }
  | { readonly kind: 'advert'; readonly advert: HeardAdvert }
  | { readonly kind: 'priority'; readonly priority: number }
  | { readonly kind: 'fault'; readonly reason: string }
  | { readonly kind: 'recovered' }
  | { readonly kind: 'reload' }
  /** Another member of the sync group became master, or gave up being one. */
  | { readonly kind: 'groupMaster'; readonly member: string }
  | { readonly kind: 'groupBackup'; readonly member: string }
  /** Another member heard an inferior master: this member's clients may have been misled as well. */
  | { readonly kind: 'groupAssert' };

export type Effect =
  | { readonly kind: 'advertise'; readonly priority: number }
  /** Add addresses, routes and rules; or take them away. */
  | { readonly kind: 'take' }
  | { readonly kind: 'release'; /** A superior master serves already. */ readonly yielded?: true }
  /** Gratuitous ARP or unsolicited neighbour advertisements, `repeat` times each address. */
  | { readonly kind: 'announce'; readonly repeat: number }
  | { readonly kind: 'transition'; readonly from: VrrpState; readonly to: VrrpState; readonly reason: string }
  | { readonly kind: 'lowerPriorityHeard'; readonly advert: HeardAdvert }
  | { readonly kind: 'priorityChanged'; readonly from: number; readonly to: number }
  /** Another router claims our address as its own. */
  | { readonly kind: 'sameAddressHeard' };

export interface Step {
  readonly state: MachineState;
  readonly effects: readonly Effect[];
}

export function initialMachine(config: Pick<MachineConfig, 'priority' | 'advertIntMs'>): MachineState {
  return {
    state: 'INIT',
    priority: config.priority,
    masterAdvertIntMs: config.advertIntMs,
    masterDownAt: Infinity,
    advertAt: Infinity,
    preemptAt: undefined,
    wantsMaster: false,
    master: undefined,
    announceAgain: undefined,
    refreshAt: Infinity,
    assertedAt: -Infinity,
  };
}

/** When the machine wants a `timer` event; Infinity: never. */
export function nextDeadline(state: MachineState): number {
  const protocol = state.state === 'MASTER' ? state.advertAt : state.masterDownAt;
  return Math.min(protocol, state.announceAgain?.at ?? Infinity, state.refreshAt);
}

export function step(state: MachineState, event: MachineEvent, config: MachineConfig, now: number): Step {
  switch (event.kind) {
    case 'start':
      return start(state, event.fault, config, now);
    case 'stop':
      return stop(state);
    case 'timer':
      return timer(state, config, now);
    case 'advert':
      return advert(state, event.advert, config, now);
    case 'priority':
      return changePriority(state, event.priority, config, now);
    case 'fault':
      return fault(state, event.reason);
    case 'recovered':
      return state.state === 'FAULT' ? recover(state, config, now) : same(state);
    case 'reload':
      return reload(state, config, now);
    case 'groupMaster':
      if (state.state !== 'BACKUP') return same(state);
      return toMaster(state, config, now, `sync group: ${event.member} became master`);
    case 'groupBackup':
      if (state.state !== 'MASTER') return same({ ...state, wantsMaster: false });
      return yieldMastership(
        state,
        config,
        now,
        `sync group: ${event.member} is backup`,
        state.masterAdvertIntMs,
      );
    case 'groupAssert':
      return state.state === 'MASTER' ? assertMastership(state, config, now) : same(state);
  }
}

function same(state: MachineState): Step {
  return { state, effects: [] };
}

/** RFC 3768 6.1: (256 - priority) / 256 s. RFC 5798 6.1: the same share of Master_Adver_Interval. */
export function skewMs(
  config: Pick<MachineConfig, 'version'>,
  priority: number,
  masterAdvertIntMs: number,
): number {
  return ((256 - priority) / 256) * (config.version === 2 ? 1000 : masterAdvertIntMs);
}

/** Master_Down_Interval: three intervals (`down_timer_adverts`) and the skew. */
function masterDownMs(state: MachineState, config: MachineConfig): number {
  return (
    config.downTimerAdverts * state.masterAdvertIntMs +
    skewMs(config, state.priority, state.masterAdvertIntMs)
  );
}

/** RFC 5798 6.4.1. `state MASTER` below 255 waits one interval for somebody better, as keepalived does. */
function start(state: MachineState, reason: string | undefined, config: MachineConfig, now: number): Step {
  if (state.state !== 'INIT') return same(state);
  if (reason !== undefined)
    return {
      state: { ...state, state: 'FAULT' },
      effects: [{ kind: 'release' }, transition(state, 'FAULT', reason)],
    };
  const begun = toBackup(state, config, now, 'start', true);
  if (isReadyOwner(state, config)) return andOwn(begun, config, now);
  if (config.initialState === 'BACKUP') return begun;
  const masterDownAt = now + config.advertIntMs + skewMs(config, 255, config.advertIntMs);
  return { state: { ...begun.state, masterDownAt }, effects: begun.effects };
}

function recover(state: MachineState, config: MachineConfig, now: number): Step {
  const backup = toBackup(state, config, now, 'nothing is wrong any more', false);
  return isReadyOwner(state, config) ? andOwn(backup, config, now) : backup;
}

function isReadyOwner(state: MachineState, config: MachineConfig): boolean {
  return state.priority === OWNER_PRIORITY && config.groupIsReady;
}

function andOwn(backup: Step, config: MachineConfig, now: number): Step {
  const owner = toMaster(backup.state, config, now, 'owner of the addresses');
  return { state: owner.state, effects: [...backup.effects, ...owner.effects] };
}

/** RFC 5798 6.4.3, Shutdown: an advert of priority 0 makes the backups hurry. */
function stop(state: MachineState): Step {
  const idle = idleOf(state, 'INIT');
  if (state.state === 'INIT') return same(idle);
  const left = transition(state, 'INIT', 'stop');
  if (state.state !== 'MASTER') return { state: idle, effects: [left] };
  return { state: idle, effects: [{ kind: 'advertise', priority: 0 }, { kind: 'release' }, left] };
}

function fault(state: MachineState, reason: string): Step {
  if (state.state === 'FAULT' || state.state === 'INIT') return same(state);
  const idle = idleOf(state, 'FAULT');
  const left = transition(state, 'FAULT', reason);
  if (state.state === 'BACKUP') return { state: idle, effects: [left] };
  return { state: idle, effects: [{ kind: 'advertise', priority: 0 }, { kind: 'release' }, left] };
}

/** No timer runs in INIT and FAULT. */
function idleOf(state: MachineState, to: 'INIT' | 'FAULT'): MachineState {
  return {
    ...state,
    state: to,
    masterDownAt: Infinity,
    advertAt: Infinity,
    preemptAt: undefined,
    wantsMaster: false,
    master: undefined,
    announceAgain: undefined,
    refreshAt: Infinity,
  };
}

function transition(state: MachineState, to: VrrpState, reason: string): Effect {
  return { kind: 'transition', from: state.state, to, reason };
}

function toBackup(
  state: MachineState,
  config: MachineConfig,
  now: number,
  reason: string,
  fresh: boolean,
): Step {
  const backup: MachineState = {
    ...idleOf(state, 'INIT'),
    state: 'BACKUP',
    masterAdvertIntMs: config.advertIntMs,
  };
  // addresses left over from an earlier life must not stay on a backup
  const cleanup: readonly Effect[] = fresh ? [{ kind: 'release' }] : [];
  return {
    state: { ...backup, masterDownAt: now + masterDownMs(backup, config) },
    effects: [...cleanup, transition(state, 'BACKUP', reason)],
  };
}

/** RFC 5798 6.4.2 (160): advertise first, so that an old master lets go before the neighbours are told. */
function toMaster(state: MachineState, config: MachineConfig, now: number, reason: string): Step {
  const { garp } = config;
  return {
    state: {
      ...state,
      state: 'MASTER',
      masterAdvertIntMs: config.advertIntMs,
      masterDownAt: Infinity,
      advertAt: now + config.advertIntMs,
      preemptAt: undefined,
      wantsMaster: false,
      master: undefined,
      announceAgain:
        garp.masterDelayMs > 0 ? { at: now + garp.masterDelayMs, repeat: garp.masterRepeat } : undefined,
      refreshAt: garp.masterRefreshMs > 0 ? now + garp.masterDelayMs + garp.masterRefreshMs : Infinity,
    },
    effects: [
      { kind: 'advertise', priority: state.priority },
      { kind: 'take' },
      { kind: 'announce', repeat: garp.masterRepeat },
      transition(state, 'MASTER', reason),
    ],
  };
}

function timer(state: MachineState, config: MachineConfig, now: number): Step {
  if (state.state === 'BACKUP')
    return now >= state.masterDownAt ? masterDown(state, config, now) : same(state);
  if (state.state !== 'MASTER') return same(state);
  let next = state;
  const effects: Effect[] = [];
  if (now >= next.advertAt) {
    // RFC 5798 6.4.3 (405). The deadline moves by whole intervals: lateness does not add up
    const advertAt = next.advertAt + config.advertIntMs;
    next = { ...next, advertAt: advertAt > now ? advertAt : now + config.advertIntMs };
    effects.push({ kind: 'advertise', priority: next.priority });
  }
  if (next.announceAgain !== undefined && now >= next.announceAgain.at) {
    effects.push({ kind: 'announce', repeat: next.announceAgain.repeat });
    next = { ...next, announceAgain: undefined };
  }
  if (now >= next.refreshAt) {
    effects.push({ kind: 'announce', repeat: config.garp.masterRefreshRepeat });
    next = { ...next, refreshAt: now + config.garp.masterRefreshMs };
  }
  return { state: next, effects };
}

/** RFC 5798 6.4.2 (155). In a sync group the last member that wants to be master takes all along. */
function masterDown(state: MachineState, config: MachineConfig, now: number): Step {
  if (config.groupIsReady) return toMaster(state, config, now, 'master is down');
  return same({ ...state, wantsMaster: true, masterDownAt: now + masterDownMs(state, config) });
}

function advert(state: MachineState, heard: HeardAdvert, config: MachineConfig, now: number): Step {
  if (state.state === 'BACKUP') return advertInBackup(state, heard, config, now);
  if (state.state === 'MASTER') return advertInMaster(state, heard, config, now);
  return same(state);
}

/** RFC 5798 6.4.2 (420). */
function advertInBackup(state: MachineState, heard: HeardAdvert, config: MachineConfig, now: number): Step {
  if (heard.priority === 0) {
    const masterDownAt = Math.min(
      state.masterDownAt,
      now + skewMs(config, state.priority, state.masterAdvertIntMs),
    );
    return same({ ...state, masterDownAt, preemptAt: undefined });
  }
  const master = { address: heard.source, priority: heard.priority };
  const superior = heard.priority >= state.priority;
  const preemptAt = superior ? undefined : (state.preemptAt ?? now + config.preemptDelayMs);
  const tolerated = superior || !config.preempt || now < (preemptAt ?? 0);
  // an inferior master is not heard: the timer goes on running (Preempt_Mode)
  if (!tolerated) return same({ ...state, preemptAt, master });
  const accepted = { ...state, preemptAt, master, wantsMaster: false, masterAdvertIntMs: heard.advertIntMs };
  return same({ ...accepted, masterDownAt: now + masterDownMs(accepted, config) });
}

/** RFC 5798 6.4.3 (700), RFC 9568 6.4.3 for the answer to an inferior master. */
function advertInMaster(state: MachineState, heard: HeardAdvert, config: MachineConfig, now: number): Step {
  if (config.ownerIgnoreAdverts) return same(state);
  if (heard.priority === 0)
    return {
      state: { ...state, advertAt: now + config.advertIntMs },
      effects: [{ kind: 'advertise', priority: state.priority }],
    };
  const order = heard.priority - state.priority || compareIp(heard.source, config.source);
  if (order === 0) return { state, effects: [{ kind: 'sameAddressHeard' }] };
  if (order > 0) {
    const reason = `superior master ${heard.source.toString()}, priority ${heard.priority}`;
    const yielded = yieldMastership(state, config, now, reason, heard.advertIntMs);
    const master = { address: heard.source, priority: heard.priority };
    return { state: { ...yielded.state, master }, effects: yielded.effects };
  }
  const asserted = assertMastership(state, config, now);
  return {
    state: asserted.state,
    effects: [...asserted.effects, { kind: 'lowerPriorityHeard', advert: heard }],
  };
}

/** The addresses go first; then a last advert tells the winner that it had a rival, so it announces again. */
function yieldMastership(
  state: MachineState,
  config: MachineConfig,
  now: number,
  reason: string,
  intervalMs: number,
): Step {
  const { state: backup, effects } = toBackup(state, config, now, reason, false);
  const learned = { ...backup, masterAdvertIntMs: intervalMs };
  const farewell: readonly Effect[] = config.higherPrioSendAdvert
    ? [{ kind: 'advertise', priority: state.priority }]
    : [];
  return {
    state: { ...learned, masterDownAt: now + masterDownMs(learned, config) },
    effects: [{ kind: 'release', yielded: true }, ...farewell, ...effects],
  };
}

/** There was, or is, another master: its clients have to learn who is right. */
function assertMastership(state: MachineState, config: MachineConfig, now: number): Step {
  const { garp } = config;
  const effects: Effect[] = [];
  let next = state;
  if (!config.lowerPrioNoAdvert) {
    effects.push({ kind: 'advertise', priority: state.priority });
    next = { ...next, advertAt: now + config.advertIntMs };
  }
  if (garp.lowerPrioRepeat === 0 || now - state.assertedAt < config.advertIntMs / 2)
    return { state: next, effects };
  effects.push({ kind: 'announce', repeat: garp.lowerPrioRepeat });
  const again = { at: now + garp.lowerPrioDelayMs, repeat: garp.lowerPrioRepeat };
  next = { ...next, assertedAt: now, ...(garp.lowerPrioDelayMs > 0 ? { announceAgain: again } : {}) };
  return { state: next, effects };
}

/** The skew is part of a running timer; a master says its new priority at once. */
function changePriority(state: MachineState, priority: number, config: MachineConfig, now: number): Step {
  if (priority === state.priority) return same(state);
  const changed: Effect = { kind: 'priorityChanged', from: state.priority, to: priority };
  const interval = state.masterAdvertIntMs;
  const shift = skewMs(config, priority, interval) - skewMs(config, state.priority, interval);
  if (state.state === 'BACKUP')
    return { state: { ...state, priority, masterDownAt: state.masterDownAt + shift }, effects: [changed] };
  if (state.state !== 'MASTER') return { state: { ...state, priority }, effects: [changed] };
  return {
    state: { ...state, priority, advertAt: now + config.advertIntMs },
    effects: [changed, { kind: 'advertise', priority }],
  };
}

/** Changed intervals count from now; priority and faults come as events of their own. */
function reload(state: MachineState, config: MachineConfig, now: number): Step {
  if (state.state === 'MASTER')
    return same({
      ...state,
      masterAdvertIntMs: config.advertIntMs,
      advertAt: Math.min(state.advertAt, now + config.advertIntMs),
    });
  if (state.state !== 'BACKUP') return same({ ...state, masterAdvertIntMs: config.advertIntMs });
  return same({
    ...state,
    masterDownAt: Math.max(state.masterDownAt, now),
    ...(config.preempt ? {} : { preemptAt: undefined }),
  });
}
