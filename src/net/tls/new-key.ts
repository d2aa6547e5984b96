/** Makes private keys. */
import { generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyWish } from '../../model/acme.ts';

const generate = promisify(generateKeyPair);

/** Beside the thread that asks: a large RSA key takes seconds. */
export async function newKey(wish: KeyWish): Promise<KeyObject> {
  const pair =
    wish.type === 'rsa'
      ? await generate('rsa', { modulusLength: wish.bits })
      : await generate('ec', { namedCurve: wish.curve });
  return pair.privateKey;
}

/** While a configuration is read. */
export function newKeyNow(wish: KeyWish): KeyObject {
  const pair =
    wish.type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: wish.bits })
      : generateKeyPairSync('ec', { namedCurve: wish.curve });
  return pair.privateKey;
}

export function keyPem(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}
