/** Converters that open encrypted JSON Web Tokens (manual, section 7.3.1). */
import { isMistake, type Arguments, type Mistake } from '../arguments.ts';
import type { TokenAlgorithms } from '../environment.ts';
import type { CompileScope, Convert, ConverterRow } from '../row.ts';
import { decryptToken, keyOfJwk, keyOfPem, type DecryptionKey } from './jwe.ts';
import { keyCache } from './key-cache.ts';
import { textOrVariable, type TextOf } from './text-or-variable.ts';
import { tokenCertificate } from './token-certificate.ts';

const jwkOf = keyCache(keyOfJwk);
const privateKeyOf = keyCache(keyOfPem);

function decryptWith(
  text: TextOf,
  keyOf: (text: string) => DecryptionKey | undefined,
  allowed: TokenAlgorithms | undefined,
): Convert {
  return (token: string, ctx) => {
    const keyText = text(ctx);
    const key = keyText === undefined ? undefined : keyOf(keyText);
    return key === undefined ? undefined : decryptToken(token, key, allowed);
  };
}

function compileDecryptSecret(args: Arguments, scope: CompileScope): Convert | Mistake {
  const secret = textOrVariable(args[0]?.text ?? '', scope);
  if (secret.fixed !== undefined && secretOf(secret.fixed) === undefined)
    return { error: 'failed to parse secret: invalid base64 string' };
  return decryptWith(secret, secretOf, scope.env.tokenAlgorithms);
}

/** Padded or not. */
function secretOf(text: string): Buffer | undefined {
  const bare = text.replace(/={1,2}$/, '');
  return /^[A-Za-z0-9+/]+$/.test(bare) && bare.length % 4 !== 1 ? Buffer.from(bare, 'base64') : undefined;
}

function compileDecryptJwk(args: Arguments, scope: CompileScope): Convert | Mistake {
  const jwk = textOrVariable(args[0]?.text ?? '', scope);
  if (jwk.fixed !== undefined && jwkOf(jwk.fixed) === undefined)
    return { error: 'failed to parse JSON Web Key' };
  return decryptWith(jwk, jwkOf, scope.env.tokenAlgorithms);
}

function compileDecryptCertificate(args: Arguments, scope: CompileScope): Convert | Mistake {
  const certificate = tokenCertificate(args[0]?.text ?? '', scope, true);
  if (isMistake(certificate)) return certificate;
  const keyText: TextOf = ctx => {
    const found = certificate(ctx);
    return typeof found === 'string' ? undefined : found?.keyPem;
  };
  return decryptWith(keyText, privateKeyOf, scope.env.tokenAlgorithms);
}

function decryptRow(
  kind: 'secret' | 'jwk' | 'cert',
  summary: string,
  compile: NonNullable<ConverterRow['compile']>,
): ConverterRow {
  return {
    name: `jwt_decrypt_${kind}`,
    args: [`${kind}:str`],
    in: 'bin',
    out: 'bin',
    summary: `content of an encrypted JSON Web Token, by a ${summary}`,
    impure: true,
    compile,
  };
}

export const JWT_DECRYPT_CONVERTERS: readonly ConverterRow[] = [
  decryptRow('secret', 'base64 secret', compileDecryptSecret),
  decryptRow('jwk', 'JSON Web Key', compileDecryptJwk),
  decryptRow('cert', "certificate file's private key", compileDecryptCertificate),
];
