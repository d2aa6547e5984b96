/**
 * One `nameserver` of a resolvers section: sends questions, gives back messages. What does not fit a datagram is
 * asked again over a stream (RFC 7766, section 5).
 */
import { newCounters, type NameserverCounters } from './counters.ts';
import { DatagramTransport } from './datagram-transport.ts';
import { StreamTransport, type StreamSettings } from './stream-transport.ts';
import type { NameserverAddress, Transport, TransportEvents } from './transport.ts';

export interface NameserverSettings {
  readonly name: string;
  readonly address: NameserverAddress;
  readonly stream: StreamSettings;
  /** Else it is asked over a stream for what does not fit a datagram. */
  readonly onlyStreams: boolean;
}

export interface NameserverEvents {
  /** As datagrams that are not longer than the answers that were asked for, or over a stream: more will not come. */
  readonly received: (from: Nameserver, message: Buffer, overStream: boolean) => void;
  /** It could not be asked over a stream; `cause`: why, in words. */
  readonly failed: (nameserver: Nameserver, cause: string) => void;
}

export class Nameserver {
  readonly name: string;
  readonly counters: NameserverCounters = newCounters();
  readonly #settings: NameserverSettings;
  readonly #usual: Transport;
  #stream: Transport | undefined;
  readonly #streamEvents: TransportEvents;

  constructor(settings: NameserverSettings, payloadSize: number, events: NameserverEvents) {
    this.name = settings.name;
    this.#settings = settings;
    this.#streamEvents = {
      received: message => events.received(this, message, true),
      failed: cause => {
        this.counters.snd_error++;
        events.failed(this, cause);
      },
    };
    this.#usual = settings.onlyStreams
      ? new StreamTransport(settings.stream, this.#streamEvents)
      : new DatagramTransport(settings.address, {
          received: message => {
            if (message.length > payloadSize) this.counters.too_big++;
            else events.received(this, message, false);
          },
          failed: () => void this.counters.snd_error++,
        });
  }

  /** `<address>:<port>` */
  get place(): string {
    const { family, host, port } = this.#settings.address;
    return family === 6 ? `[${host}]:${port}` : `${host}:${port}`;
  }

  ask(message: Buffer): void {
    this.counters.sent++;
    this.#usual.send(message);
  }

  /** Over a stream, of one that has answered with a part. */
  askWhole(message: Buffer): void {
    this.#stream ??= new StreamTransport(this.#settings.stream, this.#streamEvents);
    this.counters.sent++;
    this.#stream.send(message);
  }

  close(): void {
    this.#usual.close();
    this.#stream?.close();
  }
}
