/** What orders need of the process they run in; worker/acme/acme-service.ts gives it. */
import type { ClientAnswer, ClientAsk } from '../net/http-client.ts';

export interface AcmeHost {
  /** `failure`: why there is no answer of a server. Rejects when the process stops. */
  ask(ask: ClientAsk): Promise<{ readonly answer: ClientAnswer; readonly failure: string | undefined }>;
  /** Rejects when the process stops. */
  pause(ms: number): Promise<void>;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
  /** All threads know of it when it resolves. */
  putToken(map: string, token: string, thumbprint: string): Promise<void>;
  removeToken(map: string, token: string): Promise<void>;
  /** TXT records; none where nobody answers. */
  texts(name: string): Promise<readonly string[]>;
  /** For who keeps the names' records: an event of the ring `dpapi`. */
  event(text: string): void;
  log(severity: 'notice' | 'warning' | 'error', text: string): void;
}
