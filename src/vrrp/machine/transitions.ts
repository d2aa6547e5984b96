/** Into each state, with what has to be done on the way. Called by step.ts and adverts.ts. */
import type { VrrpState } from '../../model/vrrp-snapshot.ts';
import type { Effect, MachineConfig, MachineState, Step } from './machine-state.ts';
import { masterDownMs } from './timing.ts';

/** Time for two of our adverts to be heard and answered. */
const FAREWELL_INTERVALS = 1.5;

/** No timer runs in INIT and FAULT. */
export function idleOf(state: MachineState, to: 'INIT' | 'FAULT'): MachineState {
  return {
    ...state,
    state: to,
    masterDownAt: Infinity,
    advertAt: Infinity,
    preemptAt: undefined,
    wantsMaster: false,
    predecessor: undefined,
    master: undefined,
    announceAgain: undefined,
    refreshAt: Infinity,
  };
}

export function transition(state: MachineState, to: VrrpState, reason: string): Effect {
  return { kind: 'transition', from: state.state, to, reason };
}

export function toBackup(
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
export function toMaster(state: MachineState, config: MachineConfig, now: number, reason: string): Step {
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
      predecessor:
        state.master === undefined
          ? undefined
          : { address: state.master.address, until: now + FAREWELL_INTERVALS * config.advertIntMs },
      master: undefined,
      announceAgain:
        garp.masterDelayMs > 0 ? { at: now + garp.masterDelayMs, repeat: garp.masterRepeat } : undefined,
      refreshAt: garp.masterRefreshMs > 0 ? now + garp.masterRefreshMs : Infinity,
    },
    effects: [
      { kind: 'advertise', priority: state.priority },
      { kind: 'take' },
      { kind: 'announce', repeat: garp.masterRepeat },
      transition(state, 'MASTER', reason),
    ],
  };
}

/** The addresses go first; then a last advert tells the winner that it had a rival, so it announces again. */
export function yieldMastership(
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
