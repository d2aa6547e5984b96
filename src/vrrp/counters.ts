/** What an instance counts about itself: shown by `show vrrp`, the statistics page and Prometheus. */
import { BADNESS, type Badness } from './packet.ts';

export interface InstanceCounters {
  advertsSent: number;
  advertsReceived: number;
  priorityZeroSent: number;
  priorityZeroReceived: number;
  sendErrors: number;
  becameMaster: number;
  releasedMaster: number;
  lowerPriorityHeard: number;
  sameAddressHeard: number;
  /** Taken all the same: see docs/vrrp.md. */
  addressListDiffers: number;
  intervalDiffers: number;
  /** Adverts sent later than a tenth of their interval, and the worst lateness. */
  advertsLate: number;
  worstLatenessMs: number;
  readonly bad: Record<Badness, number>;
}

export function newCounters(): InstanceCounters {
  return {
    advertsSent: 0,
    advertsReceived: 0,
    priorityZeroSent: 0,
    priorityZeroReceived: 0,
    sendErrors: 0,
    becameMaster: 0,
    releasedMaster: 0,
    lowerPriorityHeard: 0,
    sameAddressHeard: 0,
    addressListDiffers: 0,
    intervalDiffers: 0,
    advertsLate: 0,
    worstLatenessMs: 0,
    bad: Object.fromEntries(BADNESS.map(kind => [kind, 0])) as Record<Badness, number>,
  };
}
