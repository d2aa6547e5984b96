/** What aliases, and the runs of aliases, read where that takes more than looking. */
import type { SampleContext } from '../context.ts';

const FIRST_ERROR = 400;

export function isBadRequest({ requestLine, transaction }: SampleContext): boolean {
  return (
    transaction?.badRequest === true ||
    (requestLine === undefined && (transaction?.status ?? 0) >= FIRST_ERROR)
  );
}

/** `%B`: of what servers and services have sent. */
export function bytesToClient(ctx: SampleContext): number {
  return ctx.transaction?.bytes.fromServer ?? 0;
}

/** `%ST`: -1 when the client got none, 0 if a script wanted it so. */
export function statusOf({ requestLine, transaction }: SampleContext): number {
  if (transaction === undefined || requestLine === undefined) return transaction?.status ?? 0;
  return transaction.status || (transaction.terminationState.startsWith('L') ? 0 : -1);
}

export function backendName({ backend, frontend }: SampleContext): string | undefined {
  return (backend ?? frontend)?.name;
}

export function serverName({ server, transaction }: SampleContext): string {
  return server?.name ?? transaction?.servedBy ?? '<NOSRV>';
}

export function frontendConnections({ frontend, transaction, stats }: SampleContext): number {
  if (frontend === undefined) return 0;
  return transaction?.frontendConnections ?? stats.frontendConnections(frontend.id);
}

export function backendConnections({ backend, transaction, stats }: SampleContext): number {
  if (backend === undefined) return 0;
  return transaction?.backendConnections ?? stats.backendConnections(backend.id);
}

/** When its connection was accepted, or ready for it. */
export function acceptMs({ client, transaction }: SampleContext): number {
  return transaction?.timers.acceptTimeMs ?? client?.acceptTimeMs ?? 0;
}

/** When it began. */
export function requestMs(ctx: SampleContext): number {
  return ctx.transaction?.timers.requestTimeMs ?? acceptMs(ctx);
}
