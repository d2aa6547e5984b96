/** What a control thread has to have before it can start: sockets, files and memory. Each tells itself why it cannot be had. */
import type { AccountParts } from '../../acme/authority.ts';
import type { OpenedSocket } from '../../admin/admin-server.ts';
import type { CertificateStore } from '../../certificates/certificate-store.ts';
import type { Config } from '../../model/config.ts';
import type { Notice } from '../../model/notice.ts';
import type { SharedState } from '../../state/shared-state.ts';
import { openAccounts } from '../acme/acme-accounts.ts';
import { bindAdminSockets } from '../admin-socket.ts';
import type { OpenListening } from '../listening/bind-listeners.ts';
import { createState } from './create-state.ts';
import { openCounterMemory, type CounterMemory } from '../counters/kept-counters.ts';
import { bindPeers, type PeersListener } from '../peers/peer-sockets.ts';
import { openRingFiles, type RingFile } from '../logs/ring-file.ts';
import { ringsOf } from '../logs/ring-settings.ts';

interface Wishes {
  readonly config: Config;
  readonly nbthread: number;
  readonly open: OpenListening | undefined;
  readonly certificates: CertificateStore;
  readonly notice: Notice;
}

export interface Acquired {
  readonly adminSockets: readonly OpenedSocket[];
  readonly listeners: readonly PeersListener[];
  readonly ringFiles: ReadonlyMap<string, RingFile>;
  readonly acmeAccounts: ReadonlyMap<string, AccountParts>;
  readonly counterMemory: CounterMemory;
  readonly state: SharedState;
}

export function acquire({ config, nbthread, open, certificates, notice }: Wishes): Acquired | undefined {
  const adminSockets = bindAdminSockets(config, notice, open);
  if (adminSockets === undefined) return undefined;
  const listeners = bindPeers(config, notice, open);
  if (listeners === undefined) return undefined;
  const ringFiles = openRingFiles(ringsOf(config).values(), text => notice('alert', text));
  if (ringFiles === undefined) return undefined;
  const acmeAccounts = openAccounts(config, certificates, notice);
  if (acmeAccounts === undefined) return undefined;
  const counterMemory = openCounterMemory(config, notice);
  if (counterMemory === undefined) return undefined;
  const state = createState(config, nbthread, notice);
  return state && { adminSockets, listeners, ringFiles, acmeAccounts, counterMemory, state };
}
