/**
 * What a master and its workers say to each other, and a worker's side of it: the listening sockets it is given,
 * and what it tells of itself. A worker is this program with the same command line and GENERATION in its environment.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ConfigFile } from '../config-parser/file-reader.ts';
import type { VrrpSnapshot } from '../model/vrrp-snapshot.ts';
import type { Listening, ListenFailure } from '../net/listening-socket.ts';
import { closeDescriptor, duplicateDescriptor } from '../net/system-calls.ts';
import type { BalancerReport } from '../vrrp/process/messages.ts';
import type { Control } from './control.ts';
import { socketKey, type OpenListening } from './listening/bind-listeners.ts';

/** Environment variable: which reload this worker belongs to, from 1. */
export const GENERATION = 'LB_GENERATION';

export interface InheritedSocket {
  readonly key: string;
  /** Numbers in the worker. */
  readonly fds: readonly number[];
  readonly endpoint: Listening['endpoint'];
}

/** What a master has read and bound for a worker. The files may say something else by now. */
interface Inheritance {
  readonly sockets: readonly InheritedSocket[];
  readonly texts: readonly ConfigFile[];
  /** That seal session tickets, the newest last. */
  readonly ticketKeys: readonly Uint8Array[];
}

export type ToWorker =
  | ({ readonly kind: 'start' } & Inheritance)
  | { readonly kind: 'vrrp'; readonly snapshot: VrrpSnapshot }
  /** With a socket: somebody wants to talk to this worker by way of the master's admin socket. */
  | { readonly kind: 'admin-connection' };

/** `works`: it does, now. */
export type ToMaster = 'started' | 'works' | { readonly kind: 'report'; readonly report: BalancerReport };

/** Undefined: this process has no master. */
export function takeGeneration(): number | undefined {
  const text = process.env[GENERATION];
  delete process.env[GENERATION];
  return text === undefined || process.send === undefined ? undefined : Number(text);
}

/** The first message of the master. */
export async function inherit(): Promise<Inheritance> {
  const [message] = (await once(process, 'message')) as [ToWorker];
  return message.kind === 'start' ? message : { sockets: [], texts: [], ticketKeys: [] };
}

function tellMaster(message: ToMaster): void {
  if (process.connected) process.send?.(message);
}

/** How often a worker looks whether what virtual addresses follow has changed. */
const LOOK_MS = 100;
/** How often it shows that it works. */
const PULSE_MS = 500;

/** What the master says and wants to know. Without a master, clients are served to the end and no new ones taken. */
export function followMaster(control: Control, wantsReports: boolean): void {
  process.on('message', (message: ToWorker, socket?: Socket) => {
    if (message.kind === 'vrrp') control.showVrrp(message.snapshot);
    if (message.kind === 'admin-connection' && socket !== undefined) control.adoptAdmin(socket);
  });
  if (process.connected) process.on('disconnect', () => control.softStop());
  else control.softStop();
  if (!wantsReports) return;
  void pulse(control);
  let last = '';
  setInterval(() => {
    const report = control.report();
    const text = JSON.stringify([[...report.backends], [...report.frontends]]);
    if (text === last) return;
    last = text;
    tellMaster({ kind: 'report', report });
  }, LOOK_MS).unref();
}

/** One at a time: while it is not answered no other question is asked. */
async function pulse(control: Control): Promise<void> {
  await control.works();
  tellMaster('works');
  setTimeout(() => void pulse(control), PULSE_MS).unref();
}

/** Opens nothing: a bind gets the sockets the master has opened for it. Call `done` when all binds have theirs. */
export class InheritedSockets {
  readonly #sockets: Map<string, InheritedSocket>;

  constructor(sockets: readonly InheritedSocket[]) {
    this.#sockets = new Map(sockets.map(socket => [socket.key, socket]));
  }

  /** More descriptors than threads when there were more threads before: all of them have clients waiting. */
  readonly open: OpenListening = (settings, nth): Listening | ListenFailure => {
    const key = socketKey(settings, nth);
    const socket = this.#sockets.get(key);
    if (socket === undefined)
      return { message: 'the master has no socket for it: the configuration has changed', code: 'ENOENT' };
    this.#sockets.delete(key);
    return { fds: socket.fds.map(keep), endpoint: socket.endpoint, warnings: [] };
  };

  done(): void {
    for (const { fds } of this.#sockets.values()) for (const fd of fds) closeDescriptor(fd);
    this.#sockets.clear();
  }
}

/** Inherited numbers would go on to programs started by this one. */
function keep(inherited: number): number {
  const fd = duplicateDescriptor(inherited);
  closeDescriptor(inherited);
  return fd;
}
