/** What aliases, and the runs of aliases, read where that takes more than looking. */
import type { LoggedExchange } from '../logged-exchange.ts';

const FIRST_ERROR = 400;

export function isBadRequest({ requestLine, transaction }: LoggedExchange): boolean {
  return (
    transaction?.badRequest === true ||
    (requestLine === undefined && (transaction?.status ?? 0) >= FIRST_ERROR)
  );
}

/** `%B`: an answer to what is no request is not counted. */
export function bytesToClient(ctx: LoggedExchange): number {
  return isBadRequest(ctx) ? 0 : (ctx.transaction?.bytes.fromServer ?? 0);
}

/** `%ST`: -1 when the client got none. */
export function statusOf({ requestLine, transaction }: LoggedExchange): number {
  return transaction?.status || (requestLine === undefined ? 0 : -1);
}

export function backendName({ backend, frontend }: LoggedExchange): string | undefined {
  return (backend ?? frontend)?.name;
}

export function serverName({ server, transaction }: LoggedExchange): string {
  return server?.name ?? transaction?.servedBy ?? '<NOSRV>';
}

export function frontendConnections({ frontend, transaction, stats }: LoggedExchange): number {
  if (frontend === undefined) return 0;
  return transaction?.frontendConnections ?? stats.frontendConnections(frontend.id);
}

export function backendConnections({ backend, transaction, stats }: LoggedExchange): number {
  if (backend === undefined) return 0;
  return transaction?.backendConnections ?? stats.backendConnections(backend.id);
}

/** When its connection was accepted, or ready for it. */
export function acceptMs({ client, transaction }: LoggedExchange): number {
  return transaction?.timers.acceptTimeMs ?? client?.acceptTimeMs ?? 0;
}

/** When it began. */
export function requestMs(ctx: LoggedExchange): number {
  return ctx.transaction?.timers.requestTimeMs ?? acceptMs(ctx);
}
