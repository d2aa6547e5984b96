/**
 * The system's log, where keepalived writes: facility daemon, as `Keepalived_vrrp[PID]`, and in its words for changes
 * of state, so that filters and alarms made for it go on. Nothing waits for it: what finds no room is lost. Called by
 * vrrp-process.ts.
 */
import { encodeUnix } from '../net/socket-address.ts';
import { AF_UNIX } from '../net/system-calls.ts';
import { openRawSocket, sendTo, SOCK_DGRAM } from './kernel-calls.ts';
import type { LogLevel } from './log.ts';
import type { VrrpEvent } from './reporter.ts';

const PATH = '/dev/log';
const VRRP_TAG = 'Keepalived_vrrp';
/** LOG_DAEMON (syslog(3)). */
const FACILITY = 3 << 3;
const SEVERITY = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export class Syslog {
  readonly #tag: string;
  readonly #fd: number;
  readonly #address: Buffer | undefined;

  constructor(path = PATH, tag = VRRP_TAG) {
    this.#tag = tag;
    this.#fd = openRawSocket(AF_UNIX, SOCK_DGRAM, 0);
    this.#address = encodeUnix(path);
  }

  /** `info` and `debug` are for those who look closely. */
  log(level: LogLevel, message: string): void {
    if (level === 'info' || level === 'debug') return;
    this.#send(level, message);
  }

  event(event: VrrpEvent): void {
    if (event.kind === 'transition') this.#send('info', keepalivedWords(event));
  }

  /** The receiver is looked up each time: it may have been started again. */
  #send(level: LogLevel, message: string): void {
    if (this.#fd < 0 || this.#address === undefined) return;
    const head = `<${FACILITY | SEVERITY[level]}>${timestamp(new Date())} ${this.#tag}[${process.pid}]: `;
    sendTo(this.#fd, Buffer.from(head + message), this.#address);
  }
}

type Transition = VrrpEvent & { readonly kind: 'transition' };

export function keepalivedWords({ owner, name, from, to }: Transition): string {
  if (to === 'INIT') return owner === 'group' ? `VRRP_Group(${name}) Stopped` : `(${name}) Stopped`;
  if (owner === 'group') return `VRRP_Group(${name}) Syncing instances to ${to} state`;
  return `(${name}) Entering ${to} STATE${from === 'INIT' && to === 'BACKUP' ? ' (init)' : ''}`;
}

/** RFC 3164 4.1.2, as syslog(3) writes it to the local receiver. */
function timestamp(now: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = String(now.getDate()).padStart(2);
  return `${MONTHS[now.getMonth()]} ${day} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}
