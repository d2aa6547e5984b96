/** Addresses of proxy, bind and server lines: read with the rules of the place, reported with its keyword. */
import type { Address } from '../../model/address.ts';
import type { Word } from '../../model/word.ts';
import { parseAddress, type AddressRules, type ParsedAddress } from '../address.ts';
import type { LineContext } from '../line-context.ts';

/** The whole answer; `name` is what messages start with. */
export function readParsedAddress(
  word: Word | undefined,
  name: string,
  context: LineContext,
  rules: AddressRules,
): ParsedAddress | undefined {
  if (word === undefined) {
    context.alert(context.position, `'${name}' expects an address as argument.`);
    return undefined;
  }
  const result = parseAddress(word.text, { ...rules, environment: context.environment });
  if (result.error === undefined) return result.value;
  context.alert(word, `'${name}' : ${result.error}`);
  return undefined;
}

export function readAddress(
  word: Word | undefined,
  name: string,
  context: LineContext,
  rules: AddressRules,
): Address | undefined {
  return readParsedAddress(word, name, context, rules)?.address;
}
