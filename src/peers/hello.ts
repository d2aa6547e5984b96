/** The handshake: three lines of whoever connected, a status of whoever accepted (peers.txt, "Handshake"). */
import { MAJOR_VERSION, MINOR_VERSION, PROTOCOL, STATUS } from './wire.ts';

/** Longer lines are nobody's hello. */
const LONGEST_LINE = 1024;

interface HelloSent {
  /** Whom it is for. */
  readonly to: string;
  readonly from: string;
  readonly pid: number;
  readonly minorVersion: number;
}

export function renderHello({ to, from, pid, minorVersion }: HelloSent): string {
  return `${PROTOCOL} ${MAJOR_VERSION}.${minorVersion}\n${to}\n${from} ${pid} 1\n`;
}

export function renderStatus(status: number): string {
  return `${status}\n`;
}

interface HelloHeard {
  readonly from: string;
  readonly minorVersion: number;
}

/** Takes lines out of bytes as they come. */
export class LineTaker {
  #text = '';
  /** Bytes behind the last line that was taken. */
  rest: Buffer = Buffer.alloc(0);

  add(bytes: Buffer): void {
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
  }

  /** Undefined: it is not there yet. False: it never will be. */
  line(): string | undefined | false {
    const end = this.rest.indexOf(0x0a);
    if (end < 0) return this.rest.length > LONGEST_LINE ? false : undefined;
    if (end > LONGEST_LINE) return false;
    this.#text = this.rest.toString('latin1', 0, end);
    this.rest = this.rest.subarray(end + 1);
    return this.#text.endsWith('\r') ? this.#text.slice(0, -1) : this.#text;
  }
}

/** The lines of a hello, one after the other: each is judged as soon as it is there, as HAProxy does. */
export class HelloReader {
  readonly #local: string;
  readonly #isKnown: (peer: string) => boolean;
  #lines = 0;
  #minorVersion = 0;

  /** `local`: the name of this node. */
  constructor(local: string, isKnown: (peer: string) => boolean) {
    this.#local = local;
    this.#isKnown = isKnown;
  }

  /** A number is a refusal; undefined: more lines are to come. */
  take(line: string): HelloHeard | number | undefined {
    switch (this.#lines++) {
      case 0:
        return this.#version(line);
      case 1:
        return line === this.#local ? undefined : STATUS.localMismatch;
      default:
        return this.#sender(line);
    }
  }

  #version(line: string): number | undefined {
    if (!line.startsWith(`${PROTOCOL} `)) return STATUS.protocolError;
    const version = /^(\d+)\.(\d+)$/.exec(line.slice(PROTOCOL.length + 1));
    if (version === null || Number(version[1]) !== MAJOR_VERSION || Number(version[2]) > MINOR_VERSION)
      return STATUS.badVersion;
    this.#minorVersion = Number(version[2]);
    return undefined;
  }

  /** `<peer> <pid> <relative pid>` */
  #sender(line: string): HelloHeard | number {
    const space = line.indexOf(' ');
    if (space < 0) return STATUS.protocolError;
    const from = line.slice(0, space);
    return this.#isKnown(from) ? { from, minorVersion: this.#minorVersion } : STATUS.remoteMismatch;
  }
}

/** What was answered to a hello; what is no number counts as HAProxy counts it. */
export function readStatus(line: string): number {
  return Number.parseInt(line, 10) || STATUS.none;
}
