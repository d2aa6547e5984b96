/**
 * Passwords of userlists: plain ones, and hashes as crypt(3) makes them. The C library's crypt_r does the
 * hashing; what it answered is remembered, because a good hash costs milliseconds and clients repeat
 * their password with every request.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { loadKoffi } from '../net/system-calls.ts';

type CryptFunction = (phrase: string, setting: string, data: Buffer) => string | null;

/** Size of libxcrypt's struct crypt_data. */
const CRYPT_DATA_SIZE = 32768;

let crypt: CryptFunction | undefined;
let scratch: Buffer | undefined;

/** Finds the library; answers why not. Called at load when a userlist holds hashes. */
function loadCrypt(): string | undefined {
  if (crypt !== undefined) return undefined;
  for (const name of ['libcrypt.so.1', 'libcrypt.so.2'])
    try {
      crypt = loadKoffi()
        .load(name)
        .func('str crypt_r(str phrase, str setting, void *data)') as CryptFunction;
      scratch = Buffer.alloc(CRYPT_DATA_SIZE);
      return undefined;
    } catch {
      // not this one
    }
  return 'password hashes need the C library libcrypt, which was not found: use insecure-password';
}

/** Who guesses passwords pushes out his own guesses before those of clients that come again. */
const verdicts = new LRUCache<string, boolean>({ max: 4096 });

export function checkPassword(stored: string, isHash: boolean, given: string): boolean {
  if (!isHash) return sameText(stored, given);
  const key = createHash('sha256')
    .update(stored)
    .update('\0')
    .update(given, 'latin1')
    .digest()
    .toString('latin1');
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = hashMatches(stored, given);
  verdicts.set(key, verdict);
  return verdict;
}

function hashMatches(stored: string, given: string): boolean {
  if (loadCrypt() !== undefined || crypt === undefined || scratch === undefined) return false;
  scratch.fill(0);
  const answer = crypt(Buffer.from(given, 'latin1').toString('utf8'), stored, scratch);
  return answer !== null && sameText(answer, stored);
}

/** Takes as long for a wrong text as for the right one. */
function sameText(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text, 'latin1').digest();
  return timingSafeEqual(hash(a), hash(b));
}
