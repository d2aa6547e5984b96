/** The timeouts of a relayed connection: the client's are the frontend's, the server's the backend's. */
import type { BackendRuntime, FrontendRuntime } from '../runtime/runtime.ts';
import type { RelayTimeouts } from '../../net/relay.ts';
import type { Transaction } from '../transaction.ts';

export function relayTimeouts(transaction: Transaction): RelayTimeouts {
  const { client, clientFin } = transaction.frontendRuntime.config.timeouts;
  const { server, serverFin, tunnel } = (transaction.backendRuntime ?? transaction.frontendRuntime).config
    .timeouts;
  return {
    client: transaction.ownTimeouts?.client ?? client,
    server: transaction.ownTimeouts?.server ?? server,
    tunnel: transaction.ownTimeouts?.tunnel ?? tunnel,
    clientFin,
    serverFin,
  };
}

/** `option independent-streams`: what is sent to a side does not show that it lives. */
export function independentStreams(
  frontend: FrontendRuntime,
  backend: BackendRuntime | undefined,
): { readonly client: boolean; readonly server: boolean } {
  const isSaid = ({ config }: FrontendRuntime | BackendRuntime): boolean =>
    config.options.flags.has('independent-streams');
  return { client: isSaid(frontend), server: backend !== undefined && isSaid(backend) };
}
