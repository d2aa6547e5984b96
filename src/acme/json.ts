/** Reads what an authority says in JSON: what is not as RFC 8555 wants it is a failure that names it. */
import { isHttpUrl } from '../config-parser/acme-sections.ts';
import { AcmeFailure } from './failure.ts';

export interface JsonObject {
  readonly [name: string]: unknown;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `what`: whose it is, for the failure. */
export function parseObject(body: Buffer, what: string): JsonObject {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (isObject(value)) return value;
  } catch {
    // said below
  }
  throw new AcmeFailure(`${what} is no JSON object`);
}

/** Undefined: it is not there, or no text. */
export function optionalText(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' ? value : undefined;
}

export function textOf(object: JsonObject, name: string, what: string): string {
  const text = optionalText(object, name);
  if (text === undefined) throw new AcmeFailure(`${what} has no '${name}'`);
  return text;
}

export function urlOf(object: JsonObject, name: string, what: string): string {
  return checkedUrl(textOf(object, name, what), `'${name}' of ${what}`);
}

export function checkedUrl(text: string | undefined, what: string): string {
  if (text !== undefined && isHttpUrl(text)) return text;
  throw new AcmeFailure(`${what} is no URL`);
}

/** Undefined: it is not there, or no object. */
export function objectIn(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  return isObject(value) ? value : undefined;
}

export function objectsIn(object: JsonObject, name: string): readonly JsonObject[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function textsIn(object: JsonObject, name: string): readonly string[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter(one => typeof one === 'string') : [];
}
