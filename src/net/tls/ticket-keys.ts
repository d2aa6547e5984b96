/**
 * Keys of session tickets (RFC 5077, section 4; RFC 8446, section 4.6.1): one seals, all open. Node's own way has a single
 * key in OpenSSL's hands; more than one are asked for here, ticket by ticket (tls-handle.ts).
 *
 *   of the process       the last seals: each reload adds one, tickets of the two before are still opened
 *   tls-ticket-keys      the last but one seals, so that a key can be everywhere before the first seals with it (manual,
 *                        section 5.1)
 */
import { createHash, randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { askForTicketKeys, type TicketKey, type TicketKeySource } from './tls-handle.ts';

/** Name, key of AES-128, key of the MAC. */
export const TICKET_KEY_BYTES = 48;
/** Name, key of AES-256, key of the MAC. */
export const LONG_TICKET_KEY_BYTES = 80;
const NAME_BYTES = 16;
const AES_BYTES = 16;
const LONG_AES_BYTES = 32;

/** Processes whose tickets are still opened: of this one, and of the two before it. */
const GENERATIONS = 3;

/** Secrets for a process that follows the one that had these; the newest last. */
export function nextTicketKeys(before: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...before, randomBytes(TICKET_KEY_BYTES)].slice(-GENERATIONS);
}

export class TicketKeys {
  /** That from the end seals: 1 is the last. */
  readonly #sealing: number;
  #keys: readonly TicketKey[] = [];
  readonly #source: TicketKeySource = {
    seal: () => this.#sealer(),
    open: name => this.#keys.find(key => key.name.equals(name)),
  };

  /** Of the process itself; the newest last. */
  static own(secrets: readonly Uint8Array[]): TicketKeys {
    return new TicketKeys(secrets, 1);
  }

  static ofFile(secrets: readonly Uint8Array[]): TicketKeys {
    return new TicketKeys(secrets, 2);
  }

  private constructor(secrets: readonly Uint8Array[], sealing: number) {
    this.#sealing = sealing;
    this.replace(secrets);
  }

  /** Contexts that were made have them too. */
  replace(secrets: readonly Uint8Array[]): void {
    this.#keys = secrets.map(keyOf);
  }

  /** As Node wants one to begin with: name, MAC, AES. */
  get first(): Buffer {
    const { name, mac, aes } = this.#sealer();
    return Buffer.concat([name, mac.subarray(0, AES_BYTES), aes]);
  }

  /** From now on its tickets are sealed and opened with these. */
  serve(context: SecureContext): void {
    if (this.source !== undefined) askForTicketKeys(context, this.source);
  }

  /** Undefined: there is one key alone, which contexts are made with. */
  get source(): TicketKeySource | undefined {
    return this.#keys.length > 1 ? this.#source : undefined;
  }

  #sealer(): TicketKey {
    return this.#keys.at(-this.#sealing) as TicketKey;
  }
}

/** Node seals with AES-128 alone: a longer key is made as long as that. */
function keyOf(secret: Uint8Array): TicketKey {
  const bytes = Buffer.from(secret);
  const isLong = bytes.length === LONG_TICKET_KEY_BYTES;
  const mac = NAME_BYTES + (isLong ? LONG_AES_BYTES : AES_BYTES);
  const aes = bytes.subarray(NAME_BYTES, mac);
  return {
    name: bytes.subarray(0, NAME_BYTES),
    aes: isLong ? createHash('sha256').update(aes).digest().subarray(0, AES_BYTES) : aes,
    mac: bytes.subarray(mac),
  };
}
