/**
 * A `log-forward` section at work (manual, section 12.6). One data thread serves a whole section: samples count all
 * its messages, and those of a sender stay in their order.
 */
import { latin1Slice } from '../../base/latin1.ts';
import type { LogForward } from '../../model/log-forward.ts';
import type { Global } from '../../model/global.ts';
import type { Connection, Listener } from '../../net/connection.ts';
import { receiveDatagrams, type DatagramReceiver } from '../../net/datagram-receiver.ts';
import { createTlsListener } from '../../net/tls/create-tls-listener.ts';
import { IncomingHandshake } from '../../net/tls/incoming-handshake.ts';
import type { DataThread } from '../../proxy/runtime/runtime.ts';
import { FIELD } from '../../state/counter-fields.ts';
import type { MessageSender } from './message-sender.ts';
import { SyslogConnection, type SyslogConnectionSettings } from './syslog-connection.ts';

interface LogForwarderParts {
  readonly section: LogForward;
  readonly global: Global;
  readonly thread: Pick<DataThread, 'engine' | 'state' | 'certificates'>;
  readonly ticketKeys: readonly Uint8Array[];
  readonly sender: MessageSender;
  /** A place of the process came free that somebody was refused before. */
  readonly roomAgain: () => void;
}

const NO_COUNTS = { lookedUp: () => undefined, stapled: () => undefined };

export class LogForwarder {
  readonly #parts: LogForwarderParts;
  readonly #connections = new Set<Connection>();
  #listeners: Listener[] = [];
  #receivers: DatagramReceiver[] = [];

  constructor(parts: LogForwarderParts) {
    this.#parts = parts;
  }

  /** Takes what comes to a socket of its binds; the descriptor is its own from now on. */
  open(bind: number, fd: number, onError: (code: string) => void): void {
    const { section, global, thread, ticketKeys } = this.#parts;
    const line = section.binds[bind];
    const { address, datagram, acceptProxy = false } = line ?? {};
    if (datagram === true) {
      const kind = address?.kind === 'ip' ? 'internet' : 'unix';
      this.#receivers.push(receiveDatagrams(fd, kind, (bytes, from) => this.#datagram(bytes, from), onError));
      return;
    }
    const { engine, certificates } = thread;
    const tls = line && createTlsListener(line, global, 'tcp', certificates, ticketKeys, NO_COUNTS);
    const secure: SyslogConnectionSettings['secure'] =
      tls && ((plain, sink) => new IncomingHandshake(plain, engine, tls, sink));
    const listener = engine.listen(
      fd,
      connection => this.#accepted(connection, acceptProxy, secure),
      onError,
    );
    this.#listeners.push(listener);
    this.retry();
  }

  /** What is longer than a buffer is cut, as recvfrom(2) does it. */
  #datagram(bytes: Buffer, sender: string | undefined): void {
    const { bufsize } = this.#parts.global.tune;
    this.#message(latin1Slice(bytes, 0, Math.min(bytes.length, bufsize)), sender);
  }

  #message(bytes: string, sender: string | undefined): void {
    const { counters } = this.#parts.thread.state;
    counters.add(counters.process, FIELD.recv_logs, 1);
    this.#parts.sender.send(bytes, sender);
  }

  /** Limits are looked at when a place is taken: those who come too many wait in the kernel's backlog. */
  #accepted(connection: Connection, acceptProxy: boolean, secure: SyslogConnectionSettings['secure']): void {
    const { section, global, thread } = this.#parts;
    const { engine, state } = thread;
    const { counters, limits } = state;
    limits.enter(limits.process);
    this.#connections.add(connection);
    counters.add(counters.process, FIELD.conn_tot, 1);
    counters.event(counters.process, FIELD.conn_rate, engine.wheel.now);
    counters.raise(counters.process, FIELD.smax, limits.current(limits.process));
    if (!this.#hasRoom()) for (const listener of this.#listeners) listener.pause();
    new SyslogConnection(connection, engine.wheel, {
      framing: { longest: global.tune.bufsize, assumesLineFeeds: section.assumesLineFeeds },
      clientTimeoutMs: section.clientTimeoutMs,
      acceptProxy,
      secure,
      onMessage: (bytes, sender) => this.#message(bytes, sender),
      onClosed: () => this.#closed(connection),
    }).start();
  }

  #hasRoom(): boolean {
    const { section, thread } = this.#parts;
    const { limits } = thread.state;
    if (section.maxconn > 0 && this.#connections.size >= section.maxconn) return false;
    return !limits.full(limits.process);
  }

  #closed(connection: Connection): void {
    const { limits } = this.#parts.thread.state;
    this.#connections.delete(connection);
    if (limits.leave(limits.process)) this.#parts.roomAgain();
    this.retry();
  }

  /** Accepts again if there is room. */
  retry(): void {
    const hasRoom = this.#hasRoom();
    for (const listener of this.#listeners)
      if (listener.paused === hasRoom) {
        if (hasRoom) listener.resume();
        else listener.pause();
      }
  }

  /** No connection of it is left. */
  get unused(): boolean {
    return this.#connections.size === 0;
  }

  /** Takes nothing new. */
  close(): void {
    for (const listener of this.#listeners.splice(0)) listener.close();
    for (const receiver of this.#receivers.splice(0)) receiver.close();
  }
}
