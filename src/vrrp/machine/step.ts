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
import { advert, assertMastership } from './adverts.ts';
import {
  OWNER_PRIORITY,
  same,
  type Effect,
  type MachineConfig,
  type MachineEvent,
  type MachineState,
  type Step,
} from './machine-state.ts';
import { masterDownMs, skewMs } from './timing.ts';
import { idleOf, toBackup, toMaster, transition, yieldMastership } from './transitions.ts';

export function step(state: MachineState, event: MachineEvent, config: MachineConfig, now: number): Step {
  switch (event.kind) {
    case 'start':
      return start(state, event.fault, config, now);
    case 'stop':
      return stop(state);
    case 'timer':
      return timer(state, config, now);
    case 'wait':
      if (state.state !== 'BACKUP') return same(state);
      return same({ ...state, masterDownAt: Math.max(state.masterDownAt, now + event.ms) });
    case 'advert':
      return advert(state, event.advert, config, now);
    case 'priority':
      return changePriority(state, event, config, now);
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

/** RFC 5798 6.4.1. `state MASTER` below 255 waits one interval for somebody better, as keepalived does. */
function start(state: MachineState, reason: string | undefined, config: MachineConfig, now: number): Step {
  if (state.state !== 'INIT') return same(state);
  if (reason !== undefined)
    return {
      state: { ...state, state: 'FAULT' },
      effects: [{ kind: 'release' }, transition(state, 'FAULT', reason)],
    };
  if (isReadyOwner(state, config)) return own(state, config, now);
  const begun = toBackup(state, config, now, 'start', true);
  if (config.initialState === 'BACKUP') return begun;
  const masterDownAt = now + config.advertIntMs + skewMs(config, 255, config.advertIntMs);
  return { state: { ...begun.state, masterDownAt }, effects: begun.effects };
}

function recover(state: MachineState, config: MachineConfig, now: number): Step {
  return isReadyOwner(state, config)
    ? own(state, config, now)
    : toBackup(state, config, now, 'nothing is wrong any more', false);
}

function isReadyOwner(state: MachineState, config: MachineConfig): boolean {
  return state.priority === OWNER_PRIORITY && config.groupIsReady;
}

/** RFC 5798 6.4.1 (105): the owner was never a backup. */
function own(state: MachineState, config: MachineConfig, now: number): Step {
  return toMaster(state, config, now, 'owner of the addresses');
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

function timer(state: MachineState, config: MachineConfig, now: number): Step {
  if (state.state === 'BACKUP')
    return now >= state.masterDownAt ? masterDown(state, config, now) : same(state);
  if (state.state !== 'MASTER') return same(state);
  let next = state;
  const effects: Effect[] = [];
  if (now >= next.advertAt) {
    // RFC 5798 6.4.3 (405). From now, not from when it was due: two adverts are never closer than an interval, for a
    // backup that counts them against preempt_delay
    next = { ...next, advertAt: now + config.advertIntMs };
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

/** The skew is part of a running timer; a master says its new priority at once. */
function changePriority(
  state: MachineState,
  { priority, configured = false }: MachineEvent & { readonly kind: 'priority' },
  config: MachineConfig,
  now: number,
): Step {
  if (priority === state.priority) return same(state);
  const changed: Effect = { kind: 'priorityChanged', from: state.priority, to: priority, configured };
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
