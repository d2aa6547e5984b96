/**
 * Files of ticket keys (`tls-ticket-keys`; manual, section 5.1) and what commands do to them: each has three keys of one
 * length, the last ones of its lines. HAProxy's words.
 */
import { LONG_TICKET_KEY_BYTES, TICKET_KEY_BYTES } from '../net/tls/ticket-keys.ts';
import { fromBase64 } from './base64.ts';
import { within } from './certificate-loader.ts';
import type { CertificateStore } from './certificate-store.ts';
import type { CertificateFiles } from './files.ts';
import { done, type Outcome, refused } from './outcome.ts';

/** HAProxy's TLS_TICKETS_NO. */
const KEPT = 3;

type Loaded = { readonly secrets: readonly Uint8Array[] } | { readonly error: string };

export function loadTicketKeys(name: string, folder: string, files: CertificateFiles): Loaded {
  const bytes = files.read(within(name, folder));
  if ('error' in bytes) return { error: `unable to load ssl tickets keys file (${bytes.error}).` };
  return readTicketKeys(Buffer.from(bytes).toString('latin1'));
}

/** A key a line, in base64. */
export function readTicketKeys(text: string): Loaded {
  const lines = text.split('\n').map(line => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  const secrets: Uint8Array[] = [];
  for (const [index, line] of lines.entries()) {
    const secret = fromBase64(line);
    if (secret === undefined) return { error: `unable to decode base64 key on line ${index + 1}` };
    if (!isRightSize(secret, secrets[0])) return { error: `wrong sized key on line ${index + 1}` };
    secrets.push(secret);
  }
  if (secrets.length < KEPT) return { error: `please supply at least ${KEPT} keys in the tls-tickets-file` };
  return { secrets: secrets.slice(-KEPT) };
}

/** All keys of a file are as long as the first. */
function isRightSize({ length }: Uint8Array, first: Uint8Array | undefined): boolean {
  return first === undefined
    ? length === TICKET_KEY_BYTES || length === LONG_TICKET_KEY_BYTES
    : length === first.length;
}

export interface TicketKeyFile {
  readonly id: number;
  readonly name: string;
  /** In base64, the oldest first. */
  readonly keys: readonly string[];
}

export class TicketKeyFiles {
  readonly #store: CertificateStore;

  constructor(store: CertificateStore) {
    this.#store = store;
  }

  /** Numbered as HAProxy does: the last of the configuration is the first. */
  list(): readonly TicketKeyFile[] {
    return [...this.#store.ticketKeys].reverse().map(([name, secrets], id) => ({
      id,
      name,
      keys: secrets.map(secret => Buffer.from(secret).toString('base64')),
    }));
  }

  /** By `#id` or name. */
  find(word: string): TicketKeyFile | undefined {
    return this.list().find(({ id, name }) => (word.startsWith('#') ? word === `#${id}` : word === name));
  }

  /** The new one is the last: it only opens, and seals when the next has come. */
  add(name: string, key: string): Outcome {
    const secrets = this.#store.ticketKeys.get(name) ?? [];
    const secret = fromBase64(key);
    if (secret === undefined) return refused(`'set ssl tls-key' received invalid base64 encoded TLS key.`);
    if (!isRightSize(secret, secrets[0])) return refused(`'set ssl tls-key' received a key of wrong size.`);
    const now = [...secrets, secret].slice(-KEPT);
    this.#store.ticketKeys.set(name, now);
    return done('TLS ticket key updated!', [{ kind: 'ticket-keys', name, secrets: now }]);
  }
}
