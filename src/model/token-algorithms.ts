/** Algorithms of encrypted JSON Web Tokens (RFC 7518 sections 4.1 and 5.1), as `jwt.decrypt_alg_list` and its twin name them. */

/** RSA1_5 may be named, and is never used (RFC 8725 section 3.2). */
export const TOKEN_KEY_ALGORITHMS: readonly string[] = [
  'RSA1_5',
  'RSA-OAEP',
  'RSA-OAEP-256',
  'A128KW',
  'A192KW',
  'A256KW',
  'dir',
  'ECDH-ES',
  'ECDH-ES+A128KW',
  'ECDH-ES+A192KW',
  'ECDH-ES+A256KW',
  'A128GCMKW',
  'A192GCMKW',
  'A256GCMKW',
];

export const TOKEN_ENCRYPTIONS: readonly string[] = [
  'A128CBC-HS256',
  'A192CBC-HS384',
  'A256CBC-HS512',
  'A128GCM',
  'A192GCM',
  'A256GCM',
];

/**
 * What a list allows (manual, section 3.1): names with colons between them, `ALL`, and `!` in front of what is not
 * allowed, wherever it stands. A text: the name that is none.
 */
export function allowedOf(list: string, all: readonly string[]): ReadonlySet<string> | string {
  const words = list.split(':');
  const unknown = words.find(word => word !== 'ALL' && !all.includes(word.replace(/^!/, '')));
  if (unknown !== undefined) return unknown;
  const allowed = new Set(words.includes('ALL') ? all : words.filter(word => !word.startsWith('!')));
  for (const word of words) if (word.startsWith('!')) allowed.delete(word.slice(1));
  return allowed;
}
