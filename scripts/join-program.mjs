// Joins the modules of dist/src/ to one file for each thing that starts: dist/program/js/NAME-HASH.js, and a small
// NAME.js that runs it. The hash is of the text: compiled code kept beside it never belongs to another text.
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

/** What starts by itself. What is imported while the program runs joins them. */
const STARTS = [
  'main.js',
  'worker/threads/data-thread.js',
  'vrrp/process/vrrp-process.js',
  'worker/forwarding/forwarding-process.js',
];
const ON_DEMAND = /\bimport\('(\.[^']+)'\)/g;
/** Runs the others. */
const LOADER = 'base/joined-program.js';
const ASSETS = 'src/stats/page/assets';

const SHARED = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  charset: 'ascii',
  logLevel: 'warning',
};

export async function joinProgram(root) {
  const source = join(root, 'dist/src');
  // as deep as dist/src/*/: package.json is looked for three folders up
  const folder = join(root, 'dist/program/js');
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(root, ASSETS), join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  await build({ ...SHARED, entryPoints: [join(source, LOADER)], outdir: folder });
  const { metafile } = await build({
    ...SHARED,
    entryPoints: [...STARTS.map(file => join(source, file)), ...importedOnDemand(source)],
    outdir: folder,
    entryNames: '[name]-[hash]',
    // programs of other languages
    external: ['koffi', 'raw-socket'],
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    // becomes `require`
    supported: { 'dynamic-import': false },
    plugins: [LEFT_TO_THE_LOADER],
    absWorkingDir: root,
    metafile: true,
  });
  for (const [file, { entryPoint }] of Object.entries(metafile.outputs))
    writeFileSync(join(folder, basename(entryPoint)), starter(basename(file, '.js')));
}

function starter(joined) {
  const loader = `./${basename(LOADER)}`;
  return `'use strict';\nmodule.exports = require('${loader}').runJoined(__dirname, '${joined}');\n`;
}

function importedOnDemand(source) {
  const found = new Set();
  for (const file of readdirSync(source, { recursive: true }).map(String)) {
    if (!file.endsWith('.js')) continue;
    for (const [, path] of readFileSync(join(source, file), 'utf8').matchAll(ON_DEMAND))
      found.add(resolve(dirname(join(source, file)), path));
  }
  return found;
}

/** A module of ours that is imported while the program runs is a file of its own. */
const LEFT_TO_THE_LOADER = {
  name: 'imported on demand',
  setup(building) {
    building.onResolve({ filter: /^\./ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path)}`, external: true } : undefined,
    );
  },
};
