/**
 * Checks of servers with the address `rhttp@`, which make their connections themselves: one goes over what traffic goes over
 * (manual, `check-reuse-pool`). One that speaks HTTP asks the server; any other is content when there is a connection.
 */
import type { Server, ServerCheck } from '../model/server.ts';
import type { Connection, ConnectionHandler } from '../net/connection.ts';
import type { Adopter } from '../net/tls/handshake-wire.ts';
import { Http2Opening, type SpeakHttp2 } from './http2-opening.ts';
import type { ConnectStep } from './ruleset.ts';
import type { CheckConnection } from './ruleset-check.ts';

/** A connection that leads to those of a server (its row in the server table) by that name; undefined: there is none. */
export type ReachAttached = (
  server: number,
  name: string,
  engine: Adopter,
  handler: ConnectionHandler,
) => Connection | undefined;

interface AttachedSettings {
  readonly server: Server;
  readonly check: ServerCheck | undefined;
  readonly place: { readonly elsewhere: boolean };
  readonly attached: (name: string, handler: ConnectionHandler) => Connection | undefined;
  readonly speakHttp2: SpeakHttp2 | undefined;
}

/** Unless the check, or its rule, says where to go. */
export function goesToAttached({ server, place, check }: AttachedSettings, step: ConnectStep): boolean {
  const isElsewhere = place.elsewhere || step.address !== undefined || step.port !== undefined;
  return server.address.kind === 'reverse' && check !== undefined && !isElsewhere;
}

export function openAttached(
  settings: AttachedSettings,
  handler: ConnectionHandler,
): CheckConnection | string {
  const { server, check, attached, speakHttp2 } = settings;
  const name = server.otherOptions.get('check-pool-conn-name')?.[0] ?? check?.sni ?? '';
  const opening =
    speakHttp2 && new Http2Opening({ speak: speakHttp2, isHttp2: () => true, header: undefined, handler });
  const plain = attached(name, opening ?? handler);
  if (plain === undefined) return 'the server has made no connection';
  return {
    get connection() {
      return opening?.connection ?? plain;
    },
    secure: false,
    header: undefined,
    layer: () => 'unix',
  };
}
