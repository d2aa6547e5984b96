/** The certificate that an argument names (`jwt_verify_cert`, `jwt_decrypt_cert`): one of the process, or a file. */
import { isMistake, type Mistake } from '../arguments.ts';
import type { SampleContext } from '../context.ts';
import type { TokenCertificate } from '../environment.ts';
import type { CompileScope } from '../row.ts';
import { textOrVariable } from './text-or-variable.ts';

/** As it is when a token comes; undefined: the variable that has its name is empty. */
export type CertificateOf = (ctx: SampleContext) => TokenCertificate | 'unavailable' | 'unknown' | undefined;

/** A file that holds a key alone is none of the process' certificates: it stays as it was when the configuration was read. */
export function tokenCertificate(
  text: string,
  scope: CompileScope,
  needsKey: boolean,
): CertificateOf | Mistake {
  const name = textOrVariable(text, scope);
  const { tokenCertificates } = scope.env;
  if (name.fixed !== undefined) tokenCertificates?.refer(name.fixed, needsKey);
  const file = name.fixed === undefined ? undefined : readFile(name.fixed, scope);
  if (isMistake(file)) return file;
  return ctx => {
    const wanted = name(ctx);
    if (wanted === undefined || wanted === '') return undefined;
    return tokenCertificates?.find(wanted) ?? file ?? 'unknown';
  };
}

/** Names of a `crt-store` are no files. */
function readFile(path: string, { env }: CompileScope): TokenCertificate | Mistake | undefined {
  if (path.startsWith('@')) return undefined;
  const file = env.patterns.readFile(path);
  if ('error' in file) return { error: file.error };
  const isLoaded = env.tokenCertificates !== undefined && file.content.includes('BEGIN CERTIFICATE');
  return isLoaded ? undefined : { certPem: file.content, keyPem: file.content };
}
