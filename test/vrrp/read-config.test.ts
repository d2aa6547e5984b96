/** keepalived.conf from disk: a directory, includes with patterns, what is missing. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT_CODE } from '../../src/config-parser/keepalived/report.ts';
import { readKeepalived } from '../../src/vrrp/read-config.ts';

function instance(name: string, id: number): string {
  return `vrrp_instance ${name} {
    interface lo
    virtual_router_id ${id}
    virtual_ipaddress {
      10.0.0.${id}
    }
  }
`;
}

function inFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'lb-conf-'));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('includes follow patterns with wildcards and braces, relative to the file that includes', () => {
  inFolder(folder => {
    mkdirSync(join(folder, 'conf.d'));
    writeFileSync(join(folder, 'main.conf'), 'include conf.d/{b,a}*.conf\ninclude conf.d/[x-z].inc\n');
    writeFileSync(join(folder, 'conf.d/a1.conf'), instance('A', 1));
    writeFileSync(join(folder, 'conf.d/b1.conf'), `${instance('B', 2)}include y.inc\n`);
    writeFileSync(join(folder, 'conf.d/.b2.conf'), instance('HIDDEN', 9));
    writeFileSync(join(folder, 'conf.d/y.inc'), '');
    const { config, diagnostics } = readKeepalived(join(folder, 'main.conf'));
    assert.deepEqual(
      config.instances.map(one => one.name),
      ['B', 'A'],
    );
    assert.deepEqual(diagnostics, []);
  });
});

test('a directory stands for the *.conf files in it', () => {
  inFolder(folder => {
    writeFileSync(join(folder, '1.conf'), instance('A', 1));
    writeFileSync(join(folder, '2.conf'), instance('B', 2));
    writeFileSync(join(folder, 'notes.txt'), 'nonsense');
    assert.deepEqual(
      readKeepalived(folder).config.instances.map(one => one.name),
      ['A', 'B'],
    );
  });
});

test('-t answers 4 for a missing file, 5 for a missing interface, 0 for a clean file', () => {
  inFolder(folder => {
    const path = join(folder, 'keepalived.conf');
    assert.equal(EXIT_CODE[readKeepalived(path).status], 4);
    writeFileSync(path, instance('A', 1).replace('interface lo', 'interface nosuch0'));
    assert.equal(EXIT_CODE[readKeepalived(path).status], 5);
    writeFileSync(path, instance('A', 1));
    assert.equal(EXIT_CODE[readKeepalived(path).status], 0);
  });
});

test('a file that includes itself comes to an end with an error', () => {
  inFolder(folder => {
    const path = join(folder, 'keepalived.conf');
    writeFileSync(path, `include keepalived.conf\n${instance('A', 1)}`);
    assert.equal(EXIT_CODE[readKeepalived(path).status], 4);
  });
});
