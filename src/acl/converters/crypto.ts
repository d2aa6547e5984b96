/** Digests, keyed digests, ciphers and safe comparison (manual, section 7.3.1). */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  getHashes,
  timingSafeEqual,
} from 'node:crypto';
import type { CipherGCMTypes } from 'node:crypto';
import type { Arguments, Mistake } from '../arguments.ts';
import { castSample } from '../cast.ts';
import type { SampleContext } from '../context.ts';
import { readVariable, storeOf } from '../fetches/variables.ts';
import type { CompileScope, Convert, ConverterRow } from '../row.ts';

const latin1 = (bytes: string): Buffer => Buffer.from(bytes, 'latin1');

function digestOf(algorithm: string): (bytes: string) => string {
  return bytes => createHash(algorithm).update(latin1(bytes)).digest().toString('latin1');
}

function knownAlgorithm(name: string): string | undefined {
  return getHashes().find(hash => hash.toLowerCase() === name.toLowerCase());
}

/** A text, or the variable of that name. */
type TextOf = (ctx: SampleContext) => string | undefined;

function textOrVariable(args: Arguments, index: number, scope: CompileScope): TextOf | undefined {
  const argument = args[index];
  if (argument === undefined) return undefined;
  const name = scope.env.variables.resolve(argument.text);
  if (typeof name === 'string') {
    const text = argument.text;
    return () => text;
  }
  const read = readVariable(name);
  return ctx => {
    const value = read(ctx);
    return value === undefined ? undefined : (castSample(value, 'bin') as string | undefined);
  };
}

/** Keys and nonces are base64. */
function decoded(text: TextOf): (ctx: SampleContext) => Buffer | undefined {
  return ctx => {
    const value = text(ctx);
    return value === undefined ? undefined : Buffer.from(value, 'base64');
  };
}

const BITS: ReadonlySet<string> = new Set(['128', '192', '256']);

interface CipherParts {
  readonly bits: string;
  readonly nonce: (ctx: SampleContext) => Buffer | undefined;
  readonly key: (ctx: SampleContext) => Buffer | undefined;
}

function cipherParts(args: Arguments, scope: CompileScope): CipherParts | Mistake {
  const bits = String(args[0]?.int ?? '');
  if (!BITS.has(bits)) return { error: 'key size must be 128, 192 or 256 (bits).' };
  const nonce = textOrVariable(args, 1, scope);
  const key = textOrVariable(args, 2, scope);
  if (nonce === undefined || key === undefined) return { error: 'missing nonce or key' };
  return { bits, nonce: decoded(nonce), key: decoded(key) };
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
  const aad = textOrVariable(args, 4, scope);
  return (bytes: string, ctx) => {
    const key = parts.key(ctx);
    const nonce = parts.nonce(ctx);
    if (key === undefined || nonce === undefined) return undefined;
    return guarded(() => {
      const cipher = createCipheriv(`aes-${parts.bits}-gcm` as CipherGCMTypes, key, nonce);
      if (aad !== undefined) cipher.setAAD(Buffer.from(aad(ctx) ?? '', 'base64'));
      const output = cipher.update(latin1(bytes)).toString('latin1') + cipher.final().toString('latin1');
      storeOf(ctx, tagName.scope)?.set(tagName.slot, cipher.getAuthTag().toString('base64'));
      return output;
    });
  };
}

function compileGcmDecrypt(args: Arguments, scope: CompileScope): Convert | Mistake {
  const parts = cipherParts(args, scope);
  if ('error' in parts) return parts;
  const tag = textOrVariable(args, 3, scope);
  const aad = textOrVariable(args, 4, scope);
  return (bytes: string, ctx) => {
    const key = parts.key(ctx);
    const nonce = parts.nonce(ctx);
    const tagText = tag?.(ctx);
    if (key === undefined || nonce === undefined || tagText === undefined) return undefined;
    return guarded(() => {
      const decipher = createDecipheriv(`aes-${parts.bits}-gcm` as CipherGCMTypes, key, nonce);
      if (aad !== undefined) decipher.setAAD(Buffer.from(aad(ctx) ?? '', 'base64'));
      decipher.setAuthTag(Buffer.from(tagText, 'base64'));
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
      const algorithm = knownAlgorithm(args[0]?.text ?? '');
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
      const algorithm = knownAlgorithm(args[0]?.text ?? '');
      if (algorithm === undefined)
        return { error: `algorithm must be a valid OpenSSL message digest name: '${args[0]?.text}'` };
      const key = textOrVariable(args, 1, scope);
      return (bytes: string, ctx) => {
        const text = key?.(ctx);
        if (text === undefined) return undefined;
        return createHmac(algorithm, Buffer.from(text, 'base64'))
          .update(latin1(bytes))
          .digest()
          .toString('latin1');
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
