/** Counters of an instance, all zero. */
import type { Badness, InstanceCounters } from '../model/vrrp-snapshot.ts';

const BADNESS: readonly Badness[] = [
  'length',
  'ttl',
  'version',
  'type',
  'checksum',
  'vrid',
  'authType',
  'authPass',
  'source',
  'hmacMissing',
  'hmacMalformed',
  'hmacUnknownKey',
  'hmacInvalid',
  'hmacStale',
  'hmacReplay',
];

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
