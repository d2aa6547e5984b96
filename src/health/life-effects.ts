/** What the life of servers needs of the outside: shared memory to write, logs, and the threads that hold requests. */
import type { Notice } from '../model/notice.ts';
import type { ServerEvent } from '../model/server-event.ts';
import type { ServerWriter } from '../state/server-writer.ts';
import type { LifeServer } from './life-server.ts';

/** Levels of syslog that server lines use. */
export const LEVEL_EMERGENCY = 0;
export const LEVEL_ALERT = 1;
export const LEVEL_NOTICE = 5;
export const LEVEL_INFO = 6;

export interface LifeEffects {
  readonly servers: ServerWriter;
  /** `node`; undefined: the name of the host. */
  readonly node: string | undefined;
  /** On standard error. */
  readonly notice: Notice;
  /** To the log targets of a proxy (its number in the configuration). */
  readonly log: (backend: number, level: number, text: string) => void;
  /** The server takes nothing new: its waiters look for another; `backend` is given when it was the last one. */
  readonly flush: (server: number, backend: number | undefined) => void;
  /** Nothing is sent to the server any more: connections to it that rest are closed. */
  readonly dropIdle: (server: number, backend: number) => void;
  /** The server takes requests (again, or more of them): whoever waits may use it. */
  readonly offer: (server: number) => void;
  /** `shutdown-sessions`, `shutdown-backup-sessions`: cuts what it serves. */
  readonly shutdownSessions: (server: number, why: 'down' | 'up') => void;
  /** Something happened to a server that scripts may want to know. */
  readonly event: (event: ServerEvent) => void;
  /** Something worth a mail happened (`email-alert`). */
  readonly alert: (server: LifeServer, level: number, text: string) => void;
}
