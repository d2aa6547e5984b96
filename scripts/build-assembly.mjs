// Compiles src/deflate/assembly/, which is AssemblyScript, to WebAssembly: generated/assembly.js beside it and a copy in
// dist/, with the module's bytes in base64, so that the joined program has them in itself.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const FOLDER = 'src/deflate';
const TYPES = 'export const assembly: string;\n';

export async function buildAssembly(root) {
  const sources = join(root, FOLDER, 'assembly');
  const targets = [join(root, FOLDER, 'generated'), join(root, 'dist', FOLDER, 'generated')];
  if (isFresh(targets, [sources, join(root, FOLDER, 'symbols.ts')])) return;
  const text = `export const assembly = '${(await compile(join(sources, 'index.ts'))).toString('base64')}';\n`;
  for (const folder of targets) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'assembly.js'), text);
    writeFileSync(join(folder, 'assembly.d.ts'), TYPES);
  }
}

function isFresh(targets, sources) {
  const files = sources.flatMap(source =>
    statSync(source).isDirectory() ? readdirSync(source).map(file => join(source, file)) : [source],
  );
  const youngest = Math.max(...files.map(file => statSync(file).mtimeMs));
  return targets
    .map(folder => join(folder, 'assembly.js'))
    .every(file => existsSync(file) && statSync(file).mtimeMs >= youngest);
}

/** No memory is taken while it runs, so nothing of AssemblyScript's own runtime goes with it. */
async function compile(entry) {
  let module;
  const options = ['--outFile', 'module.wasm', '--runtime', 'stub', '-O3', '--noAssert'];
  const { error, stderr } = await asc.main([entry, ...options, '--baseDir', '/'], {
    writeFile: (name, content) => {
      if (name.endsWith('.wasm')) module = Buffer.from(content);
    },
  });
  if (error !== null) throw new Error(`${entry}: ${error.message}\n${stderr.toString()}`);
  return module;
}
