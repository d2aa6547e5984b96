import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadFiles } from '../../src/config-parser/load-files.ts';
import type { ConfigFileSystem } from '../../src/config-parser/load-files.ts';

/** Folders end with a slash. */
function fileSystem(paths: readonly string[]): ConfigFileSystem {
  return {
    kindOf: path => (paths.includes(`${path}/`) ? 'directory' : paths.includes(path) ? 'file' : undefined),
    list: folder =>
      paths
        .filter(path => path.startsWith(`${folder}/`) && path !== `${folder}/`)
        .map(path => path.slice(folder.length + 1)),
    read: path => (path.includes('secret') ? { error: 'Permission denied' } : { text: `# ${path}\n` }),
  };
}

const PATHS = [
  'main.txt',
  'd/',
  'd/20-b.cfg',
  'd/10-a.cfg',
  'd/.hidden.cfg',
  'd/notes.txt',
  'd/sub.cfg/',
  'secret.cfg',
];

test('files keep their order and folders give their .cfg files in order of names', () => {
  const { files } = loadFiles(['main.txt', 'd'], fileSystem(PATHS));
  assert.deepEqual(
    files?.map(file => file.path),
    ['main.txt', 'd/10-a.cfg', 'd/20-b.cfg'],
  );
  assert.equal(files?.[1]?.text, '# d/10-a.cfg\n');
});

test('a missing file and one that cannot be read are named', () => {
  assert.equal(
    loadFiles(['gone.cfg'], fileSystem(PATHS)).error,
    'Cannot open configuration file/directory gone.cfg : No such file or directory',
  );
  assert.equal(
    loadFiles(['secret.cfg'], fileSystem(PATHS)).error,
    'Cannot open configuration file secret.cfg : Permission denied',
  );
});
