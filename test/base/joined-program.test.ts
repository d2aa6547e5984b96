/** The built program's own loader: compiled code kept at build time is taken, and nothing depends on it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { codeFileOf, compile, keepCode, runJoined } from '../../src/base/joined-program.ts';

const PROGRAM = resolve('dist/program/js');

for (const part of ['main', 'program', 'data-thread'])
  test(`the build keeps compiled code of ${part} that this Node takes`, t => {
    const files = readdirSync(PROGRAM).filter(file => file.startsWith(`${part}-`));
    const name = files.find(file => file.endsWith('.js'))?.slice(0, -'.js'.length);
    assert.ok(name !== undefined, files.join(' '));
    const codeFile = codeFileOf(PROGRAM, name);
    const kept = files.filter(file => file.endsWith('.code')).map(file => join(PROGRAM, file));
    if (kept.length > 0 && !kept.includes(codeFile)) return t.skip('it was built by another Node');
    assert.deepEqual(kept, [codeFile]);
    assert.equal(compile(join(PROGRAM, `${name}.js`), codeFile).script.cachedDataRejected, false);
  });

interface Sample {
  readonly answer: () => number;
}

const folder = mkdtempSync(join(tmpdir(), 'lb-joined-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let samples = 0;

/** Has run once: its code is kept. */
function sampleProgram(): { readonly name: string; readonly codeFile: string } {
  const name = `sample-${++samples}`;
  writeFileSync(join(folder, `${name}.js`), 'exports.answer = () => 6 * 7;\n');
  const first = runJoined(folder, name) as Sample;
  assert.equal(first.answer(), 42);
  keepCode();
  return { name, codeFile: codeFileOf(folder, name) };
}

/** What the next start makes of it: `undefined` for code that is not even shown to V8. */
function nextStart({ name, codeFile }: ReturnType<typeof sampleProgram>): {
  readonly rejected?: boolean;
  readonly answer: number;
} {
  const loader = pathToFileURL(resolve('dist/src/base/joined-program.js')).href;
  const [place, file, code] = [folder, join(folder, `${name}.js`), codeFile].map(text =>
    JSON.stringify(text),
  );
  const text = `import { compile, runJoined } from '${loader}';
    const rejected = compile(${file}, ${code}).script.cachedDataRejected;
    const answer = runJoined(${place}, '${name}').answer();
    console.log(JSON.stringify({ rejected, answer }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8' });
  return JSON.parse(output) as ReturnType<typeof nextStart>;
}

test('code that a run kept is taken by the next', () => {
  assert.deepEqual(nextStart(sampleProgram()), { rejected: false, answer: 42 });
});

const damages: readonly (readonly [string, (code: Buffer) => Buffer])[] = [
  ['is cut off', code => code.subarray(0, code.length >> 1)],
  ['is empty', () => Buffer.alloc(0)],
  [
    'has another byte in the middle',
    code => code.fill((code[code.length >> 1] as number) ^ 1, code.length >> 1, (code.length >> 1) + 1),
  ],
  ['is something else with a right checksum', () => withChecksum(Buffer.from('not code at all'))],
];

function withChecksum(content: Buffer): Buffer {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(content));
  return Buffer.concat([content, checksum]);
}

for (const [what, damage] of damages)
  test(`a program whose kept code ${what} runs without it`, () => {
    const sample = sampleProgram();
    writeFileSync(sample.codeFile, damage(readFileSync(sample.codeFile)));
    const { rejected, answer } = nextStart(sample);
    assert.notEqual(rejected, false);
    assert.equal(answer, 42);
  });

test('what a joined program throws is thrown, with its own place', () => {
  writeFileSync(join(folder, 'failing.js'), '\n\nthrow new Error("no");\n');
  assert.throws(
    () => runJoined(folder, 'failing'),
    (error: Error) => error.message === 'no' && /failing\.js:3:7/.test(error.stack ?? ''),
  );
});
