/**
 * What a stored response is found by: the Host field and the target of its request (manual, section 6), byte by byte,
 * so that no two requests are ever mistaken for each other. A key that is too long is replaced by its digest.
 *
 *   0 host 0 target     a path of a host
 *   1 target            a whole URI
 *   2 SHA-256           of such a one that does not fit
 */
import { createHash } from 'node:crypto';
import { LONGEST_KEY } from './layout.ts';

const HOST_AND_PATH = 0;
const WHOLE_URI = 1;
const DIGEST = 2;

export class CacheKey {
  readonly bytes: Buffer = Buffer.alloc(LONGEST_KEY);
  /** 0: nothing is loaded. */
  length = 0;
  hash = 0;
  readonly #seed: number;

  /** `seed`: makes chains that nobody can foresee; the same in all threads. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  clear(): void {
    this.length = 0;
  }

  /** One char a byte. False: a path without a host is no key. */
  load(host: string | undefined, target: string): boolean {
    this.length = 0;
    const isPath = target.startsWith('/') || target.startsWith('*');
    if (isPath && host === undefined) return false;
    const { bytes } = this;
    let end = 0;
    bytes[end++] = isPath ? HOST_AND_PATH : WHOLE_URI;
    if (isPath) {
      const name = host as string;
      if (name.length + target.length + 2 > LONGEST_KEY)
        return this.#loadDigest(`${name}\0${target}`, isPath);
      for (let at = 0; at < name.length; at++) bytes[end++] = name.charCodeAt(at);
      bytes[end++] = 0;
    } else if (target.length + 1 > LONGEST_KEY) return this.#loadDigest(target, isPath);
    for (let at = 0; at < target.length; at++) bytes[end++] = target.charCodeAt(at);
    return this.#loaded(end);
  }

  #loadDigest(text: string, isPath: boolean): boolean {
    const digest = createHash('sha256')
      .update(isPath ? '\0' : '\x01')
      .update(text, 'latin1')
      .digest();
    this.bytes[0] = DIGEST;
    digest.copy(this.bytes, 1);
    return this.#loaded(1 + digest.length);
  }

  #loaded(length: number): boolean {
    const { bytes } = this;
    let hash = this.#seed ^ length;
    for (let at = 0; at < length; at++)
      hash = Math.imul(hash ^ (bytes[at] as number), 0x9e3779b1) ^ (hash >>> 15);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    this.hash = hash ^ (hash >>> 13);
    this.length = length;
    return true;
  }
}
