/**
 * Runs a file of joined modules (scripts/build.mjs), with the code V8 compiled of it at build time where that fits
 * this machine's Node: most of the time from start to the first answer would be compiling. The first thing that
 * runs in every thread and process of the built program; docs/decisions/0009 tells why.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/** Node gives modules of its own the same frame. */
const FRAME = ['(function (exports, require, module, __filename, __dirname) {', '\n})'] as const;

const CHECKSUM_BYTES = 4;

type Frame = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: object },
  file: string,
  folder: string,
) => void;

interface Joined {
  readonly script: Script;
  readonly codeFile: string;
}

const joined: Joined[] = [];

/**
 * Answers what `<folder>/<name>.js` exports. Its text is ASCII; its name changes with its text, so that code is never
 * taken for that of another text.
 */
export function runJoined(folder: string, name: string): object {
  const file = join(folder, `${name}.js`);
  const one = compile(file, codeFileOf(folder, name));
  joined.push(one);
  const module = { exports: {} };
  const frame = one.script.runInThisContext() as Frame;
  frame(module.exports, createRequire(file), module, file, folder);
  return module.exports;
}

/** Code is of one V8 for one kind of processor. */
export function codeFileOf(folder: string, name: string): string {
  return join(folder, `${name}.${process.arch}-${process.versions.v8}.code`);
}

export function compile(file: string, codeFile: string): Joined {
  const [before, after] = FRAME;
  const cachedData = readCode(codeFile);
  const source = before + readFileSync(file, 'latin1') + after;
  // V8 refuses what it cannot use, for example after other flags were given to it, and compiles as ever
  const script = new Script(source, { filename: file, ...(cachedData && { cachedData }) });
  return { script, codeFile };
}

/** V8 itself does not notice a damaged file: it would crash. */
function readCode(codeFile: string): Buffer | undefined {
  let content: Buffer;
  try {
    content = readFileSync(codeFile);
  } catch {
    return undefined;
  }
  const length = content.length - CHECKSUM_BYTES;
  if (length <= 0) return undefined;
  const code = content.subarray(0, length);
  return crc32(code) === content.readUInt32LE(length) ? code : undefined;
}

/** Keeps the code of all functions this thread has used so far. Called by the build alone. */
export function keepCode(): void {
  for (const { script, codeFile } of joined) {
    const code = script.createCachedData();
    const checksum = Buffer.alloc(CHECKSUM_BYTES);
    checksum.writeUInt32LE(crc32(code));
    writeFileSync(codeFile, Buffer.concat([code, checksum]));
  }
}
