// Builds, fetches what bench/ compares with when it is missing, and runs the benchmark: npm run bench -- [options].
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (program, args) => {
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
run(process.execPath, ['scripts/build.mjs']);
if (!existsSync(join(root, 'bench/node_modules')) && !process.argv.includes('--help'))
  run('npm', ['ci', '--prefix', 'bench', '--ignore-scripts']);
run(process.execPath, ['dist/bench/run.js', ...process.argv.slice(2)]);
