/**
 * One `nameserver` of a resolvers section: sends questions, gives back messages. What does not fit a datagram is
 * asked again over a stream (RFC 7766, section 5).
 */
import { newCounters, type NameserverCounters } from './counters.ts';
import {
  DatagramTransport,
  StreamTransport,
  type NameserverAddress,
  type Transport,
  type TransportEvents,
} from './transport.ts';

export interface NameserverSettings {
  readonly name: string;
  readonly address: NameserverAddress;
  /** `tcp@` */
  readonly stream: boolean;
}

export class Nameserver {
  readonly name: string;
  readonly counters: NameserverCounters = newCounters();
  readonly #settings: NameserverSettings;
  readonly #usual: Transport;
  #stream: Transport | undefined;
  readonly #events: TransportEvents;

  /** Datagrams longer than `payloadSize` are none that were asked for. */
  constructor(
    settings: NameserverSettings,
    payloadSize: number,
    received: (from: Nameserver, message: Buffer) => void,
  ) {
    this.name = settings.name;
    this.#settings = settings;
    const failed = (): void => void this.counters.snd_error++;
    this.#events = { received: message => received(this, message), failed };
    this.#usual = settings.stream
      ? new StreamTransport(settings.address, this.#events)
      : new DatagramTransport(settings.address, {
          received: message => {
            if (message.length > payloadSize) this.counters.too_big++;
            else received(this, message);
          },
          failed,
        });
  }

  ask(message: Buffer): void {
    this.counters.sent++;
    this.#usual.send(message);
  }

  /** True: the whole answer will come. False: it was asked for over a stream already. */
  askWhole(message: Buffer): boolean {
    if (this.#settings.stream) return false;
    this.#stream ??= new StreamTransport(this.#settings.address, this.#events);
    this.counters.sent++;
    this.#stream.send(message);
    return true;
  }

  close(): void {
    this.#usual.close();
    this.#stream?.close();
  }
}
