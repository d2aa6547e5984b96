/** JSON Web Tokens: reading and verifying (manual, section 7.3.1; RFC 7515, RFC 7518). */
import { constants, createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isMistake, type Arguments, type Mistake } from '../arguments.ts';
import type { CompileScope, Convert, ConverterRow } from '../row.ts';
import { keyCache } from './key-cache.ts';
import { textOrVariable } from './text-or-variable.ts';
import { tokenCertificate } from './token-certificate.ts';
import { compileQuery, queryJson } from './json.ts';

/** What jwt_verify answers, by number. */
const UNKNOWN_ALGORITHM = -1;
const UNMANAGED_ALGORITHM = -2;
const INVALID_TOKEN = -3;
const UNKNOWN_KEY = -5;
const UNAVAILABLE_CERTIFICATE = -7;

const HASHES: Readonly<Record<string, string>> = { '256': 'sha256', '384': 'sha384', '512': 'sha512' };
const ALGORITHM = /^(?:none|(HS|RS|ES|PS)(256|384|512))$/;

function memberQuery(args: Arguments, member: 0 | 1): Convert | Mistake {
  const query = compileQuery(args);
  if ('error' in query) return query;
  const whole = args[0] === undefined;
  return (token: string) => {
    const part = token.split('.')[member];
    if (part === undefined || !/^[A-Za-z0-9_-]*$/.test(part)) return undefined;
    const text = Buffer.from(part, 'base64url').toString('latin1');
    return whole ? text : queryJson(text, query.path, query.asInt);
  };
}

const keyOf = keyCache(pem => {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
});

function compileVerify(args: Arguments, scope: CompileScope): Convert | Mistake {
  const algorithm = textOrVariable(args[0]?.text ?? '', scope);
  const key = textOrVariable(args[1]?.text ?? '', scope);
  if (!isKnown(algorithm.fixed)) return { error: `unknown JWT algorithm: ${algorithm.fixed}` };
  const isSecret = algorithm.fixed?.startsWith('HS') === true || algorithm.fixed === 'none';
  let pem: string | undefined;
  if (key.fixed !== undefined && !isSecret) {
    const file = scope.env.patterns.readFile(key.fixed);
    if ('error' in file && algorithm.fixed !== undefined) return { error: file.error };
    pem = 'content' in file ? file.content : undefined;
  }
  return (token: string, ctx) => {
    const name = algorithm(ctx);
    const keyText = pem ?? key(ctx);
    if (name === undefined || keyText === undefined) return undefined;
    return verifyToken(token, name, keyText, pem === undefined);
  };
}

function isKnown(algorithm: string | undefined): boolean {
  return algorithm === undefined || ALGORITHM.test(algorithm);
}

function compileVerifyCertificate(args: Arguments, scope: CompileScope): Convert | Mistake {
  const algorithm = textOrVariable(args[0]?.text ?? '', scope);
  if (!isKnown(algorithm.fixed)) return { error: `unknown JWT algorithm: ${algorithm.fixed}` };
  if (algorithm.fixed?.startsWith('HS') === true)
    return { error: "HMAC-signed tokens can't be processed by this converter" };
  const certificate = tokenCertificate(args[1]?.text ?? '', scope, false);
  if (isMistake(certificate)) return certificate;
  return (token: string, ctx) => {
    const name = algorithm(ctx);
    const found = certificate(ctx);
    if (name === undefined || found === undefined) return undefined;
    if (found === 'unavailable') return UNAVAILABLE_CERTIFICATE;
    return verifyToken(token, name, found === 'unknown' ? '' : found.certPem, false);
  };
}

/** No length leaves one digit over: it would stand for six bits. */
function isBase64Url(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text) && text.length % 4 !== 1;
}

/**
 * 1: good, 0: wrong signature, negative: cannot be told. What is in a file is no secret (`isSecret`): who knows a public key
 * could sign with it otherwise, where the token says which algorithm it is.
 */
function verifyToken(token: string, algorithm: string, key: string, isSecret: boolean): number {
  const match = ALGORITHM.exec(algorithm);
  if (match === null) return UNKNOWN_ALGORITHM;
  const parts = token.split('.');
  if (parts.length !== 3) return INVALID_TOKEN;
  if (algorithm === 'none') return parts[2] === '' ? 1 : 0;
  if (!isBase64Url(parts[2] as string)) return INVALID_TOKEN;
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`, 'latin1');
  const signature = Buffer.from(parts[2] as string, 'base64url');
  const hash = HASHES[match[2] as string] as string;
  if (match[1] === 'HS') {
    if (!isSecret) return UNMANAGED_ALGORITHM;
    const expected = createHmac(hash, Buffer.from(key, 'latin1')).update(signed).digest();
    return expected.length === signature.length && timingSafeEqual(expected, signature) ? 1 : 0;
  }
  const publicKey = keyOf(key);
  if (publicKey === undefined) return UNKNOWN_KEY;
  if (match[1] === 'ES' && signature.length % 2 !== 0) return INVALID_TOKEN;
  return verifySignature(match[1] as string, hash, signed, signature, publicKey) ? 1 : 0;
}

function verifySignature(
  kind: string,
  hash: string,
  signed: Buffer,
  signature: Buffer,
  key: KeyObject,
): boolean {
  try {
    if (kind === 'ES') return verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature);
    if (kind === 'PS')
      return verify(
        hash,
        signed,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
        signature,
      );
    return verify(hash, signed, key, signature);
  } catch {
    return false;
  }
}

const QUERY_ARGS = ['json_path:str?', 'output_type:str?'] as const;

export const JWT_CONVERTERS: readonly ConverterRow[] = [
  {
    name: 'jwt_header_query',
    args: QUERY_ARGS,
    in: 'bin',
    out: 'any',
    summary: 'value in the header of a JSON Web Token',
    compile: args => memberQuery(args, 0),
  },
  {
    name: 'jwt_payload_query',
    args: QUERY_ARGS,
    in: 'bin',
    out: 'any',
    summary: 'value in the payload of a JSON Web Token',
    compile: args => memberQuery(args, 1),
  },
  {
    name: 'jwt_verify',
    args: ['alg:str', 'key:str'],
    in: 'bin',
    out: 'int',
    summary: 'verifies a JSON Web Token: 1 good, 0 wrong, negative when it cannot be told',
    impure: true,
    compile: compileVerify,
  },
  {
    name: 'jwt_verify_cert',
    args: ['alg:str', 'cert:str'],
    in: 'bin',
    out: 'int',
    summary: 'verifies a JSON Web Token with a certificate',
    impure: true,
    compile: compileVerifyCertificate,
  },
];
