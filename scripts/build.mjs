// Builds the program into dist/: peggy grammars, the loops of compression (build-assembly.mjs), then TypeScript, then
// the modules that bin/lb and its threads run joined to a few files (docs/decisions/0006-joined-modules.md), with their compiled code
// (docs/decisions/0009-code-cache.md).
// A grammar src/config-parser/grammar/NAME.peggy becomes generated/NAME.js beside its hand-written
// types generated/NAME.d.ts (all rules answer `unknown`; callers narrow), and a copy in dist/.
// The style and script of the statistics page are copied as they are.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import peggy from 'peggy';
import { buildAssembly } from './build-assembly.mjs';
import { joinProgram } from './join-program.mjs';
import { keepCode } from './keep-code.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const grammarFolder = join(root, 'src/config-parser/grammar');
const generatedFolder = join(grammarFolder, 'generated');
const distFolder = join(root, 'dist/src/config-parser/grammar/generated');

const types = `export interface Location { offset: number; line: number; column: number }
export class SyntaxError extends Error { location: { start: Location; end: Location } }
export function parse(input: string, options?: { startRule?: string; [key: string]: unknown }): unknown;
`;

function isFresh(target, source) {
  return existsSync(target) && statSync(target).mtimeMs >= statSync(source).mtimeMs;
}

function writeBoth(name, text) {
  for (const folder of [generatedFolder, distFolder]) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Start rules are named in the grammar's first line: `// start: Rule, Rule`. */
function startRules(text) {
  return (
    /^\/\/ start: (.*)$/m
      .exec(text)?.[1]
      ?.split(',')
      .map(rule => rule.trim()) ?? []
  );
}

function buildGrammar(file) {
  const name = file.slice(0, -'.peggy'.length);
  const source = join(grammarFolder, file);
  if (isFresh(join(generatedFolder, `${name}.js`), source) && isFresh(join(distFolder, `${name}.js`), source))
    return;
  const text = readFileSync(source, 'utf8');
  const rules = startRules(text);
  const options = { output: 'source', format: 'es', grammarSource: file };
  if (rules.length > 0) options.allowedStartRules = rules;
  writeBoth(`${name}.js`, peggy.generate(text, options));
  writeFileSync(join(generatedFolder, `${name}.d.ts`), types);
}

const assets = 'src/stats/page/assets';
cpSync(join(root, assets), join(root, 'dist', assets), { recursive: true });

mkdirSync(grammarFolder, { recursive: true });
for (const file of readdirSync(grammarFolder).filter(file => file.endsWith('.peggy'))) buildGrammar(file);
await buildAssembly(root);
try {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], {
    stdio: 'inherit',
  });
} catch {
  process.exit(1);
}

await joinProgram(root);
await keepCode(root);
