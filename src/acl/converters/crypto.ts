/** Digests, keyed digests, ciphers and safe comparison (manual, section 7.3.1). */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  getHashes,
  timingSafeEqual,
} from 'node:crypto';
import type { CipherGCMTypes, Hash, Hmac } from 'node:crypto';
import { isMistake, type Arguments, type Mistake } from '../arguments.ts';
import { castSample } from '../cast.ts';
import { readVariable, storeOf } from '../fetches/variables.ts';
import type { CompileScope, Convert, ConverterRow } from '../row.ts';
import { base64Argument, type BytesOf } from './base64-argument.ts';

const latin1 = (bytes: string): Buffer => Buffer.from(bytes, 'latin1');

function digestOf(algorithm: string): (bytes: string) => string {
  return bytes => createHash(algorithm).update(latin1(bytes)).digest().toString('latin1');
}

/** `run`: what will be done with it. Some have no keyed digest, and properties (`ssl-propquery`) may leave others out. */
function knownAlgorithm(name: string, run: (algorithm: string) => Hash | Hmac): string | undefined {
  const algorithm = getHashes().find(hash => hash.toLowerCase() === name.toLowerCase());
  if (algorithm === undefined) return undefined;
  return guarded(() => run(algorithm).digest('hex')) === undefined ? undefined : algorithm;
}

const BITS: ReadonlySet<string> = new Set(['128', '192', '256']);

interface CipherParts {
  readonly bits: string;
  readonly nonce: BytesOf;
  readonly key: BytesOf;
}

function cipherParts(args: Arguments, scope: CompileScope): CipherParts | Mistake {
  const bits = String(args[0]?.int ?? '');
  if (!BITS.has(bits)) return { error: 'key size must be 128, 192 or 256 (bits).' };
  const nonce = base64Argument(args[1], scope, 'nonce');
  if ('error' in nonce) return nonce;
  const key = base64Argument(args[2], scope, 'key');
  return 'error' in key ? key : { bits, nonce, key };
}

function optionalBytes(
  argument: Arguments[number],
  scope: CompileScope,
  what: string,
): BytesOf | Mistake | undefined {
  return argument === undefined ? undefined : base64Argument(argument, scope, what);
}

/** A cipher that fails (wrong tag, wrong key size) gives no sample. */
function guarded(run: () => string): string | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

function compileGcmEncrypt(args: Arguments, scope: CompileScope): Convert | Mistake {
  const parts = cipherParts(args, scope);
  if ('error' in parts) return parts;
  const tagName = scope.env.variables.resolve(args[3]?.text ?? '');
  if (typeof tagName === 'string')
    return { error: `failed to register variable name for the tag: ${tagName}` };
  const aad = optionalBytes(args[4], scope, 'aad');
  if (isMistake(aad)) return aad;
  return (bytes: string, ctx) => {
    const key = parts.key(ctx);
    const nonce = parts.nonce(ctx);
    if (key === undefined || nonce === undefined) return undefined;
    return guarded(() => {
      const cipher = createCipheriv(`aes-${parts.bits}-gcm` as CipherGCMTypes, key, nonce);
      const more = aad?.(ctx);
      if (more !== undefined) cipher.setAAD(more);
      const output = cipher.update(latin1(bytes)).toString('latin1') + cipher.final().toString('latin1');
      storeOf(ctx, tagName.scope)?.set(tagName.slot, cipher.getAuthTag().toString('base64'));
      return output;
    });
  };
}

function compileGcmDecrypt(args: Arguments, scope: CompileScope): Convert | Mistake {
  const parts = cipherParts(args, scope);
  if ('error' in parts) return parts;
  const tag = base64Argument(args[3], scope, 'aead_tag');
  if ('error' in tag) return tag;
  const aad = optionalBytes(args[4], scope, 'aad');
  if (isMistake(aad)) return aad;
  return (bytes: string, ctx) => {
    const key = parts.key(ctx);
    const nonce = parts.nonce(ctx);
    const tagBytes = tag(ctx);
    if (key === undefined || nonce === undefined || tagBytes === undefined) return undefined;
    return guarded(() => {
      const decipher = createDecipheriv(`aes-${parts.bits}-gcm` as CipherGCMTypes, key, nonce);
      const more = aad?.(ctx);
      if (more !== undefined) decipher.setAAD(more);
      decipher.setAuthTag(tagBytes);
      return decipher.update(latin1(bytes)).toString('latin1') + decipher.final().toString('latin1');
    });
  };
}

const CBC_BLOCK = 16;
const ZEROS = Buffer.alloc(CBC_BLOCK);

/** A short nonce is filled up with zeros. */
function compileCbc(args: Arguments, scope: CompileScope, encrypt: boolean): Convert | Mistake {
  const parts = cipherParts(args, scope);
  if ('error' in parts) return parts;
  return (bytes: string, ctx) => {
    const key = parts.key(ctx);
    const nonce = parts.nonce(ctx);
    if (key === undefined || nonce === undefined) return undefined;
    return guarded(() => {
      const create = encrypt ? createCipheriv : createDecipheriv;
      const cipher = create(
        `aes-${parts.bits}-cbc`,
        key,
        Buffer.concat([nonce, ZEROS]).subarray(0, CBC_BLOCK),
      );
      return cipher.update(latin1(bytes)).toString('latin1') + cipher.final().toString('latin1');
    });
  };
}

const CIPHER_ARGS = ['bits:int', 'nonce:str', 'key:str'] as const;

export const CRYPTO_CONVERTERS: readonly ConverterRow[] = [
  { name: 'sha1', in: 'bin', out: 'bin', summary: 'SHA-1 digest', compile: () => digestOf('sha1') },
  {
    name: 'sha2',
    args: ['bits:int?'],
    in: 'bin',
    out: 'bin',
    summary: 'SHA-2 digest of 224, 256, 384 or 512 bits',
    compile: args => {
      const bits = Number(args[0]?.int ?? 256);
      if (![224, 256, 384, 512].includes(bits)) return { error: `Unsupported number of bits: '${bits}'` };
      return digestOf(`sha${bits}`);
    },
  },
  {
    name: 'digest',
    args: ['algorithm:str'],
    in: 'bin',
    out: 'bin',
    summary: 'digest by the name of its algorithm',
    compile: args => {
      const algorithm = knownAlgorithm(args[0]?.text ?? '', createHash);
      if (algorithm === undefined)
        return { error: `algorithm must be a valid OpenSSL message digest name: '${args[0]?.text}'` };
      return digestOf(algorithm);
    },
  },
  {
    name: 'hmac',
    args: ['algorithm:str', 'key:str'],
    in: 'bin',
    out: 'bin',
    summary: 'keyed digest; the key is base64',
    impure: true,
    compile: (args, scope) => {
      const algorithm = knownAlgorithm(args[0]?.text ?? '', name => createHmac(name, 'key'));
      if (algorithm === undefined)
        return { error: `algorithm must be a valid OpenSSL message digest name: '${args[0]?.text}'` };
      const keyOf = base64Argument(args[1], scope, 'key');
      if ('error' in keyOf) return keyOf;
      return (bytes: string, ctx) => {
        const key = keyOf(ctx);
        return key && createHmac(algorithm, key).update(latin1(bytes)).digest().toString('latin1');
      };
    },
  },
  {
    name: 'aes_gcm_enc',
    args: [...CIPHER_ARGS, 'aead_tag:str', 'aad:str?'],
    in: 'bin',
    out: 'bin',
    summary: 'AES-GCM encryption; the tag goes into a variable',
    impure: true,
    compile: compileGcmEncrypt,
  },
  {
    name: 'aes_gcm_dec',
    args: [...CIPHER_ARGS, 'aead_tag:str', 'aad:str?'],
    in: 'bin',
    out: 'bin',
    summary: 'AES-GCM decryption',
    impure: true,
    compile: compileGcmDecrypt,
  },
  {
    name: 'aes_cbc_enc',
    args: [...CIPHER_ARGS, 'aad:str?'],
    in: 'bin',
    out: 'bin',
    summary: 'AES-CBC encryption',
    impure: true,
    compile: (args, scope) => compileCbc(args, scope, true),
  },
  {
    name: 'aes_cbc_dec',
    args: [...CIPHER_ARGS, 'aad:str?'],
    in: 'bin',
    out: 'bin',
    summary: 'AES-CBC decryption',
    impure: true,
    compile: (args, scope) => compileCbc(args, scope, false),
  },
  {
    name: 'secure_memcmp',
    args: ['var:variable'],
    in: 'bin',
    out: 'bool',
    summary: 'equal to a variable, compared in constant time',
    impure: true,
    compile: args => {
      const name = args[0]?.variable;
      if (name === undefined) return { error: 'missing variable name' };
      const read = readVariable(name);
      return (bytes: string, ctx) => {
        const value = read(ctx);
        const other = value === undefined ? undefined : castSample(value, 'bin');
        if (typeof other !== 'string') return undefined;
        return other.length === bytes.length && timingSafeEqual(latin1(other), latin1(bytes));
      };
    },
  },
];
