/** Keys, nonces and tags are given in base64: the text itself, checked at load, or a variable that holds such a text. */
import type { ParsedArgument, Mistake } from '../arguments.ts';
import { castSample } from '../cast.ts';
import type { SampleContext } from '../context.ts';
import { readVariable } from '../fetches/variables.ts';
import type { CompileScope } from '../row.ts';
import { decodeBase64 } from './encoding.ts';

export type BytesOf = (ctx: SampleContext) => Buffer | undefined;

const NOT_BASE64 = 'argument needs to be base64 encoded, and can either be a string or a variable';

function bytesOf(text: string): Buffer | undefined {
  const bytes = decodeBase64(text);
  return bytes === undefined ? undefined : Buffer.from(bytes, 'latin1');
}

/** `what` names it in the error. */
export function base64Argument(
  argument: ParsedArgument | undefined,
  scope: CompileScope,
  what: string,
): BytesOf | Mistake {
  const text = argument?.text ?? '';
  const name = text === '' ? text : scope.env.variables.resolve(text);
  if (typeof name !== 'string') {
    const read = readVariable(name);
    return ctx => {
      const value = read(ctx);
      const held = value === undefined ? undefined : castSample(value, 'str');
      return typeof held === 'string' ? bytesOf(held) : undefined;
    };
  }
  const bytes = bytesOf(text);
  return bytes === undefined ? { error: `failed to parse ${what} : ${NOT_BASE64}` } : () => bytes;
}
