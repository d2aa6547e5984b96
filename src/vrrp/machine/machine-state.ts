/** What the state machine of an instance knows, hears and asks for: plain data (RFC 5798 6.2, 6.3). */
import type { IpAddress } from '../../base/ip-address.ts';
import type { GarpSettings } from '../../model/vrrp-instance.ts';
import type { VrrpState } from '../../model/vrrp-snapshot.ts';

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
  /** Who was master before us, and how long adverts of theirs are no news: they have not heard ours yet, or answer it. */
  readonly predecessor: { readonly address: IpAddress; readonly until: number } | undefined;
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
  /** Instead of `timer`: a backup is not prepared to take over yet. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'advert'; readonly advert: HeardAdvert }
  /** `configured`: a reload says another one; nothing that is tracked has changed. */
  | { readonly kind: 'priority'; readonly priority: number; readonly configured?: boolean }
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
  | {
      readonly kind: 'priorityChanged';
      readonly from: number;
      readonly to: number;
      readonly configured: boolean;
    }
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
    predecessor: undefined,
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

/** Nothing changes. */
export function same(state: MachineState): Step {
  return { state, effects: [] };
}
