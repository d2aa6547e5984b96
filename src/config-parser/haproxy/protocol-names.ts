/** `alpn` of listeners, servers and checks: names of protocols, at most 255 bytes each (RFC 7301, section 3.1). */
import type { Word } from '../../model/word.ts';
import type { LineContext } from '../line-context.ts';

const MOST_BYTES = 255;

/** Undefined: it was told what is wrong. */
export function readProtocolNames(
  option: Word,
  value: Word | undefined,
  context: LineContext,
): string[] | undefined {
  const names = value?.text.split(',') ?? [];
  const tooLong = names.find(name => Buffer.byteLength(name) > MOST_BYTES);
  if (tooLong === undefined) return names;
  context.alert(value ?? option, `'${option.text}' : ALPN protocol name too long : '${tooLong}'`);
  return undefined;
}
