/** What samples may know of the process they run in. */
import { environmentVariable } from '../../base/environment-variable.ts';
import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import type { IpAddress } from '../../base/ip-address.ts';
import { monotonicMs } from '../../base/clock.ts';
import type { ProcessFacts } from '../../acl/context.ts';
import { EventSinks } from '../logs/event-sinks.ts';
import { IdleMeter } from './idle-meter.ts';
import type { RingPlaces } from '../logs/log-rings.ts';
import type { ThreadStart } from '../threads/messages.ts';
import { isOwnAddress } from './own-addresses.ts';

export class ThreadProcessFacts implements ProcessFacts {
  readonly pid = process.pid;
  readonly hostname = hostname();
  readonly node: string;
  readonly thread: number;
  readonly nbthread: number;
  readonly bufferBytes: number;
  readonly rewriteBytes: number;
  stopping = false;
  readonly #idle: IdleMeter;
  readonly #sinks: EventSinks;

  constructor(start: Pick<ThreadStart, 'config' | 'plan' | 'thread'>, rings: RingPlaces) {
    this.#sinks = new EventSinks(rings);
    this.node = start.config.global.node ?? this.hostname;
    this.thread = start.thread;
    this.nbthread = start.plan.threads;
    this.bufferBytes = start.config.global.tune.bufsize;
    this.rewriteBytes = start.config.global.tune.maxrewrite;
    this.#idle = new IdleMeter(this.nbthread);
  }

  nowMs(): number {
    return Date.now();
  }
  uptimeMs(): number {
    return monotonicMs();
  }
  nowUs(): number {
    return Math.floor((performance.timeOrigin + performance.now()) * 1000) % 1_000_000;
  }
  cpuUsage(): number {
    return 100 - this.#idle.percent();
  }
  random32(): number {
    return randomBytes(4).readUInt32LE(0);
  }
  environment(name: string): string | undefined {
    return environmentVariable(process.env, name);
  }
  writeEvent(sink: string, line: string): void {
    this.#sinks.write(sink, line);
  }
  isLocalAddress(ip: IpAddress): boolean {
    return isOwnAddress(ip);
  }
}
