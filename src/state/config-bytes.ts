/**
 * A configuration as bytes, the way the control thread gives it to data threads: written once for all of them (a large
 * one takes a second), and read by each.
 */
import { deserialize, serialize } from 'node:v8';
import type { Config } from '../model/config.ts';

/** A Config, as writeConfig() has put it there. */
export type ConfigBytes = SharedArrayBuffer;

export function writeConfig(config: Config): ConfigBytes {
  const bytes = serialize(config);
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}

export function readConfig(bytes: ConfigBytes): Config {
  return deserialize(new Uint8Array(bytes)) as Config;
}
