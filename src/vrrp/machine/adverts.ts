/** What an advert means to a backup and to a master (RFC 5798 6.4.2, 6.4.3; RFC 9568 6.4.3). Called by step.ts. */
import { sameIp } from '../../base/ip-address.ts';
import { compareIp } from '../ip-bytes.ts';
import {
  same,
  type Effect,
  type HeardAdvert,
  type MachineConfig,
  type MachineState,
  type Step,
} from './machine-state.ts';
import { masterDownMs, skewMs } from './timing.ts';
import { yieldMastership } from './transitions.ts';

export function advert(state: MachineState, heard: HeardAdvert, config: MachineConfig, now: number): Step {
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
  const tolerated = superior || !config.preempt || isBefore(preemptAt, heard, now);
  // an inferior master is not heard: the timer goes on running (Preempt_Mode)
  if (!tolerated)
    return same({
      ...state,
      preemptAt,
      master,
      masterDownAt: Math.max(state.masterDownAt, preemptAt ?? now),
    });
  const accepted = { ...state, preemptAt, master, wantsMaster: false, masterAdvertIntMs: heard.advertIntMs };
  return same({ ...accepted, masterDownAt: now + masterDownMs(accepted, config) });
}

/**
 * Delays are whole numbers of intervals as a rule, and the advert at their end is early or late by chance: it must not
 * cost another interval. Nobody takes over before the delay has passed for all that.
 */
function isBefore(preemptAt: number | undefined, heard: HeardAdvert, now: number): boolean {
  return preemptAt !== undefined && now < preemptAt - heard.advertIntMs / 2;
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
  if (isFarewell(state, heard, now)) return answerFarewell(state, config, now);
  const asserted = assertMastership(state, config, now);
  return {
    state: asserted.state,
    effects: [...asserted.effects, { kind: 'lowerPriorityHeard', advert: heard }],
  };
}

/** Of the master that we follow, who has not heard us yet, or says that it has (`higher_prio_send_advert`). */
function isFarewell({ predecessor }: MachineState, { source }: HeardAdvert, now: number): boolean {
  return predecessor !== undefined && now < predecessor.until && sameIp(predecessor.address, source);
}

/** Its kernel may have answered for the addresses after we announced them. */
function answerFarewell(state: MachineState, config: MachineConfig, now: number): Step {
  if (config.garp.lowerPrioRepeat === 0 || hasJustAsserted(state, config, now)) return same(state);
  return { state: { ...state, assertedAt: now }, effects: [{ kind: 'announce', repeat: 1 }] };
}

function hasJustAsserted({ assertedAt }: MachineState, { advertIntMs }: MachineConfig, now: number): boolean {
  return now - assertedAt < advertIntMs / 2;
}

/** There was, or is, another master: its clients have to learn who is right. */
export function assertMastership(state: MachineState, config: MachineConfig, now: number): Step {
  const { garp } = config;
  const effects: Effect[] = [];
  let next = state;
  if (!config.lowerPrioNoAdvert) {
    effects.push({ kind: 'advertise', priority: state.priority });
    next = { ...next, advertAt: now + config.advertIntMs };
  }
  if (garp.lowerPrioRepeat === 0 || hasJustAsserted(state, config, now)) return { state: next, effects };
  effects.push({ kind: 'announce', repeat: garp.lowerPrioRepeat });
  const again = { at: now + garp.lowerPrioDelayMs, repeat: garp.lowerPrioRepeat };
  next = { ...next, assertedAt: now, ...(garp.lowerPrioDelayMs > 0 ? { announceAgain: again } : {}) };
  return { state: next, effects };
}
