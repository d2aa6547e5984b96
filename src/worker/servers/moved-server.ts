/**
 * A server of the configuration where and how a state file says that it listens: TLS or not, ports and the addresses of its checks, the
 * name it was given at run time, the host its SRV record named (manual, `load-server-state-from-file`).
 */
import type { Address } from '../../model/address.ts';
import type { Server } from '../../model/server.ts';
import type { ServerStateValues } from '../../state/server-state-values.ts';
import { switchedTls } from '../../state/switched-tls.ts';

export function movedServer(configured: Server, state: ServerStateValues): Server {
  const server = reached(configured, state);
  const { check, agent } = server;
  return {
    ...server,
    ...movedAddress(server, state),
    ...movedName(server, state),
    ...(check !== undefined && {
      check: { ...check, ...target(state.checkAddress?.toString(), state.checkPort) },
    }),
    ...(agent !== undefined && {
      agent: { ...agent, ...target(state.agentAddress?.toString(), state.agentPort) },
    }),
  };
}

/** Over TLS or not, as it was ordered at run time. */
function reached(server: Server, { usesTls }: ServerStateValues): Server {
  const isChanged = usesTls !== undefined && usesTls !== (server.ssl !== undefined);
  return (isChanged ? switchedTls(server, usesTls) : undefined) ?? server;
}

function movedAddress(server: Server, { port }: ServerStateValues): Partial<Server> {
  const { address, mapPorts } = server;
  if (mapPorts && server.srvRecord === undefined) return { portOffset: port > 32767 ? port - 65536 : port };
  if (address.kind !== 'ip' && address.kind !== 'name') return {};
  return { address: { ...address, port }, mapPorts: false };
}

/** A name changed at run time stays, unless the configuration has that name by now; SRV records must be the same. */
function movedName(server: Server, { fqdn, fqdnChanged, srvRecord }: ServerStateValues): Partial<Server> {
  if (fqdn === undefined) return {};
  if (server.fqdn !== undefined) return fqdnChanged ? { fqdn } : {};
  return server.srvRecord !== undefined && server.srvRecord === srvRecord ? { fqdn } : {};
}

function target(host: string | undefined, port: number): { address?: Address; port?: number } {
  return {
    ...(host !== undefined && {
      address: { kind: 'ip', family: host.includes(':') ? 6 : 4, host, port } as const,
    }),
    ...(port > 0 && { port }),
  };
}
