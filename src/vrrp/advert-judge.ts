/**
 * Judges the packets that carry an instance's router id: an advert to act upon, or a kind of badness that is counted
 * and changes nothing (RFC 5798 7.1). Called by instance.ts.
 */
import { sameIp, type IpAddress } from '../base/ip-address.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';
import type { InstanceCounters, Badness } from '../model/vrrp-snapshot.ts';
import { skewSec, verify, type SignedOrder } from './advert-signature.ts';
import { isSealed, sequenceOf, type SequenceNumbers } from './authentication-header.ts';
import type { Clock } from './clock.ts';
import { ipOf } from './ip-bytes.ts';
import type { RareLog } from './log.ts';
import type { HeardAdvert } from './machine/machine-state.ts';
import { parseAdvert, type Advert, type Envelope, type Parsed } from './packet.ts';

export interface JudgePorts {
  readonly rareLog: RareLog;
  readonly clock: Pick<Clock, 'wallClock'>;
  /** Of packets with an authentication header. */
  readonly numbers: SequenceNumbers;
  readonly signedOrder: SignedOrder;
}

export class AdvertJudge {
  readonly #config: VrrpInstance;
  readonly #counters: InstanceCounters;
  readonly #ports: JudgePorts;
  readonly #virtual: readonly IpAddress[];
  #lastMaster: IpAddress | undefined;

  constructor(config: VrrpInstance, counters: InstanceCounters, ports: JudgePorts) {
    this.#config = config;
    this.#counters = counters;
    this.#ports = ports;
    this.#virtual = config.virtualAddresses.map(entry => ipOf(entry.address));
  }

  /** `own`: our address, the destination of unicast adverts. */
  hear(payload: Buffer, envelope: Envelope, own: IpAddress | undefined): HeardAdvert | undefined {
    const parsed =
      this.#checkSource(envelope) ??
      this.#checkSignature(this.#inOrder(this.#parse(payload, envelope, own), envelope), envelope);
    if (parsed.bad !== undefined) {
      this.#countBad(parsed.bad, envelope.source);
      return undefined;
    }
    this.#counters.advertsReceived++;
    if (parsed.advert.priority === 0) this.#counters.priorityZeroReceived++;
    this.#compare(parsed.advert);
    return parsed.advert;
  }

  /** A packet that the kernel's filter refused; where nothing else is wrong it came from afar. */
  refuse(payload: Buffer, envelope: Envelope, own: IpAddress | undefined): void {
    this.#countBad(this.#parse(payload, envelope, own).bad ?? 'ttl', envelope.source);
  }

  #countBad(kind: Badness, source: IpAddress): void {
    const { name } = this.#config;
    this.#counters.bad[kind]++;
    this.#ports.rareLog.say(
      'warning',
      `${name} ${kind}`,
      () => `(${name}) bad advert from ${source.toString()}: ${kind}`,
    );
  }

  #parse(payload: Buffer, envelope: Envelope, own: IpAddress | undefined): Parsed {
    const config = this.#config;
    const parsed = parseAdvert(payload, this.#withDestinations(envelope, own), {
      version: config.version,
      virtualRouterId: config.virtualRouterId,
      ttl: this.#ttlRange(envelope.source),
      v3ChecksumAsV2: config.v3ChecksumAsV2,
      ...(config.authPass === undefined ? {} : { authPass: config.authPass }),
      ...(config.authKey === undefined ? {} : { authKey: config.authKey }),
      mayBeSigned: config.signature !== undefined,
    });
    return parsed.bad === undefined && !this.#sealIsWhole(envelope) ? { bad: 'authPass' } : parsed;
  }

  #sealIsWhole({ sealed, source }: Envelope): boolean {
    const { authKey, unicastPeers } = this.#config;
    if (authKey === undefined) return true;
    return sealed !== undefined && isSealed(sealed, authKey, source, unicastPeers.length > 0);
  }

  /** A packet that somebody has kept and sends again is no advert. */
  #inOrder(parsed: Parsed, { sealed }: Envelope): Parsed {
    if (parsed.bad !== undefined || sealed === undefined) return parsed;
    return this.#ports.numbers.take(sequenceOf(sealed)) ? parsed : { bad: 'authPass' };
  }

  #checkSignature(parsed: Parsed, { source }: Envelope): Parsed {
    const { signature, unicastPeers, name } = this.#config;
    if (signature === undefined || parsed.bad !== undefined) return parsed;
    if (parsed.signed === undefined) return signature.mode === 'enforce' ? { bad: 'hmacMissing' } : parsed;
    const isUnicast = unicastPeers.length > 0;
    if (isUnicast && !this.#isPeer(source)) return { bad: 'source' };
    const now = this.#ports.clock.wallClock();
    const verified = verify(parsed.signed, source, signature, now);
    if (verified.bad !== undefined) return verified;
    const from = source.toString();
    if (!this.#ports.signedOrder.take(from, verified.number, now, signature)) return { bad: 'hmacReplay' };
    if (!isUnicast) this.#ports.signedOrder.forgetOld();
    const { windowSec = Infinity } = signature;
    const skew = skewSec(verified.number, now);
    const message = `(${name}) the clock of ${from} is ${skew} s behind ours, and from ${windowSec} s on adverts are refused`;
    if (Math.abs(skew) > windowSec / 2)
      this.#ports.rareLog.say('warning', `${name} skew ${from}`, () => message);
    return parsed;
  }

  #isPeer(source: IpAddress): boolean {
    return this.#config.unicastPeers.some(peer => sameIp(ipOf(peer.address), source));
  }

  #checkSource(envelope: Envelope): { readonly bad: 'source' } | undefined {
    const { checkUnicastSrc, unicastPeers } = this.#config;
    if (!checkUnicastSrc || unicastPeers.length === 0) return undefined;
    return this.#isPeer(envelope.source) ? undefined : { bad: 'source' };
  }

  /** A raw IPv6 socket does not say the destination: it was the group, or our own address. */
  #withDestinations(envelope: Envelope, own: IpAddress | undefined): Envelope {
    if (envelope.destinations.length > 0 || own === undefined) return envelope;
    const { unicastPeers, multicastGroup } = this.#config;
    return { ...envelope, destinations: [unicastPeers.length > 0 ? own : ipOf(multicastGroup)] };
  }

  /** RFC 5798 5.1.1.3: 255, so that no router lies between. Unicast peers may be further off. */
  #ttlRange(source: IpAddress): readonly [number, number] {
    const { unicastPeers } = this.#config;
    if (unicastPeers.length === 0) return [255, 255];
    const peer = unicastPeers.find(one => sameIp(ipOf(one.address), source));
    return [peer?.minTtl ?? 0, peer?.maxTtl ?? 255];
  }

  /**
   * RFC 3768 7.1 would have us drop adverts whose interval or addresses differ from ours, which makes both routers
   * master at once. They take part in the election instead, and the difference is reported.
   */
  #compare(advert: Advert): void {
    const { name, advertIntMs, skipCheckAdvAddr } = this.#config;
    const from = advert.source.toString();
    const known = this.#lastMaster !== undefined && sameIp(this.#lastMaster, advert.source);
    this.#lastMaster = advert.source;
    if (advert.advertIntMs !== advertIntMs) {
      this.#counters.intervalDiffers++;
      const message = `(${name}) ${from} advertises every ${advert.advertIntMs} ms, we every ${advertIntMs} ms`;
      this.#ports.rareLog.say('warning', `${name} interval ${from}`, () => message);
    }
    if ((skipCheckAdvAddr && known) || this.#sameAddresses(advert)) return;
    this.#counters.addressListDiffers++;
    const message = `(${name}) ${from} advertises other addresses than ours: ${advert.addresses.join(' ')}`;
    this.#ports.rareLog.say('warning', `${name} addresses ${from}`, () => message);
  }

  #sameAddresses(advert: Advert): boolean {
    return (
      advert.addresses.length === this.#virtual.length &&
      this.#virtual.every(own => advert.addresses.some(other => sameIp(own, other)))
    );
  }
}
